import Diffraction
import TerminalUI

/// A scan taken apart: every region in its colour with its letter in the middle, the chosen one at full colour, the
/// others dimmer with a brighter outline; positions of two regions are chequered; `[ ]` is the position whose pattern
/// is shown.
func drawRegions(
  _ regions: Exhibit.Regions, chosen: Int, probe: Int, _ model: Model, in inside: Rect, _ sheet: inout Sheet
) {
  let theme = sheet.theme
  let shades = RegionShades(regions)
  let (width, height) = (shades.width, shades.height)
  let hasBlocks = model.pictureMode != .ascii && theme.depth >= .palette256
  let rect = PicturePlacement.fitted(columns: width, rows: height, in: inside)
  guard !rect.isEmpty, width > 0, height > 0 else { return }
  let down = hasBlocks ? 2 : 1
  func position(_ x: Int, _ y: Int) -> Int {
    let column = min(width - 1, (2 * x + 1) * width / (2 * rect.width))
    let row = min(height - 1, (2 * y + 1) * height / (2 * rect.height * down))
    return row * width + column
  }
  let colours = shades.colours { label, isOutline in
    shade(label, isOutline: isOutline, chosen, theme)
  }
  for y in 0..<rect.height {
    for x in 0..<rect.width {
      let cell: Cell
      if hasBlocks {
        cell = Cell(
          "▀",
          Style(
            colours[shades.indices[position(x, 2 * y)]], on: colours[shades.indices[position(x, 2 * y + 1)]])
        )
      } else {
        let number = shades.shown[position(x, y)]
        let letter =
          number > 0 && regions.rows.indices.contains(number - 1) ? regions.rows[number - 1].name : "."
        var style = number > 0 ? theme.label(number - 1) : theme.dim
        if number - 1 == chosen, number > 0 { style = style.adding(.reverse) }
        cell = Cell(letter.unicodeScalars.first ?? ".", style)
      }
      sheet.canvas.set(cell, x: rect.x + x, y: rect.y + y)
    }
  }
  if hasBlocks {
    sheet.canvas.place(
      .labels(width: width, height: height, shades.indices.map { UInt8($0) }, colours: colours),
      in: rect, asPixels: model.pictureMode == .pixels)
  }
  let placement = PicturePlacement(
    rect: rect, limits: Limits(low: 0, high: 1), columns: width, rows: height)
  sheet.targets.append(MouseTarget(rect: rect, kind: .scan(placement, labels: shades.labels)))
  if hasBlocks {
    for (index, row) in regions.rows.enumerated() {
      guard let place = shades.middle(of: index + 1) else { continue }
      let cell = placement.cell(column: place % width, row: place / width)
      let badge =
        index == chosen
        ? Style(.black, on: theme.bright.foreground, .bold)
        : Style(theme.bright.foreground, on: .black, .bold)
      let name = " \(row.name) "
      let x = min(max(rect.x, cell.x - 1), max(rect.x, rect.right - TextWidth.columns(of: name)))
      sheet.canvas.within(rect) { $0.put(name, x: x - rect.x, y: cell.y - rect.y, badge) }
    }
  }
  guard probe >= 0, probe < width * height else { return }
  let cell = placement.cell(column: probe % width, row: probe / width)
  for (offset, bracket) in [(-1, "["), (1, "]")] {
    let x = min(max(rect.x, cell.x + offset), rect.right - 1)
    let under = sheet.canvas[x, cell.y].style
    sheet.canvas.put(bracket, x: x, y: cell.y, Style(theme.bright.foreground, on: under.background, .bold))
  }
}

/// At full colour where it is chosen, at half elsewhere, between them on an outline; nothing is nearly black.
private func shade(_ label: Int, isOutline: Bool, _ chosen: Int, _ theme: Theme) -> Colour {
  guard label > 0 else { return Colour.rgb(18, 22, 28).reduced(to: theme.depth) }
  let colour = theme.label(label - 1).foreground
  guard label - 1 != chosen, let parts = colour.components else { return colour }
  func part(_ value: UInt8) -> UInt8 { UInt8(Int(value) * (isOutline ? 14 : 10) / 20) }
  return Colour.rgb(part(parts.red), part(parts.green), part(parts.blue)).reduced(to: theme.depth)
}

/// What of a scan taken apart is to be seen at each position: which region, whether at its outline.
struct RegionShades {
  let width: Int
  let height: Int
  /// The region of every position, from 1; 0 is none.
  let labels: [Int]
  /// The same, every second position of two regions in the other one: a chequer.
  let shown: [Int]
  /// Into `colours`.
  let indices: [Int]
  private let count: Int

  /// Colours have a byte: so many regions, and as many outlines.
  private static let most = 127

  init(_ regions: Exhibit.Regions) {
    width = regions.labels.width
    height = regions.labels.height
    let (width, height) = (width, height)
    count = min(Self.most, regions.rows.count)
    func labels(_ pixels: Pixels) -> [Int] {
      pixels.doubles().map { $0.isFinite && $0 >= 0 && $0 < 1e6 ? Int($0) : 0 }
    }
    let first = labels(regions.labels)
    var shown = first
    if let pixels = regions.overlaps, pixels.width == width, pixels.height == height {
      for (place, other) in labels(pixels).enumerated()
      where other > 0 && (place % width + place / width) % 2 == 1 {
        shown[place] = other
      }
    }
    self.labels = first
    self.shown = shown
    let count = count
    indices = first.indices.map { place in
      let label = shown[place]
      guard label > 0, label <= count else { return 0 }
      guard label == first[place] else { return label }
      let (x, y) = (place % width, place / width)
      let isOutline =
        (x > 0 && first[place - 1] != label) || (x + 1 < width && first[place + 1] != label)
        || (y > 0 && first[place - width] != label) || (y + 1 < height && first[place + width] != label)
      return isOutline ? count + label : label
    }
  }

  func colours(_ colour: (_ label: Int, _ isOutline: Bool) -> Colour) -> [Colour] {
    [colour(0, false)] + (1..<(count + 1)).map { colour($0, false) }
      + (1..<(count + 1)).map { colour($0, true) }
  }

  /// The position of a region that lies nearest to its centroid.
  func middle(of label: Int) -> Int? {
    let points = labels.indices.filter { labels[$0] == label }
    guard !points.isEmpty else { return nil }
    let x = Double(points.reduce(0) { $0 + $1 % width }) / Double(points.count)
    let y = Double(points.reduce(0) { $0 + $1 / width }) / Double(points.count)
    func distance(_ point: Int) -> Double {
      let (dx, dy) = (Double(point % width) - x, Double(point / width) - y)
      return dx * dx + dy * dy
    }
    return points.min { distance($0) < distance($1) }
  }
}
