/// Values over an axis that all curves of a plot share.
public struct Curve: Sendable, Hashable {
  public var values: [Float]
  public var glyph: Unicode.Scalar
  public var style: Style

  public init(values: [Float], glyph: Unicode.Scalar, style: Style = .plain) {
    self.values = values
    self.glyph = glyph
    self.style = style
  }
}

extension Canvas {
  /// Curves over the whole width behind a `|`, measured against predicted. Where two meet a `*` stands.
  public mutating func profile(_ curves: [Curve], in area: Rect, range: ClosedRange<Float>? = nil) {
    guard area.width > 1, area.height > 0 else { return }
    let columns = area.width - 1
    let heights = curves.map { Canvas.spread($0.values, over: columns) }
    let span = PlotRange(range, heights.joined())
    within(area) { canvas in
      canvas.fill(Rect(x: 0, y: 0, width: 1, height: canvas.height), Cell("|"))
      for (curve, values) in zip(curves, heights) {
        for (column, value) in values.enumerated() {
          guard let y = span.row(value, of: canvas.height) else { continue }
          let taken = canvas[column + 1, y].scalar != " "
          canvas.set(Cell(taken ? "*" : curve.glyph, curve.style), x: column + 1, y: y)
        }
      }
    }
  }

  /// One value a column: the mean of what falls on it, or the nearest where there is less than one.
  static func spread(_ values: [Float], over columns: Int) -> [Float] {
    PictureSource(width: values.count, height: values.isEmpty ? 0 : 1, values: values)
      .resampled(columns: columns, rows: 1)
  }
}
