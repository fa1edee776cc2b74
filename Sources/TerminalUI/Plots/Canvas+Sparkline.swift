extension Canvas {
  /// Values as columns of one row, from zero to the largest of them.
  package mutating func sparkline(_ values: [Double], in area: Rect, _ style: Style) {
    let steps: [Unicode.Scalar] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    let shown = values.suffix(max(0, area.width)).map { $0.isFinite ? max(0, $0) : 0 }
    guard area.height > 0, let most = shown.max() else { return }
    for (index, value) in shown.enumerated() {
      let step = most > 0 ? min(7, Int(value / most * 7.99)) : 0
      set(Cell(steps[step], style), x: area.right - shown.count + index, y: area.y)
    }
  }
}
