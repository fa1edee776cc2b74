/// One value of a trend, in order. A value that is not finite leaves a gap.
public struct TrendPoint: Sendable, Hashable {
  public var value: Float
  public var glyph: Unicode.Scalar
  public var style: Style

  public init(value: Float, glyph: Unicode.Scalar = ".", style: Style = .plain) {
    self.value = value
    self.glyph = glyph
    self.style = style
  }
}

extension Canvas {
  /// Values in order, the newest at the right edge; what does not fit is left out on the left. Each row is
  /// labelled with the middle of the values it holds. A value outside a given `range` is marked `^` or `v` at the edge.
  public mutating func trend(
    _ points: [TrendPoint], in area: Rect, range: ClosedRange<Float>? = nil, style: Style = .plain
  ) {
    guard !area.isEmpty else { return }
    let span = PlotRange(range, points.map(\.value))
    let labels = span.labels(height: area.height)
    let left = min(labels.map(\.count).max() ?? 0, area.width / 2)
    let room = area.width - left - 1
    within(area) { canvas in
      for (y, label) in labels.enumerated() {
        canvas.put(TextWidth.fitted(label, to: left, alignment: .right), x: 0, y: y, style)
        canvas.put("|", x: left, y: y, style)
      }
      let shown = points.suffix(max(0, room))
      for (offset, point) in shown.enumerated() where point.value.isFinite {
        let x = canvas.width - shown.count + offset
        if let y = span.row(point.value, of: canvas.height) {
          canvas.set(Cell(point.glyph, point.style), x: x, y: y)
        } else {
          let isAbove = point.value > span.high
          canvas.set(Cell(isAbove ? "^" : "v", point.style), x: x, y: isAbove ? 0 : canvas.height - 1)
        }
      }
    }
  }
}
