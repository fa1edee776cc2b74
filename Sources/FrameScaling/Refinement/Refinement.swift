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
  /// Of the intensities, by a turn of their frame about x and about y, where the derivatives were taken.
  var turns: [SIMD2<Double>] = []
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
  /// Whether it ends where derivatives that belong there find no better place; a fit to compare need not.
  package var provesMinimum = true
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

  /// How a calculated amplitude answers to its intensity at unit scale. A calculated nothing has no slope of its root; far
  /// below the error it does not matter which.
  static func slope(ofAmplitude amplitude: Double, scale: Double, weight: Double) -> Double {
    scale / (2 * max(amplitude, 1e-3 / max(weight, 1e-300).squareRoot()))
  }

  /// From values of the structure and a thickness.
  package func refine(_ values: [Double], thickness: Double) throws -> ScalingSolution {
    try refine(from: try solution(values, thickness), known: nil)
  }

  /// From the solution of the same problem with other nodes: its derivatives are good for the first steps.
  package func refine(from other: ScalingSolution) throws -> ScalingSolution {
    try refine(
      from: solution(other.values, other.thickness, other.intensities, nodes: nil),
      known: other.derivatives.rows == problem.rows.count
        ? Slopes(derivatives: other.derivatives, turns: other.turns, isFresh: false) : nil)
  }

  /// What intensities answer to, and whether it was computed where the fit is.
  private struct Slopes {
    var derivatives: DoubleMatrix
    let turns: [SIMD2<Double>]
    var isFresh: Bool
  }

  private func slopes(_ solution: ScalingSolution) throws -> Slopes {
    let response = try problem.response(
      solution.values, thickness: solution.thickness, every: every, isCancelled: isCancelled)
    return Slopes(derivatives: response.derivatives, turns: response.turns, isFresh: true)
  }

  /// Derivatives cost several times what intensities do. Those of the start are kept and bent by what each step finds
  /// (Broyden 1965), and computed anew when that leads nowhere; only fresh ones prove a minimum.
  private func refine(from start: ScalingSolution, known: Slopes?) throws -> ScalingSolution {
    var current = start
    var slopes = try known ?? slopes(start)
    var damping = 1e-3
    for iteration in 1...mostIterations {
      let system = NormalEquations(
        self, current.intensities, slopes.derivatives, current.nodes, uses: { _ in true })
      var next: ScalingSolution?
      var isFirst = true
      for _ in 0..<(slopes.isFresh ? 8 : 2) {
        if let step = system.step(damping: damping) {
          // What is hardly worth a step is not tried.
          if isFirst, system.gain(of: step) < tolerance * current.agreement.chi2 { break }
          let trial = try trial(current, step)
          if trial.agreement.chi2 <= current.agreement.chi2 {
            next = trial
            break
          }
        }
        isFirst = false
        damping = max(damping, 1e-6) * 10
      }
      current.iterations = iteration
      (current.derivatives, current.turns) = (slopes.derivatives, slopes.turns)
      guard var next else {
        // Without a better step it is the minimum, as far as these derivatives tell.
        current.hasConverged = slopes.isFresh || !provesMinimum
        if current.hasConverged || iteration == mostIterations { break }
        damping = 1e-3
        slopes = try self.slopes(current)
        continue
      }
      let gain =
        (current.agreement.chi2 - next.agreement.chi2) / max(current.agreement.chi2, 1e-300)
      next.iterations = iteration
      (next.derivatives, next.turns) = (slopes.derivatives, slopes.turns)
      next.hasConverged = gain < tolerance && (slopes.isFresh || !provesMinimum)
      if !next.hasConverged, iteration < mostIterations {
        if isFirst, gain >= tolerance {
          slopes.derivatives.bend(
            by: zip(next.intensities, current.intensities).map { $0 - $1 },
            along: zip(next.values + [next.thickness], current.values + [current.thickness])
              .map { $0 - $1 }, weights: system.curvatures)
          slopes.isFresh = false
        } else {
          slopes = try self.slopes(next)
        }
      }
      damping = max(damping * 0.1, 1e-9)
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
      let slope =
        root * Refinement.slope(ofAmplitude: amplitude, scale: scale, weight: measured.weight)
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

  /// By how much chi² falls with a step, as far as intensities are straight.
  func gain(of step: [Double]) -> Double { zip(step, side).reduce(0) { $0 + $1.0 * $1.1 } }

  /// How sharply the data know the structure's numbers and the thickness, each alone.
  var curvatures: [Double] { (0..<damped).map { matrix[$0, $0] } }

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

extension DoubleMatrix {
  /// As derivatives that give the `change` that was seen for a step, and are as before for every other direction.
  /// `weights` make lengths of steps of what has different units.
  fileprivate mutating func bend(by change: [Double], along step: [Double], weights: [Double]) {
    let direction = zip(step, weights).map { $0 * $1 }
    let length = zip(step, direction).reduce(0) { $0 + $1.0 * $1.1 }
    guard length > 0, length.isFinite, step.count == columns else { return }
    for row in 0..<rows {
      let known = step.indices.reduce(0) { $0 + self[row, $1] * step[$1] }
      let missing = (change[row] - known) / length
      for column in step.indices { self[row, column] += missing * direction[column] }
    }
  }
}
