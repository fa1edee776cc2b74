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
    let parts = parallelMap(folds.count) { fold in
      let fit = fit(solution) { folds.ofRow[$0] != fold }
      return amplitudes(fit.intensities, fit.nodes)
    }
    return problem.rows.indices.map { parts[folds.ofRow[$0]][$0] }
  }

  /// To some of the rows: by how much the structure's numbers and the thickness change, and what follows for all.
  private func fit(
    _ solution: ScalingSolution, uses: (Int) -> Bool
  ) -> (shift: [Double], intensities: [Double], nodes: [Double]) {
    let derivatives = solution.derivatives
    let first = derivatives.columns
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
    return (shift, current, nodes)
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

  /// Parts of the series that are left out in turn to see how much depends on each.
  private static let blocks = 10

  /// Standard uncertainties of the structure's numbers and the thickness from fits that each leave out a block of
  /// neighbouring frames (the jackknife: Künsch 1989). Unlike the normal matrix they know of errors that neighbours share:
  /// a bent crystal, a tilt that is off, a shadow. Nothing is known where there are too few frames to part.
  private func blockDeviations(_ solution: ScalingSolution) -> [Double] {
    let count = min(Self.blocks, problem.frames.count / 2)
    guard count >= 4 else { return [] }
    let shifts = parallelMap(count) { block in
      fit(solution) { problem.rows[$0].frame * count / problem.frames.count != block }.shift
    }
    return (0..<solution.derivatives.columns).map { column in
      let mean = shifts.reduce(0) { $0 + $1[column] } / Double(count)
      let squares = shifts.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) }
      return (squares * Double(count - 1) / Double(count)).squareRoot()
    }
  }

  /// Standard uncertainties of the structure's numbers, the thickness and the nodes, from the normal matrix. Rows that
  /// repeat one measurement are no new evidence.
  package func uncertainties(_ solution: ScalingSolution) -> Uncertainties {
    let parameters = parameterCount
    let unknown = Uncertainties(
      parameters: [Double](repeating: .infinity, count: parameters),
      scales: [Double](repeating: .infinity, count: problem.frames.count), blocks: [])
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
      }, blocks: blockDeviations(solution))
  }
}

package struct Uncertainties: Sendable {
  /// The structure's numbers, the thickness, the nodes.
  package let parameters: [Double]
  /// One a frame.
  package let scales: [Double]
  /// The structure's numbers and the thickness, by leaving out blocks of frames; none where there are too few.
  package let blocks: [Double]

  /// Of the structure's numbers and the thickness: the larger of both.
  package var cautious: [Double] {
    parameters.enumerated().map {
      blocks.indices.contains($0.offset) ? max($0.element, blocks[$0.offset]) : $0.element
    }
  }
}

extension ScalingProblem {
  /// Rows that are not the same number of the same reflection again.
  package var distinctMeasurements: Int { Set(rows.map(\.identity)).count }
}

extension ScalingProblem.Row {
  struct Identity: Hashable {
    let index: SIMD3<Int>
    let intensity: Double
  }

  var identity: Identity { Identity(index: index, intensity: intensity) }
}
