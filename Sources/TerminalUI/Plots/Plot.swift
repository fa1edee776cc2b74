/// Two axes and what is drawn between them: lines and points in braille, columns in eighths, glyphs.
///
/// The bottom row has the labels of the horizontal axis, the row above it is the axis, on which the lowest value lies.
package struct Plot: Sendable {
  package let x: Axis
  package let y: Axis
  /// The cells between the axes.
  package let inside: Rect
  private let area: Rect
  private let gutter: Int
  private let theme: Theme
  private var dots: [Int: (bits: UInt32, style: Style)] = [:]
  private var glyphs: [(x: Int, y: Int, text: String, style: Style)] = []

  /// The columns that labels of `y` take; plots one above the other share the widest.
  package static func gutter(_ y: Axis) -> Int { y.labels.map { TextWidth.columns(of: $0) }.max() ?? 0 }

  /// Nil where there is no room for a plot.
  package init?(_ area: Rect, x: Axis, y: Axis, gutter: Int? = nil, _ theme: Theme) {
    let gutter = gutter ?? Self.gutter(y)
    guard area.width >= gutter + 6, area.height >= 3 else { return nil }
    self.area = area
    self.x = x
    self.y = y
    self.gutter = gutter
    self.theme = theme
    inside = Rect(
      x: area.x + gutter + 1, y: area.y, width: area.width - gutter - 1, height: area.height - 2)
  }

  /// The row of a value, which may be the axis itself; nil outside.
  package func row(_ value: Double) -> Int? {
    guard let fraction = y.fraction(value), fraction > -0.001, fraction < 1.001 else { return nil }
    return inside.y + Int(((1 - min(max(fraction, 0), 1)) * Double(inside.height)).rounded())
  }

  package func column(_ value: Double) -> Int? {
    guard let fraction = x.fraction(value), fraction > -0.001, fraction < 1.001 else { return nil }
    return inside.x + Int((min(max(fraction, 0), 1) * Double(inside.width - 1)).rounded())
  }

  /// The value in the middle of a column.
  package func value(atColumn column: Int) -> Double {
    x.low + (x.high - x.low) * (Double(column - inside.x) / Double(max(1, inside.width - 1)))
  }

  private func dot(_ px: Double, _ py: Double) -> (x: Double, y: Double)? {
    guard let fx = x.fraction(px), let fy = y.fraction(py), fx > -0.001, fx < 1.001 else { return nil }
    let row = 1.5 + (1 - min(max(fy, 0), 1)) * Double(4 * inside.height)
    return (min(max(fx, 0), 1) * Double(2 * inside.width - 1), min(row, Double(4 * inside.height - 1)))
  }

  private mutating func light(_ x: Int, _ y: Int, _ style: Style) {
    guard x >= 0, y >= 0, x < 2 * inside.width, y < 4 * inside.height else { return }
    let bits: [UInt32] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]
    let cell = y / 4 * inside.width + x / 2
    dots[cell] = ((dots[cell]?.bits ?? 0) | bits[y % 4 * 2 + x % 2], style)
  }

  /// A line through points; a value that is no number breaks it.
  package mutating func line(_ points: [(x: Double, y: Double)], _ style: Style) {
    var last: (x: Double, y: Double)?
    for point in points {
      guard let next = dot(point.x, point.y) else {
        last = nil
        continue
      }
      let from = last ?? next
      let steps = max(1, Int(max((next.x - from.x).magnitude, (next.y - from.y).magnitude).rounded(.up)))
      for step in 0...steps {
        let part = Double(step) / Double(steps)
        light(
          Int((from.x + (next.x - from.x) * part).rounded()),
          Int((from.y + (next.y - from.y) * part).rounded()),
          style)
      }
      last = next
    }
  }

  /// Measured points: two dots wide, so that they are told from a line.
  package mutating func points(_ points: [(x: Double, y: Double)], _ style: Style) {
    for point in points {
      guard let place = dot(point.x, point.y) else { continue }
      let (x, y) = (Int(place.x.rounded()) & ~1, Int(place.y.rounded()) & ~1)
      for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] { light(x + dx, y + dy, style) }
    }
  }

  /// Upright strokes from zero: a residual.
  package mutating func strokes(_ points: [(x: Double, y: Double)], _ style: Style) {
    for point in points {
      guard let top = dot(point.x, point.y), let zero = dot(point.x, 0) else { continue }
      let (a, b) = (Int(min(top.y, zero.y).rounded()), Int(max(top.y, zero.y).rounded()))
      for y in a...b { light(Int(top.x.rounded()), y, style) }
    }
  }

  /// A glyph or a few letters at a place, over everything else.
  package mutating func mark(_ text: String, x: Double, y: Double, _ style: Style) {
    guard let column = column(x), let row = row(y) else { return }
    glyphs.append((column, row, text, style))
  }

  /// The same at a cell, kept inside.
  package mutating func mark(_ text: String, column: Int, row: Int, _ style: Style) {
    let width = TextWidth.columns(of: text)
    glyphs.append((max(inside.x, min(column, inside.right - width)), row, text, style))
  }

  /// An interval on the horizontal axis, its value in the middle.
  package mutating func interval(low: Double?, value: Double, high: Double?, _ style: Style) {
    let row = inside.bottom
    if let low, let high, let from = column(max(low, x.low)), let to = column(min(high, x.high)), from < to {
      for column in from...to {
        glyphs.append((column, row, column == from ? "┣" : column == to ? "┫" : "━", style))
      }
    }
    if let at = column(value) { glyphs.append((at, row, "◆", style)) }
  }

  /// Columns from the axis up, one a cell: `heights` are values of the vertical axis, which begins at 0.
  package func columns(_ heights: [Double], _ style: Style, on canvas: inout Canvas) {
    let steps: [Unicode.Scalar] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    for (index, height) in heights.prefix(inside.width).enumerated() {
      guard let fraction = y.fraction(height), fraction > 0 else { continue }
      var eighths = Int((min(fraction, 1) * Double(8 * inside.height)).rounded())
      // What is there at all is seen.
      if eighths == 0, fraction > 0.004 { eighths = 1 }
      var row = inside.bottom - 1
      while eighths > 0, row >= inside.y {
        canvas.set(Cell(steps[min(8, eighths)], style), x: inside.x + index, y: row)
        eighths -= 8
        row -= 1
      }
    }
  }

  /// Axes and grid first, then what is drawn between them.
  package func axes(on canvas: inout Canvas) {
    for (tick, label) in zip(y.ticks, y.labels) {
      guard let row = row(tick) else { continue }
      canvas.put(
        TextWidth.fitted(label, to: gutter, alignment: .right), x: area.x, y: row, theme.dim)
      if row < inside.bottom {
        for column in stride(from: inside.x + 1, to: inside.right, by: 2) {
          canvas.set(Cell("·", theme.grid), x: column, y: row)
        }
      }
    }
    let line = area.x + gutter
    for row in inside.y..<inside.bottom {
      let isTick = y.ticks.contains { self.row($0) == row }
      canvas.set(Cell(isTick ? "┤" : "│", theme.rule), x: line, y: row)
    }
    let isTick = y.ticks.contains { self.row($0) == inside.bottom }
    canvas.set(Cell(isTick ? "┼" : "└", theme.rule), x: line, y: inside.bottom)
    for column in inside.x..<inside.right { canvas.set(Cell("─", theme.rule), x: column, y: inside.bottom) }
    let unit = TextWidth.columns(of: x.unit)
    if unit > 0 { canvas.put(x.unit, x: inside.right - unit, y: inside.bottom + 1, theme.dim) }
    var free = area.x
    for (tick, label) in zip(x.ticks, x.labels) {
      guard let column = column(tick) else { continue }
      let width = TextWidth.columns(of: label)
      let start = column - width / 2
      guard start >= free, start + width <= inside.right - (unit > 0 ? unit + 1 : 0) else { continue }
      canvas.set(Cell("┬", theme.rule), x: column, y: inside.bottom)
      canvas.put(label, x: start, y: inside.bottom + 1, theme.dim)
      free = start + width + 1
    }
  }

  /// Lines, points and glyphs.
  package func draw(on canvas: inout Canvas) {
    for (cell, dot) in dots {
      canvas.set(
        Cell(Unicode.Scalar(0x2800 + dot.bits) ?? " ", dot.style), x: inside.x + cell % inside.width,
        y: inside.y + cell / inside.width)
    }
    for glyph in glyphs { canvas.put(glyph.text, x: glyph.x, y: glyph.y, glyph.style) }
  }
}
