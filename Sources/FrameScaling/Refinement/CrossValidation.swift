import Arrays
import System

/// Measurements that are left out together, so that each is predicted once by a fit that never saw it: by reflection,
/// since a measurement that stands in several zones would otherwise stay in.
package struct Folds: Sendable {
  package let count: Int
  /// One a row.
  package let ofRow: [Int]

  package init(_ problem: ScalingProblem, count: Int, seed: Int) {
    self.count = count
    // A fixed shuffle of the reflections, the same whatever their order in the file.
    var keys: [SIMD3<Int>: UInt64] = [:]
    for row in problem.rows { keys[row.index] = Self.mixed(row.index, seed) }
    let order = keys.sorted {
      ($0.value, $0.key.x, $0.key.y, $0.key.z) < ($1.value, $1.key.x, $1.key.y, $1.key.z)
    }
    var folds: [SIMD3<Int>: Int] = [:]
    for (place, entry) in order.enumerated() { folds[entry.key] = place % count }
    ofRow = problem.rows.map { folds[$0.index] ?? 0 }
  }

  private static func mixed(_ index: SIMD3<Int>, _ seed: Int) -> UInt64 {
    [index.x, index.y, index.z].reduce(UInt64(bitPattern: Int64(seed))) { state, part in
      var mixer = SplitMix64(seed: state ^ UInt64(bitPattern: Int64(part)))
      return mixer.next()
    }
  }
}

extension Refinement {
  /// Amplitudes of every row as the fit predicts them that left its fold out. A fit without a fifth of the data lies
  /// within the esds of the whole one, where intensities are straight in the parameters: the eigenproblems are not
  /// solved again.
  package func leftOutAmplitudes(_ solution: ScalingSolution, _ folds: Folds) -> [Double] {
    let parts = parallelMap(folds.count) { fold in fit(solution, without: fold, folds) }
    return problem.rows.indices.map { parts[folds.ofRow[$0]][$0] }
  }

  private func fit(_ solution: ScalingSolution, without fold: Int, _ folds: Folds) -> [Double] {
    let derivatives = solution.derivatives
    let first = derivatives.columns
    let uses: (Int) -> Bool = { folds.ofRow[$0] != fold }
    var shift = [Double](repeating: 0, count: first)
    func intensities(_ shift: [Double]) -> [Double] {
      solution.intensities.indices.map { row in
        (0..<first).reduce(solution.intensities[row]) { $0 + derivatives[row, $1] * shift[$1] }
      }
    }
    var current = solution.intensities
    var nodes = curve.fit(problem, intensities: current, uses: uses, start: solution.nodes)
    var chi2 = Agreement(problem, amplitudes: amplitudes(current, nodes), uses: uses).chi2
    for _ in 0..<6 {
      let system = NormalEquations(self, current, derivatives, nodes, uses: uses)
      guard let step = system.step(damping: 1e-4) else { break }
      let next = zip(shift, step).map { $0 + $1 }
      let changed = intensities(next)
      let fitted = curve.fit(
        problem, intensities: changed, uses: uses,
        start: zip(nodes, step.dropFirst(first)).map { $0 + $1 })
      let now = Agreement(problem, amplitudes: amplitudes(changed, fitted), uses: uses).chi2
      guard now < chi2 else { break }
      let isDone = chi2 - now < 1e-6 * chi2
      (shift, current, nodes, chi2) = (next, changed, fitted, now)
      if isDone { break }
    }
    return amplitudes(current, nodes)
  }

  /// How well measurements are predicted that a fit did not see: the mean over several ways to part them into folds,
  /// since one alone is off by a tenth or two of R.
  package func leftOut(_ solution: ScalingSolution, folds: Int, seed: Int, partitions: Int = 4) -> Agreement {
    let agreements = (0..<partitions).map { partition in
      Agreement(
        problem,
        amplitudes: leftOutAmplitudes(solution, Folds(problem, count: folds, seed: seed + 1000 * partition)))
    }
    return Agreement(mean: agreements)
  }

  /// Standard uncertainties of the structure's numbers, the thickness and the nodes, from the normal matrix. Rows that
  /// repeat one measurement are no new evidence.
  package func uncertainties(_ solution: ScalingSolution) -> Uncertainties {
    let parameters = parameterCount
    let unknown = Uncertainties(
      parameters: [Double](repeating: .infinity, count: parameters),
      scales: [Double](repeating: .infinity, count: problem.frames.count))
    guard solution.derivatives.rows == problem.rows.count else { return unknown }
    let system = NormalEquations(
      self, solution.intensities, solution.derivatives, solution.nodes, uses: { _ in true })
    guard problem.rows.count > parameters, let covariance = system.covariance else { return unknown }
    let goodness = solution.agreement.chi2 / Double(problem.rows.count - parameters)
    let repeats = Double(problem.rows.count) / Double(max(1, problem.distinctMeasurements))
    func deviation(_ variance: Double) -> Double { (max(0, variance) * goodness * repeats).squareRoot() }
    let first = parameters - curve.nodes
    let weights = curve.spline.matrix
    return Uncertainties(
      parameters: (0..<parameters).map { deviation(covariance[$0, $0]) },
      scales: problem.frames.indices.map { frame in
        var variance = 0.0
        for i in 0..<curve.nodes where weights[frame, i] != 0 {
          for j in 0..<curve.nodes {
            variance += weights[frame, i] * weights[frame, j] * covariance[first + i, first + j]
          }
        }
        return deviation(variance)
      })
  }
}

package struct Uncertainties: Sendable {
  /// The structure's numbers, the thickness, the nodes.
  package let parameters: [Double]
  /// One a frame.
  package let scales: [Double]
}

extension ScalingProblem {
  /// Rows that are not the same number of the same reflection again.
  package var distinctMeasurements: Int {
    struct Measurement: Hashable {
      let index: SIMD3<Int>
      let intensity: Double
    }
    return Set(rows.map { Measurement(index: $0.index, intensity: $0.intensity) }).count
  }
}
