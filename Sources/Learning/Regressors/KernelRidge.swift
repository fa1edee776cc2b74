import Arrays
import Glibc  // exp

/// A measure of likeness of two rows of features.
package enum Kernel: Sendable, Equatable {
  case linear
  /// exp(-gamma |a - b|^2).
  case gaussian(gamma: Double)
  /// (gamma a.b + offset)^degree.
  case polynomial(degree: Int, gamma: Double, offset: Double)

  /// The kernel of every row of `a` with every row of `b`.
  package func matrix(_ a: DoubleMatrix, _ b: DoubleMatrix) -> DoubleMatrix {
    var out = DoubleMatrix.product(a, b, right: .transposed)
    switch self {
    case .linear: break
    case .gaussian(let gamma):
      // |a - b|^2 = |a|^2 + |b|^2 - 2 a.b: one product and then row by row.
      let (na, nb) = (squaredNorms(a), squaredNorms(b))
      out.parallelRows { rows, storage in
        for (offset, r) in rows.enumerated() {
          for c in 0..<nb.count {
            let i = offset * nb.count + c
            storage[i] = exp(-gamma * Swift.max(na[r] + nb[c] - 2 * storage[i], 0))
          }
        }
      }
    case .polynomial(let degree, let gamma, let offset):
      for i in out.values.indices {
        out.values[i] = pow(gamma * out.values[i] + offset, Double(degree))
      }
    }
    return out
  }

  private func squaredNorms(_ m: DoubleMatrix) -> [Double] {
    let columns = m.columns
    return m.withElements { values in
      (0..<m.rows).map { row in
        var sum = 0.0
        for i in row * columns..<(row + 1) * columns { sum += values[i] * values[i] }
        return sum
      }
    }
  }
}

/// Ridge regression in the space of a kernel: weights (K + alpha I)^-1 Y on the training rows.
package struct KernelRidge: Regressor {
  package let kernel: Kernel
  package let training: DoubleMatrix
  package let weights: DoubleMatrix

  /// From a file: what an earlier fit found.
  package init(kernel: Kernel, training: DoubleMatrix, weights: DoubleMatrix) {
    precondition(training.rows == weights.rows, "a weight for every training row")
    self.kernel = kernel
    self.training = training
    self.weights = weights
  }

  package init(
    fitting features: DoubleMatrix, _ targets: DoubleMatrix, kernel: Kernel, alpha: Double = 1
  ) throws(RegressionError) {
    precondition(alpha >= 0, "a ridge is not negative")
    try checkTraining(features, targets)
    self.kernel = kernel
    training = features
    var gram = kernel.matrix(features, features)
    for i in 0..<gram.rows { gram[i, i] += alpha }
    let system = gram
    weights = try algebra { () throws(LinearAlgebraError) in try Cholesky(system).solve(targets) }
  }

  package var featureCount: Int { training.columns }
  package var targetCount: Int { weights.columns }

  package func predict(_ features: DoubleMatrix) -> DoubleMatrix {
    precondition(features.columns == featureCount, "\(featureCount) features")
    // Blocks of rows keep the kernel matrix small however many rows are asked for.
    var values: [Double] = []
    values.reserveCapacity(features.rows * targetCount)
    for start in stride(from: 0, to: features.rows, by: 512) {
      let block = features.selectingRows(start..<Swift.min(start + 512, features.rows))
      values += (kernel.matrix(block, training) * weights).values
    }
    return DoubleMatrix(rows: features.rows, columns: targetCount, values: values)
  }
}
