import Arrays

/// How much each component of a set of patterns explains.
package struct Scree: Sendable {
  /// Singular values, largest first.
  package let singularValues: [Double]
  /// Each one's share of the total variance (of all values, also those not asked for).
  package let varianceRatios: [Double]

  package enum Scaling: Sendable {
    case raw
    /// Each value divided by the roots of its row's and its column's sum, which makes counting noise even
    /// (Keenan & Kotula 2004); rows and columns without counts are left out.
    case poisson
  }

  package enum Centring: Sendable {
    case none
    /// The mean row subtracted from every row, after scaling.
    case meanRow
  }

  /// The first `count` singular values of a matrix of patterns in rows.
  ///
  /// They come from the Gram matrix of the shorter side in double precision: values below about 1e-7 of the
  /// largest are lost in rounding, and the cost is a small part of a full decomposition's.
  package init(
    _ patterns: Matrix, scaling: Scaling = .raw, centring: Centring = .none, count: Int
  ) throws(LinearAlgebraError) {
    var data = scaling == .raw ? DoubleMatrix(patterns) : Self.poissonScaled(patterns)
    if centring == .meanRow { Self.subtractMeanRow(&data) }
    guard data.count > 0 else {
      (singularValues, varianceRatios) = ([], [])
      return
    }
    let gram = data.gram(data.columns >= data.rows ? .asIs : .transposed)
    let total = (0..<gram.rows).reduce(0.0) { $0 + gram[$1, $1] }
    let values = try gram.symmetricEigenvalues()
    let leading = values.reversed().prefix(count).map { Swift.max($0, 0) }
    singularValues = leading.map { $0.squareRoot() }
    varianceRatios = leading.map { total > 0 ? $0 / total : 0 }
  }

  private static func poissonScaled(_ patterns: Matrix) -> DoubleMatrix {
    var rowSums = [Double](repeating: 0, count: patterns.rows)
    var columnSums = [Double](repeating: 0, count: patterns.columns)
    for r in 0..<patterns.rows {
      for (c, value) in patterns.row(r).enumerated() {
        rowSums[r] += Double(value)
        columnSums[c] += Double(value)
      }
    }
    let rows = rowSums.indices.filter { rowSums[$0] > 0 }
    let columns = columnSums.indices.filter { columnSums[$0] > 0 }
    let down = columns.map { 1 / columnSums[$0].squareRoot() }
    return DoubleMatrix(rows: rows.count, columns: columns.count) { out in
      for (i, r) in rows.enumerated() {
        let across = 1 / rowSums[r].squareRoot()
        let row = patterns.row(r)
        for (j, c) in columns.enumerated() {
          out.initializeElement(
            at: i * columns.count + j, to: Double(row[row.startIndex + c]) * across * down[j])
        }
      }
    }
  }

  private static func subtractMeanRow(_ data: inout DoubleMatrix) {
    let (rows, columns) = (data.rows, data.columns)
    guard rows > 0 && columns > 0 else { return }
    var mean = [Double](repeating: 0, count: columns)
    data.withMutableElements { values in
      for r in 0..<rows { for c in 0..<columns { mean[c] += values[r * columns + c] } }
      for c in 0..<columns { mean[c] /= Double(rows) }
      for r in 0..<rows { for c in 0..<columns { values[r * columns + c] -= mean[c] } }
    }
  }
}
