/// Where a picture came to lie and what its border has to say.
package struct PicturePlacement: Sendable, Equatable {
  /// The cells that the picture covers: centred, its aspect kept.
  package let rect: Rect
  package let limits: Limits
  /// The picture's own pixels.
  package let columns: Int
  package let rows: Int

  package init(rect: Rect, limits: Limits, columns: Int, rows: Int) {
    self.rect = rect
    self.limits = limits
    self.columns = columns
    self.rows = rows
  }

  /// The largest rectangle in `area` with the aspect of a picture of so many pixels.
  package static func fitted(columns: Int, rows: Int, in area: Rect) -> Rect {
    fit(columns: columns, rows: rows, in: area)
  }

  /// The canvas cell that shows a pixel of the source.
  package func cell(column: Int, row: Int) -> (x: Int, y: Int) {
    guard columns > 0, rows > 0, !rect.isEmpty else { return (rect.x, rect.y) }
    let column = min(max(column, 0), columns - 1)
    let row = min(max(row, 0), rows - 1)
    return (
      rect.x + (2 * column + 1) * rect.width / (2 * columns),
      rect.y + (2 * row + 1) * rect.height / (2 * rows)
    )
  }

  /// The pixel of the source in the middle of a canvas cell; nil beside the picture.
  package func pixel(x: Int, y: Int) -> (column: Int, row: Int)? {
    guard columns > 0, rows > 0, rect.contains(x: x, y: y) else { return nil }
    return (
      (2 * (x - rect.x) + 1) * columns / (2 * rect.width), (2 * (y - rect.y) + 1) * rows / (2 * rect.height)
    )
  }

  /// The largest rectangle in `area` with the picture's aspect. A cell is taken as twice as high as wide.
  static func fit(columns: Int, rows: Int, in area: Rect) -> Rect {
    guard columns > 0, rows > 0, !area.isEmpty else {
      return Rect(x: area.x, y: area.y, width: 0, height: 0)
    }
    let scale = min(Double(area.width) / Double(columns), 2 * Double(area.height) / Double(rows))
    let width = min(area.width, max(1, Int((Double(columns) * scale).rounded())))
    let height = min(area.height, max(1, Int((Double(rows) * scale / 2).rounded())))
    return Rect(
      x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width: width,
      height: height)
  }
}
