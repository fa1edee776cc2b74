import Diffraction
import TerminalUI

/// Objects at places, such as atoms: each a disc in the hue of one of its quantities, a ring where it is not certain;
/// `[ ]` are at the chosen one.
/// `alike`: quantities that are compared by their hues.
func drawPoints(
  _ points: Exhibit.Points, chosen: Int, shade: Int, alike: [Int] = [], isFocused: Bool = true,
  _ model: Model, _ rect: Rect, _ sheet: inout Sheet
) {
  let theme = sheet.theme
  let discs = PointDiscs(points, shade: shade, alike: alike)
  var facts: [Text] = []
  if let column = discs.column {
    let bar = ColourMap.viridis.bar(
      discs.limits, width: rect.width >= 48 ? 12 : 5, unit: Format.unit(column.unit),
      depth: model.capabilities.colours, theme.dim)
    facts.append(Text(Format.words(column.name) + "  ", theme.dim) + bar)
  }
  let inside = sheet.pane(rect, Text(points.title), facts: facts, isFocused: isFocused)
  let aspect = discs.span.x / discs.span.y
  let place = PicturePlacement.fitted(
    columns: aspect > 1 ? 1000 : max(1, Int(1000 * aspect)),
    rows: aspect > 1 ? max(1, Int(1000 / aspect)) : 1000,
    in: inside)
  guard !place.isEmpty else { return }
  let hasBlocks = model.pictureMode != .ascii && theme.depth >= .palette256
  let fine = model.pictureMode == .pixels ? 4 : 1
  let (width, height) = (place.width * fine, place.height * (hasBlocks ? 2 : 1) * fine)
  let levels = discs.levels(width, height)
  let colours = discs.colours(theme)
  for y in 0..<place.height {
    for x in 0..<place.width {
      func level(_ row: Int) -> Int { Int(levels[(row * width + x) * fine]) }
      let cell: Cell
      if hasBlocks {
        cell = Cell("▀", Style(colours[level(2 * y * fine)], on: colours[level((2 * y + 1) * fine)]))
      } else {
        let level = level(y * fine)
        cell = level == 0 ? Cell(" ", .plain) : Cell("#", level == 1 ? theme.dim : theme.text)
      }
      sheet.canvas.set(cell, x: place.x + x, y: place.y + y)
    }
  }
  let placement = PicturePlacement(rect: place, limits: discs.limits, columns: width, rows: height)
  if hasBlocks {
    sheet.canvas.place(
      .labels(width: width, height: height, levels, colours: colours), in: place,
      asPixels: model.pictureMode == .pixels)
  }
  sheet.canvas.scaleBar(
    placement, pixel: discs.span.x / Double(width), unit: Format.unit(points.unit), theme.bright)
  guard let (column, row) = discs.pixel(of: chosen, width, height) else { return }
  let cell = placement.cell(column: column, row: row)
  for (offset, bracket) in [(-2, "["), (2, "]")] {
    let x = min(max(place.x, cell.x + offset), place.right - 1)
    let under = sheet.canvas[x, cell.y].style
    sheet.canvas.put(bracket, x: x, y: cell.y, Style(theme.bright.foreground, on: under.background, .bold))
  }
}

