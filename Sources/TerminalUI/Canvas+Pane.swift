extension Canvas {
  /// Draws the border of a pane, `--Title--extra---` on its first row, and returns the inside.
  ///
  /// Panes have no left border and, on the right, a `|` only where another pane follows: at 80 columns every
  /// column counts. Blanks in titles become dashes, so the line reads as one border.
  public mutating func pane(
    _ rect: Rect, _ title: [String], style: Style = .plain, divider: Bool = false
  ) -> Rect {
    let inside = rect.inset(top: 1, right: divider ? 1 : 0)
    within(rect) { canvas in
      canvas.fill(Rect(x: 0, y: 0, width: canvas.width, height: 1), Cell("-", style))
      var column = 2
      for part in title where !part.isEmpty {
        let dashed = String(String.UnicodeScalarView(part.unicodeScalars.map { $0 == " " ? "-" : $0 }))
        column = canvas.put(dashed, x: column, y: 0, style) + 2
      }
      if divider {
        canvas.fill(Rect(x: canvas.width - 1, y: 0, width: 1, height: canvas.height), Cell("|", style))
      }
    }
    return inside
  }
}
