import Arrays

/// A natural cubic spline as a matrix: row f holds what each node's value contributes to the value at abscissa f.
///
/// Every row sums to 1, and at a node the row is a unit vector. The second derivative is zero at both ends.
package struct SplineWeights: Sendable {
  package let abscissae: [Double]
  package let nodes: [Double]
  /// abscissae x nodes.
  package let matrix: DoubleMatrix

  /// `nodes` ascend strictly and enclose all abscissae; nil otherwise.
  package init?(abscissae: [Double], nodes: [Double]) {
    guard let first = nodes.first, let last = nodes.last, !abscissae.isEmpty,
      zip(nodes, nodes.dropFirst()).allSatisfy({ $0 < $1 }),
      abscissae.allSatisfy({ $0 >= first && $0 <= last })
    else { return nil }
    self.abscissae = abscissae
    self.nodes = nodes
    let curvatures = Self.curvatures(nodes)
    var matrix = DoubleMatrix(rows: abscissae.count, columns: nodes.count)
    for (row, x) in abscissae.enumerated() {
      guard nodes.count > 1 else {
        matrix[row, 0] = 1
        continue
      }
      let right = max(1, nodes.firstIndex { $0 >= x } ?? nodes.count - 1)
      let width = nodes[right] - nodes[right - 1]
      let a = (nodes[right] - x) / width
      let b = (x - nodes[right - 1]) / width
      matrix[row, right - 1] += a
      matrix[row, right] += b
      let (p, q) = ((a * a * a - a) * width * width / 6, (b * b * b - b) * width * width / 6)
      guard p != 0 || q != 0 else { continue }
      for column in nodes.indices {
        matrix[row, column] += p * curvatures[right - 1, column] + q * curvatures[right, column]
      }
    }
    self.matrix = matrix
  }

  /// The second derivatives at the nodes, as a matrix that acts on the nodes' values.
  private static func curvatures(_ nodes: [Double]) -> DoubleMatrix {
    let count = nodes.count
    var result = DoubleMatrix(rows: count, columns: count)
    guard count > 2 else { return result }
    // A tridiagonal system for the inner nodes, eliminated from the top for all columns at once.
    var pivots = [Double](repeating: 0, count: count)
    for i in 1..<count - 1 {
      let (left, right) = (nodes[i] - nodes[i - 1], nodes[i + 1] - nodes[i])
      pivots[i] = (left + right) / 3
      result[i, i - 1] += 1 / left
      result[i, i] -= 1 / left + 1 / right
      result[i, i + 1] += 1 / right
      guard i > 1 else { continue }
      let factor = left / 6 / pivots[i - 1]
      pivots[i] -= factor * left / 6
      for column in 0..<count { result[i, column] -= factor * result[i - 1, column] }
    }
    for i in stride(from: count - 2, through: 1, by: -1) {
      let right = (nodes[i + 1] - nodes[i]) / 6
      for column in 0..<count {
        result[i, column] = (result[i, column] - right * result[i + 1, column]) / pivots[i]
      }
    }
    return result
  }

  package func values(_ nodeValues: [Double]) -> [Double] {
    (0..<abscissae.count).map { row in
      nodes.indices.reduce(0) { $0 + matrix[row, $1] * nodeValues[$1] }
    }
  }

  /// The largest over the smallest singular value; infinite where frames do not determine all nodes.
  package var condition: Double {
    guard let values = try? matrix.singularValues().values, let most = values.first, let least = values.last,
      least > 0, abscissae.count >= nodes.count
    else { return .infinity }
    return most / least
  }

  /// The most negative weight: far below zero means that the spline swings.
  package var smallestWeight: Double { matrix.values.min() ?? 0 }
}