/// Where discs lie on a raster, and in which of a few hues.
package struct PointDiscs {
  let points: Exhibit.Points
  /// The quantity that gives the hue.
  let column: Exhibit.Column?
  let limits: Limits
  private let values: [Double]
  /// The part of the plane that is shown.
  let low: SIMD2<Double>
  let span: SIMD2<Double>

  /// Hues of a raster, above those of the ground and of what has no value.
  private static let hues = 24

  package init(_ points: Exhibit.Points, shade: Int, alike: [Int] = []) {
    self.points = points
    let number =
      points.columns.isEmpty
      ? 0 : ((shade % points.columns.count) + points.columns.count) % points.columns.count
    column = points.columns.indices.contains(number) ? points.columns[number] : nil
    func quantity(_ number: Int) -> [Double] {
      points.places.indices.map { index in
        guard points.rows.indices.contains(index), points.rows[index].cells.indices.contains(number) else {
          return .nan
        }
        return points.rows[index].cells[number]
      }
    }
    values = quantity(number)
    let finite = (alike.contains(number) ? alike.flatMap(quantity) : values).filter(\.isFinite)
    limits = Limits(low: Float(finite.min() ?? 0), high: Float(finite.max() ?? 1))
    let places = points.places.filter { $0.x.isFinite && $0.y.isFinite }
    let radius = points.radius.isFinite && points.radius > 0 ? points.radius : 1
    let x = (places.map(\.x).min() ?? 0, places.map(\.x).max() ?? 0)
    let y = (places.map(\.y).min() ?? 0, places.map(\.y).max() ?? 0)
    low = SIMD2(x.0 - 2 * radius, y.0 - 2 * radius)
    span = SIMD2(max(4 * radius, x.1 - x.0 + 4 * radius), max(4 * radius, y.1 - y.0 + 4 * radius))
  }

  /// From 0 to 1; nil without a value.
  func fraction(_ index: Int) -> Float? {
    guard values.indices.contains(index), values[index].isFinite else { return nil }
    guard limits.high > limits.low else { return 0.5 }
    return min(max((Float(values[index]) - limits.low) / (limits.high - limits.low), 0), 1)
  }

  func isHollow(_ index: Int) -> Bool {
    points.rows.indices.contains(index) && !points.rows[index].flags.isEmpty
  }

  /// Row 0 on top; nil where the point is nowhere.
  func pixel(of index: Int, _ width: Int, _ height: Int) -> (column: Int, row: Int)? {
    guard points.places.indices.contains(index) else { return nil }
    let at = (points.places[index] - low) / span
    guard at.x >= 0, at.x <= 1, at.y >= 0, at.y <= 1 else { return nil }
    return (min(width - 1, Int(at.x * Double(width))), min(height - 1, Int((1 - at.y) * Double(height))))
  }

  /// 0 is the ground, 1 a point without a value, hues from 2.
  package func levels(_ width: Int, _ height: Int) -> [UInt8] {
    var levels = [UInt8](repeating: 0, count: width * height)
    guard width > 0, height > 0 else { return levels }
    let step = SIMD2(span.x / Double(width), span.y / Double(height))
    // A disc of less than a pixel would not be seen.
    let radius = max(points.radius, 0.75 * max(step.x, step.y))
    for index in points.upwards {
      let point = points.places[index]
      guard let middle = pixel(of: index, width, height) else { continue }
      let hue = fraction(index).map { UInt8(2 + min(Self.hues - 1, Int($0 * Float(Self.hues)))) } ?? 1
      let reach = (Int(min(1e4, radius / step.x)) + 1, Int(min(1e4, radius / step.y)) + 1)
      for row in max(0, middle.row - reach.1)...min(height - 1, middle.row + reach.1) {
        for column in max(0, middle.column - reach.0)...min(width - 1, middle.column + reach.0) {
          let x = low.x + (Double(column) + 0.5) * step.x - point.x
          let y = low.y + span.y - (Double(row) + 0.5) * step.y - point.y
          let distance = (x * x + y * y).squareRoot()
          guard distance <= radius else { continue }
          // A ring hides what lies below it as a disc does.
          levels[row * width + column] = isHollow(index) && distance <= 0.55 * radius ? 0 : hue
        }
      }
    }
    return levels
  }

  func colours(_ theme: Theme) -> [Colour] {
    let hues = (0..<Self.hues).map { hue in
      // Black on black would hide the lowest.
      ColourMap.viridis.colour(0.15 + 0.85 * (Float(hue) + 0.5) / Float(Self.hues), theme.depth)
    }
    return [Colour.rgb(18, 22, 28).reduced(to: theme.depth), theme.dim.foreground] + hues
  }
}
