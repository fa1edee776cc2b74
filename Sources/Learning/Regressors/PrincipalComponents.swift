import Arrays

/// The directions along which centred data vary most.
package struct PrincipalComponents: Sendable {
  package let mean: [Double]
  /// One component a row, largest variance first; the largest entry of each is positive.
  package let components: DoubleMatrix
  package let explainedVariance: [Double]
  /// Each component's share of the total variance.
  package let explainedRatio: [Double]

  /// From a file: what an earlier fit found.
  package init(
    mean: [Double], components: DoubleMatrix, explainedVariance: [Double], explainedRatio: [Double]
  ) {
    precondition(mean.count == components.columns, "a mean for every feature")
    self.mean = mean
    self.components = components
    self.explainedVariance = explainedVariance
    self.explainedRatio = explainedRatio
  }

  /// From the Gram matrix of the shorter side: rows or features, whichever are fewer.
  package init(fitting data: DoubleMatrix, count: Int) throws(RegressionError) {
    precondition(count > 0 && count <= Swift.min(data.rows, data.columns), "\(count) components")
    guard data.rows >= 2 else { throw .tooFewRows(data.rows, needed: 2) }
    guard data.values.allSatisfy(\.isFinite) else { throw .notFinite }
    let mean = Self.mean(data)
    let centred = Self.subtract(mean, from: data)
    let wide = data.columns > data.rows
    let gram = centred.gram(wide ? .asIs : .transposed)
    let total = (0..<gram.rows).reduce(0.0) { $0 + gram[$1, $1] }
    let eigen = try algebra { () throws(LinearAlgebraError) in
      try gram.symmetricEigen(gram.rows - count..<gram.rows)
    }
    let values = eigen.values.reversed().map { Swift.max($0, 0) }
    var components = DoubleMatrix(rows: count, columns: data.columns)
    let vectors = wide ? DoubleMatrix.product(centred, eigen.vectors, left: .transposed) : eigen.vectors
    for k in 0..<count {
      var row = vectors.column(count - 1 - k)
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let largest = row.max { abs($0) < abs($1) } ?? 1
      let scale = norm > 0 ? (largest < 0 ? -1 : 1) / norm : 0
      for c in row.indices { row[c] *= scale }
      for c in row.indices { components[k, c] = row[c] }
    }
    self.mean = mean
    self.components = components
    explainedVariance = values.map { $0 / Double(data.rows - 1) }
    explainedRatio = values.map { total > 0 ? $0 / total : 0 }
  }

  /// Coordinates along the components, one row a row.
  package func project(_ data: DoubleMatrix) -> DoubleMatrix {
    DoubleMatrix.product(Self.subtract(mean, from: data), components, right: .transposed)
  }

  /// The data that coordinates stand for.
  package func reconstruct(_ coordinates: DoubleMatrix) -> DoubleMatrix {
    var data = coordinates * components
    for r in 0..<data.rows { for c in 0..<data.columns { data[r, c] += mean[c] } }
    return data
  }

  private static func mean(_ data: DoubleMatrix) -> [Double] {
    var mean = [Double](repeating: 0, count: data.columns)
    data.withElements { values in
      for r in 0..<data.rows { for c in 0..<data.columns { mean[c] += values[r * data.columns + c] } }
    }
    return mean.map { $0 / Double(data.rows) }
  }

  private static func subtract(_ mean: [Double], from data: DoubleMatrix) -> DoubleMatrix {
    precondition(data.columns == mean.count, "\(mean.count) features")
    var data = data
    let (rows, columns) = (data.rows, data.columns)
    guard rows > 0 else { return data }
    data.withMutableElements { values in
      for r in 0..<rows { for c in 0..<columns { values[r * columns + c] -= mean[c] } }
    }
    return data
  }
}
