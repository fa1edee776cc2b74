import Arrays
import Glibc

/// A refined structure, thickness and scales.
package struct ScalingSolution: Sendable {
  /// The structure's numbers.
  package var values: [Double]
  /// The parameter of the thickness model, in Å.
  package var thickness: Double
  /// The scales at the nodes.
  package var nodes: [Double]
  /// Of every row, at unit scale.
  package var intensities: [Double]
  package var agreement: Agreement
  package var iterations: Int
  package var hasConverged: Bool
  /// Of the intensities, by the structure's numbers and the thickness, at the last step but one; no rows before a step.
  var derivatives = DoubleMatrix(rows: 0, columns: 0)
}

/// Levenberg and Marquardt's least squares over structure and thickness; the scales are solved anew inside every
/// iteration.
package struct Refinement: Sendable {
  package let problem: ScalingProblem
  package let curve: ScaleCurve
  package var mostIterations = 25
  /// Converged when chi² falls by less than this share.
  package var tolerance = 1e-5
  /// Derivatives from every so many of the rocking steps.
  package var every = 1
  package var isCancelled: @Sendable () -> Bool = { false }

  package init(_ problem: ScalingProblem, _ curve: ScaleCurve) {
    self.problem = problem
    self.curve = curve
  }

  /// The structure's numbers, the thickness and the nodes: 69, 25 and 19 for quartz in 54 frames.
  package var parameterCount: Int { problem.structure.parameters.count + 1 + curve.nodes }

  package static let thicknessRange = 5.0...20_000.0

  func solution(_ values: [Double], _ thickness: Double, nodes: [Double]? = nil) throws -> ScalingSolution {
    let intensities = try problem.intensities(values, thickness: thickness, isCancelled: isCancelled)
    return solution(values, thickness, intensities, nodes: nodes)
  }

  private func solution(
    _ values: [Double], _ thickness: Double, _ intensities: [Double], nodes: [Double]?
  ) -> ScalingSolution {
    let nodes = curve.fit(problem, intensities: intensities, uses: { _ in true }, start: nodes)
    let amplitudes = amplitudes(intensities, nodes)
    return ScalingSolution(
      values: values, thickness: thickness, nodes: nodes, intensities: intensities,
      agreement: Agreement(problem, amplitudes: amplitudes), iterations: 0, hasConverged: false)
  }

  package func amplitudes(_ intensities: [Double], _ nodes: [Double]) -> [Double] {
    let scales = curve.scales(nodes)
    return problem.rows.indices.map {
      (scales[problem.rows[$0].frame] * max(intensities[$0], 0)).squareRoot()
    }
  }

  /// From values of the structure and a thickness.
  package func refine(_ values: [Double], thickness: Double) throws -> ScalingSolution {
    try refine(from: try solution(values, thickness), derivatives: nil)
  }

  /// From the solution of the same problem with other nodes: its derivatives are good for the first step.
  package func refine(from other: ScalingSolution) throws -> ScalingSolution {
    try refine(
      from: solution(other.values, other.thickness, other.intensities, nodes: nil),
      derivatives: other.derivatives.rows == problem.rows.count ? other.derivatives : nil)
  }

  private func refine(
    from start: ScalingSolution, derivatives known: DoubleMatrix?
  ) throws -> ScalingSolution {
    var current = start
    var known = known
    var damping = 1e-3
    for iteration in 1...mostIterations {
      let derivatives: DoubleMatrix
      if let ready = known {
        derivatives = ready
      } else {
        derivatives = try problem.response(
          current.values, thickness: current.thickness, every: every, isCancelled: isCancelled
        ).derivatives
      }
      // Old derivatives do not prove a minimum.
      let isFresh = known == nil
      known = nil
      let system = NormalEquations(self, current.intensities, derivatives, current.nodes, uses: { _ in true })
      var next: ScalingSolution?
      for _ in 0..<8 {
        if let step = system.step(damping: damping) {
          let trial = try trial(current, step)
          if trial.agreement.chi2 <= current.agreement.chi2 {
            next = trial
            break
          }
        }
        damping = max(damping, 1e-6) * 10
      }
      if next == nil, !isFresh {
        damping = 1e-3
        continue
      }
      guard var next else {
        // No step is better: the minimum, as far as numbers go.
        current.hasConverged = true
        current.iterations = iteration
        current.derivatives = derivatives
        return current
      }
      damping = max(damping * 0.1, 1e-9)
      let gain = (current.agreement.chi2 - next.agreement.chi2) / max(current.agreement.chi2, 1e-300)
      next.iterations = iteration
      next.hasConverged = gain < tolerance && isFresh
      next.derivatives = derivatives
      current = next
      if current.hasConverged { break }
    }
    return current
  }

  private func trial(_ current: ScalingSolution, _ step: [Double]) throws -> ScalingSolution {
    let values = zip(current.values, step).map { $0 + $1 }
    // A step may not leap over the thickness, which chi² knows many minima of.
    let limit = 0.2 * current.thickness
    let change = max(-limit, min(limit, step[values.count]))
    let range = Self.thicknessRange
    let thickness = max(range.lowerBound, min(range.upperBound, current.thickness + change))
    let nodes = zip(current.nodes, step.dropFirst(values.count + 1)).map { $0 + $1 }
    return try solution(values, thickness, nodes: nodes)
  }
}

/// The linearised least squares about a solution: structure, thickness, nodes.
struct NormalEquations {
  private let matrix: DoubleMatrix
  private let side: [Double]
  /// Structure and thickness come first; only they are damped.
  private let damped: Int

  init(
    _ refinement: Refinement, _ intensities: [Double], _ derivatives: DoubleMatrix, _ nodes: [Double],
    uses: (Int) -> Bool
  ) {
    let problem = refinement.problem
    let scales = refinement.curve.scales(nodes)
    let first = derivatives.columns
    let columns = first + refinement.curve.nodes
    var jacobian = DoubleMatrix(rows: problem.rows.count, columns: columns)
    var side = [Double](repeating: 0, count: columns)
    for (row, measured) in problem.rows.enumerated() where uses(row) {
      let root = measured.weight.squareRoot()
      let scale = scales[measured.frame]
      let amplitude = (scale * max(intensities[row], 0)).squareRoot()
      let residual = root * (measured.amplitude - amplitude)
      // A calculated nothing has no slope of its root; far below the error it does not matter which.
      let slope = root * scale / (2 * max(amplitude, 1e-3 / root))
      for column in 0..<first {
        let value = slope * derivatives[row, column]
        jacobian[row, column] = value
        side[column] += value * residual
      }
      refinement.curve.slopes(frame: measured.frame, scale: scale, intensity: intensities[row]) {
        node, change in
        let value = root * change
        jacobian[row, first + node] = value
        side[first + node] += value * residual
      }
    }
    matrix = jacobian.gram(.transposed)
    self.side = side
    damped = first
  }

  /// Nil where the data determine too little.
  func step(damping: Double) -> [Double]? {
    factor(damping: damping)?.solve(side)
  }

  private func factor(damping: Double) -> Cholesky? {
    var damped = matrix
    for i in 0..<matrix.rows {
      let own = max(matrix[i, i], 1e-300)
      damped[i, i] += own * (i < self.damped ? damping : 0) + own * 1e-11
    }
    return try? Cholesky(damped)
  }

  /// The inverse; nil where the data determine too little.
  var covariance: DoubleMatrix? { factor(damping: 0)?.solve(.identity(matrix.rows)) }
}
