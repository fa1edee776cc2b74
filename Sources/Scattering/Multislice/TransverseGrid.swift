/// The points of one cell across the beam and their reciprocal lattice vectors.
///
/// Row after row: rows step along the first cell vector, columns along the second. Frequencies stand in
/// the order of the Fourier transform: 0, 1, …, -2, -1.
package struct TransverseGrid: Sendable, Hashable {
  package let rows: Int
  package let columns: Int
  package let firstReciprocal: Vector2
  package let secondReciprocal: Vector2

  package init(crystal: OrientedCrystal, rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    firstReciprocal = crystal.firstReciprocal
    secondReciprocal = crystal.secondReciprocal
  }

  /// The coarsest grid of quick transforms with at most `spacing` Å between points.
  package init(crystal: OrientedCrystal, spacing: Double) {
    // Steps along a vector are longer than the distance between the lines they step over.
    let rows = (1 / (crystal.firstReciprocal.length * spacing)).rounded(.up)
    let columns = (1 / (crystal.secondReciprocal.length * spacing)).rounded(.up)
    self.init(crystal: crystal, rows: Self.quickSize(Int(rows)), columns: Self.quickSize(Int(columns)))
  }

  package var count: Int { rows * columns }

  /// The index h of a row, k of a column.
  package func index(row: Int) -> Int { row < (rows + 1) / 2 ? row : row - rows }
  package func index(column: Int) -> Int { column < (columns + 1) / 2 ? column : column - columns }

  package func frequency(h: Int, k: Int) -> Vector2 {
    firstReciprocal * Double(h) + secondReciprocal * Double(k)
  }

  /// Where (h, k) stands; nil beyond the grid.
  package func position(h: Int, k: Int) -> Int? {
    guard h >= -(rows / 2), h < (rows + 1) / 2, k >= -(columns / 2), k < (columns + 1) / 2 else { return nil }
    return (h < 0 ? h + rows : h) * columns + (k < 0 ? k + columns : k)
  }

  /// The largest circle in the reciprocal cell of the grid: no frequency below it is aliased.
  package var nyquist: Double {
    let u = firstReciprocal * Double(rows)
    let v = secondReciprocal * Double(columns)
    let area = abs(u.cross(v))
    return min(area / v.length, area / u.length, (u + v).length, (u - v).length) / 2
  }

  /// A power of two, not below `n`: planned by rules, 64 x 64 points take less time than 48 x 48.
  static func quickSize(_ n: Int) -> Int {
    var size = 8
    while size < n { size *= 2 }
    return size
  }
}
