extension Canvas {
  /// A curve in one row, from the lowest to the highest of its values.
  public mutating func sparkline(_ values: [Float], in area: Rect, unicode: Bool, style: Style = .plain) {
    guard !area.isEmpty else { return }
    let steps: [Unicode.Scalar] =
      unicode ? ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] : ["_", ".", "-", "=", "+", "*", "#", "@"]
    let columns = min(values.count, area.width)
    let heights = Canvas.spread(values, over: columns)
    let span = PlotRange(nil, heights)
    for (column, value) in heights.enumerated() {
      guard let row = span.row(value, of: steps.count) else { continue }
      set(Cell(steps[steps.count - 1 - row], style), x: area.x + column, y: area.y)
    }
  }
}
