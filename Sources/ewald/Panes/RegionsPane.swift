import Diffraction
import TerminalUI

/// A scan taken apart: every region in its colour with its letter in the middle; the chosen one at full colour, the
/// others dimmer; `[ ]` is the position whose pattern is shown.
func drawRegions(
  _ regions: Exhibit.Regions, chosen: Int, probe: Int, _ model: Model, in inside: Rect, _ sheet: inout Sheet
) {
  let theme = sheet.theme
  let (width, height) = (regions.labels.width, regions.labels.height)
  let labels = regions.labels.doubles().map { $0.isFinite && $0 >= 0 && $0 < 1e6 ? Int($0) : 0 }
  let hasBlocks = model.pictureMode != .ascii && theme.depth >= .palette256
  let rect = PicturePlacement.fitted(columns: width, rows: height, in: inside)
  guard !rect.isEmpty, width > 0, height > 0 else { return }
  let down = hasBlocks ? 2 : 1
  func label(_ x: Int, _ y: Int) -> Int {
    let column = min(width - 1, (2 * x + 1) * width / (2 * rect.width))
    let row = min(height - 1, (2 * y + 1) * height / (2 * rect.height * down))
    return labels[row * width + column]
  }
  for y in 0..<rect.height {
    for x in 0..<rect.width {
      let cell: Cell
      if hasBlocks {
        cell = Cell(
          "▀", Style(shade(label(x, 2 * y), chosen, theme), on: shade(label(x, 2 * y + 1), chosen, theme)))
      } else {
        let number = label(x, y)
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
    let colours = (0...min(255, regions.rows.count)).map { shade($0, chosen, theme) }
    sheet.canvas.place(
      .labels(
        width: width, height: height, labels.map { UInt8($0 < colours.count ? $0 : 0) }, colours: colours),
      in: rect, asPixels: model.pictureMode == .pixels)
  }
  let placement = PicturePlacement(
    rect: rect, limits: Limits(low: 0, high: 1), columns: width, rows: height)
  sheet.targets.append(MouseTarget(rect: rect, kind: .scan(placement, labels: labels)))
  if hasBlocks {
    for (index, row) in regions.rows.enumerated() {
      guard let place = middle(of: index + 1, labels, width) else { continue }
      let cell = placement.cell(column: place % width, row: place / width)
      let under = sheet.canvas[cell.x, cell.y].style
      sheet.canvas.put(
        row.name, x: cell.x, y: cell.y,
        Style(index == chosen ? .black : theme.bright.foreground, on: under.background, .bold))
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

/// At full colour where it is chosen, at half elsewhere; nothing is nearly black.
private func shade(_ label: Int, _ chosen: Int, _ theme: Theme) -> Colour {
  guard label > 0 else { return Colour.rgb(18, 22, 28).reduced(to: theme.depth) }
  let colour = theme.label(label - 1).foreground
  guard label - 1 != chosen, let parts = colour.components else { return colour }
  func half(_ value: UInt8) -> UInt8 { UInt8(Int(value) * 11 / 20) }
  return Colour.rgb(half(parts.red), half(parts.green), half(parts.blue)).reduced(to: theme.depth)
}

/// The point of a region that lies nearest to its centroid.
private func middle(of label: Int, _ labels: [Int], _ width: Int) -> Int? {
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
