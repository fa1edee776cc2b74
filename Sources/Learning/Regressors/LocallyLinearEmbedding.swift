import Arrays

/// Coordinates on a curved sheet of points, unrolled.
package struct LocallyLinearEmbedding: Sendable {
  package enum Method: Sendable, Equatable {
    /// Every point as a weighted mean of its neighbours (Roweis & Saul 2000).
    case standard(regularisation: Double)
    /// Neighbourhoods flat to first order: what no linear function of the local tangent coordinates explains
    /// counts (local tangent space alignment, Zhang & Zha 2004). scikit-learn's "hessian" computes this too: it
    /// keeps every direction orthogonal to the linear ones, not the quadratic ones alone.
    case tangentSpace
    /// Neighbourhoods whose second derivatives vanish (Donoho & Grimes 2003); needs more neighbours than
    /// d (d + 3) / 2 for d dimensions.
    case hessian
  }

  /// points x dimensions, orthonormal columns; defined up to a rotation.
  package let coordinates: DoubleMatrix
  /// The sum of the eigenvalues of the coordinates: how much the sheet had to bend.
  package let reconstructionError: Double

  package init(
    _ points: DoubleMatrix, dimensions: Int, neighbours: Int, method: Method
  ) throws(RegressionError) {
    precondition(
      dimensions > 0 && dimensions <= points.columns, "\(dimensions) of \(points.columns) dimensions")
    guard points.rows > Swift.max(neighbours, dimensions + 1) else {
      throw .tooFewRows(points.rows, needed: Swift.max(neighbours, dimensions + 1) + 1)
    }
    guard points.values.allSatisfy(\.isFinite) else { throw .notFinite }
    let search = NeighbourSearch(points)
    let lists = parallelMap(points.rows) { i in
      search.nearest(neighbours, to: Array(points.row(i)), excluding: i).map(\.index)
    }
    let quadratic =
      switch method {
      case .standard(let regularisation): try Self.weightsForm(points, lists, regularisation)
      case .tangentSpace: try Self.tangentForm(points, lists, dimensions)
      case .hessian: try Self.hessianForm(points, lists, dimensions)
      }
    // The constant vector has eigenvalue 0 and says nothing.
    let eigen = try algebra { () throws(LinearAlgebraError) in
      try quadratic.symmetricEigen(0..<dimensions + 1)
    }
    var coordinates = DoubleMatrix(rows: points.rows, columns: dimensions)
    for r in 0..<points.rows { for c in 0..<dimensions { coordinates[r, c] = eigen.vectors[r, c + 1] } }
    self.coordinates = coordinates
    reconstructionError = eigen.values.dropFirst().reduce(0, +)
  }

  /// (I - W)^T (I - W), W the weights that rebuild each point from its neighbours.
  private static func weightsForm(
    _ points: DoubleMatrix, _ lists: [[Int]], _ regularisation: Double
  ) throws(RegressionError) -> DoubleMatrix {
    let rows = points.rows
    var m = DoubleMatrix(rows: rows, columns: rows)
    for (i, list) in lists.enumerated() {
      var gram = differences(points, list, from: Array(points.row(i))).gram()
      let trace = list.indices.reduce(0.0) { $0 + gram[$1, $1] }
      for k in list.indices { gram[k, k] += regularisation * (trace > 0 ? trace : 1) }
      let system = gram
      let solved = try algebra { () throws(LinearAlgebraError) in
        try Cholesky(system).solve([Double](repeating: 1, count: list.count))
      }
      let sum = solved.reduce(0, +)
      // Row i of I - W, times itself.
      let entries = [(i, 1.0)] + zip(list, solved).map { ($0, -$1 / sum) }
      for (a, va) in entries { for (b, vb) in entries { m[a, b] += va * vb } }
    }
    return m
  }

  /// The sum over neighbourhoods of the projector onto what is neither constant nor a tangent coordinate.
  private static func tangentForm(
    _ points: DoubleMatrix, _ lists: [[Int]], _ d: Int
  ) throws(RegressionError) -> DoubleMatrix {
    guard let neighbours = lists.first?.count, neighbours > d else {
      throw .refused("\(d) dimensions need more than \(d) neighbours")
    }
    var m = DoubleMatrix(rows: points.rows, columns: points.rows)
    for list in lists {
      let tangent = try tangentCoordinates(points, list)
      for (r, a) in list.enumerated() {
        for (s, b) in list.enumerated() {
          var explained = 1 / Double(list.count)
          for k in 0..<d { explained += tangent[r, k] * tangent[s, k] }
          m[a, b] += (r == s ? 1 : 0) - explained
        }
      }
    }
    return m
  }

  /// Left singular vectors of a centred neighbourhood: orthonormal coordinates in its tangent space.
  private static func tangentCoordinates(
    _ points: DoubleMatrix, _ list: [Int]
  ) throws(RegressionError) -> DoubleMatrix {
    let mean = (0..<points.columns).map { c in
      list.reduce(0) { $0 + points[$1, c] } / Double(list.count)
    }
    let centred = differences(points, list, from: mean)
    return try algebra { () throws(LinearAlgebraError) in try centred.singularValues().u }
  }

  /// The sum over neighbourhoods of the estimator of the squared Hessian.
  private static func hessianForm(
    _ points: DoubleMatrix, _ lists: [[Int]], _ d: Int
  ) throws(RegressionError) -> DoubleMatrix {
    let pairs = d * (d + 1) / 2
    let needed = d + pairs
    guard let neighbours = lists.first?.count, neighbours > needed else {
      throw .refused("\(d) dimensions need more than \(needed) neighbours")
    }
    let rows = points.rows
    var m = DoubleMatrix(rows: rows, columns: rows)
    for list in lists {
      let tangent = try tangentCoordinates(points, list)
      // 1, the tangent coordinates, and all their products.
      var basis = DoubleMatrix(rows: list.count, columns: 1 + d + pairs)
      for r in list.indices {
        basis[r, 0] = 1
        for a in 0..<d { basis[r, 1 + a] = tangent[r, a] }
        var column = 1 + d
        for a in 0..<d {
          for b in a..<d {
            basis[r, column] = tangent[r, a] * tangent[r, b]
            column += 1
          }
        }
      }
      var hessian = orthogonalised(basis)
      for column in 1 + d..<1 + d + pairs {
        // Each estimator acts on the constant 1 as a sum; scaled so that it is 1 where it is not nearly 0.
        let sum = list.indices.reduce(0.0) { $0 + hessian[$1, column] }
        if abs(sum) >= 1e-4 { for r in list.indices { hessian[r, column] /= sum } }
      }
      for (r, a) in list.enumerated() {
        for (s, b) in list.enumerated() {
          var value = 0.0
          for column in 1 + d..<1 + d + pairs { value += hessian[r, column] * hessian[s, column] }
          m[a, b] += value
        }
      }
    }
    return m
  }

  private static func differences(_ points: DoubleMatrix, _ list: [Int], from origin: [Double])
    -> DoubleMatrix
  {
    var out = points.selectingRows(list)
    for r in 0..<out.rows { for c in 0..<out.columns { out[r, c] -= origin[c] } }
    return out
  }

  /// Gram-Schmidt, twice over for accuracy.
  private static func orthogonalised(_ basis: DoubleMatrix) -> DoubleMatrix {
    var q = basis
    for c in 0..<q.columns {
      for _ in 0..<2 {
        for k in 0..<c {
          let overlap = (0..<q.rows).reduce(0.0) { $0 + q[$1, k] * q[$1, c] }
          for r in 0..<q.rows { q[r, c] -= overlap * q[r, k] }
        }
      }
      let norm = (0..<q.rows).reduce(0.0) { $0 + q[$1, c] * q[$1, c] }.squareRoot()
      for r in 0..<q.rows { q[r, c] = norm > 0 ? q[r, c] / norm : 0 }
    }
    return q
  }
}
