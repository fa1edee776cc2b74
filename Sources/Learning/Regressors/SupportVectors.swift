import Arrays
import CLibSVM

/// Support vector regression with a Gaussian kernel, one machine a target, fitted by libsvm.
///
/// Targets should be scaled to unit deviation first: the tube and the penalty are in their units.
package struct SupportVectors: Regressor {
  /// Which errors count.
  package enum Loss: Sendable, Equatable {
    /// Errors within `tube` are free.
    case tube(Double)
    /// The tube is as wide as leaves about this share of the rows outside or on its edge.
    case fraction(Double)
  }

  package let featureCount: Int
  private let gamma: Double
  private let machines: [Machine]

  /// sum of weights k(support row, x) + offset.
  private struct Machine: Sendable {
    let support: DoubleMatrix
    let weights: DoubleMatrix
    let offset: Double
  }

  package init(
    fitting features: DoubleMatrix, _ targets: DoubleMatrix, loss: Loss, penalty: Double, gamma: Double,
    tolerance: Double = 1e-3
  ) throws(RegressionError) {
    try checkTraining(features, targets, needed: 2)
    featureCount = features.columns
    self.gamma = gamma
    let settings = LibSVM.Settings(loss: loss, penalty: penalty, gamma: gamma, tolerance: tolerance)
    let fits = parallelMap(targets.columns) { t in
      LibSVM.fit(features, targets.column(t), settings)
    }
    var machines: [Machine] = []
    for fit in fits {
      let fit = try fit.get()
      machines.append(
        Machine(
          support: features.selectingRows(fit.rows),
          weights: DoubleMatrix(rows: fit.rows.count, columns: 1, values: fit.weights), offset: fit.offset))
    }
    self.machines = machines
  }

  package var targetCount: Int { machines.count }
  package var supportCounts: [Int] { machines.map { $0.support.rows } }
  package var offsets: [Double] { machines.map(\.offset) }

  package func predict(_ features: DoubleMatrix) -> DoubleMatrix {
    precondition(features.columns == featureCount, "\(featureCount) features")
    return predictions(features.rows, targetCount) { t in
      let machine = machines[t]
      guard machine.support.rows > 0 else { return [Double](repeating: machine.offset, count: features.rows) }
      let kernel = Kernel.gaussian(gamma: gamma).matrix(features, machine.support)
      return (kernel * machine.weights).values.map { $0 + machine.offset }
    }
  }
}

/// The only place that meets libsvm's types: what it finds is copied out and its model freed.
private enum LibSVM {
  struct Settings: Sendable {
    let loss: SupportVectors.Loss
    let penalty: Double
    let gamma: Double
    let tolerance: Double
  }

  struct Fit: Sendable {
    let rows: [Int]
    let weights: [Double]
    let offset: Double
  }

  private static let quiet: Void = svm_be_quiet()

  static func fit(
    _ features: DoubleMatrix, _ target: [Double], _ settings: Settings
  ) -> Result<Fit, RegressionError> {
    _ = quiet
    var parameter = svm_parameter()
    parameter.kernel_type = Int32(RBF)
    parameter.gamma = settings.gamma
    parameter.cache_size = 200
    parameter.eps = settings.tolerance
    parameter.C = settings.penalty
    parameter.shrinking = 1
    switch settings.loss {
    case .tube(let width):
      parameter.svm_type = Int32(EPSILON_SVR)
      parameter.p = width
    case .fraction(let nu):
      parameter.svm_type = Int32(NU_SVR)
      parameter.nu = nu
    }
    // Rows of (index from 1, value), each closed by index -1.
    let width = features.columns + 1
    var nodes = (0..<features.rows).flatMap { r in
      features.row(r).enumerated().map { svm_node(index: Int32($0.offset + 1), value: $0.element) }
        + [svm_node(index: -1, value: 0)]
    }
    var target = target
    return nodes.withUnsafeMutableBufferPointer { nodes in
      target.withUnsafeMutableBufferPointer { target in
        var rows = (0..<features.rows).map { r in nodes.baseAddress.map { $0 + r * width } }
        return rows.withUnsafeMutableBufferPointer { rows in
          var problem = svm_problem(l: Int32(features.rows), y: target.baseAddress, x: rows.baseAddress)
          if let complaint = svm_check_parameter(&problem, &parameter) {
            return .failure(.refused("libsvm: \(String(cString: complaint))"))
          }
          var model = svm_train(&problem, &parameter)
          guard let fitted = model else { return .failure(.refused("libsvm returned no model")) }
          defer { svm_free_and_destroy_model(&model) }
          let count = Int(fitted.pointee.l)
          var indices = [Int32](repeating: 0, count: count)
          svm_get_sv_indices(fitted, &indices)
          guard let weights = fitted.pointee.sv_coef[0] else {
            return .failure(.refused("libsvm: no weights"))
          }
          return .success(
            Fit(
              rows: indices.map { Int($0) - 1 },
              weights: Array(UnsafeBufferPointer(start: weights, count: count)),
              offset: -fitted.pointee.rho[0]))
        }
      }
    }
  }
}
