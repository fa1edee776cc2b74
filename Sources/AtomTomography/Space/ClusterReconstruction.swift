import Arrays
import Glibc

/// What is asked of the method in space.
package struct ClusterRequest: Sendable {
  package var images: ProjectionImages
  package var terms = SearchTerms()
  /// Of the types of atoms, the heaviest 1.
  package var types = [1.0]

  package init(_ images: ProjectionImages) { self.images = images }
}

/// Atoms in space that explain images, how sure each is, and what there is to say of the way there.
package struct ClusterReconstruction: Sendable {
  package var cluster: AtomCluster
  /// Of every atom.
  package var weights: [Double]
  package var certainty: [AtomCertainty<SIMD3<Double>>]
  package var account: SearchAccount
  package var expected: ProjectionImages

  /// The largest number of atoms that is searched for in space.
  package static let largestCount = 600

  package init?(
    _ request: ClusterRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    let terms = request.terms
    let masses = request.images.masses.map { $0 / terms.mass }
    let mean = masses.reduce(0, +) / Double(max(1, masses.count))
    // Where types are many, as many atoms as if all were of the middle weight, to begin with.
    let middle = request.types.reduce(0, +) / Double(max(1, request.types.count))
    var search = ClusterSearch(
      request.images, terms.blob,
      count: terms.count ?? Int(bounded: (mean / max(0.01, middle)).rounded()))
    search.types = request.types.isEmpty ? [1] : request.types
    search.isCountOpen = terms.count == nil && search.types.count > 1
    guard search.count > 0, search.count <= Self.largestCount else { return nil }
    (search.bond, search.mass) = (terms.bond, terms.mass)
    (search.seed, search.restarts) = (terms.seed, terms.restarts)
    if let alpha = terms.alpha, alpha > 0 { search.alpha = min(0.1, alpha) }
    search.noise =
      terms.noise.map { NoiseLevel(deviation: $0) } ?? NoiseLevel(request.images, terms.blob)
    let outcome = search.run(isCancelled: isCancelled, progress: progress)
    guard let best = outcome.answers.first, best.cluster.count > 0, !isCancelled() else { return nil }
    let method = search
    let floor = search.noise?.floor(search.images)
    // Where the noise is reached another bond would only follow it.
    let isOpen = floor.map { best.value.misfit > $0 } ?? true
    let settled = Settlement(
      from: best.cluster.coordinates, best.value, alpha: search.alpha, given: terms.alpha,
      bond: search.bond, scansBond: terms.scans && isOpen, floor: floor,
      pixels: search.images.values.count, isCancelled: isCancelled
    ) { alpha, bond, from in
      Descent(iterations: 300, tolerance: 1e-6, gain: 1e-9).run(
        method.objective(alpha: alpha, bond: bond, weights: best.weights), from: from)
    }
    progress(0.75)
    cluster = AtomCluster(settled.coordinates)
    weights = best.weights
    let noise =
      search.noise
      ?? NoiseLevel(
        deviation: (settled.value.misfit / search.images.area / Double(max(1, search.images.values.count)))
          .squareRoot())
    let isConverged = settled.value.misfit <= search.acceptableMisfit || search.noise == nil
    expected = search.images.projecting(cluster, search.blob, weights: weights)
    for index in expected.values.indices { expected.values[index] *= search.mass }
    // Counted electrons scatter most where atoms are, which is where it matters.
    var (scatter, light) = (0.0, 1e-300)
    for (measured, expected) in zip(search.images.values, expected.values) {
      scatter += (measured - expected) * (measured - expected) * expected
      light += expected
    }
    let atAtoms = NoiseLevel(deviation: max(noise.deviation, (scatter / light).squareRoot()))
    // Who explains the images as well, if only a few bonds speak against it; and who is as low in all.
    let unit = atAtoms.deviation * atAtoms.deviation * search.images.area
    let reach = 3 * (2 * Double(search.images.values.count)).squareRoot() * unit
    let points = cluster.points
    let rivals = outcome.answers.dropFirst().filter {
      $0.value.misfit - best.value.misfit < reach && $0.value.total - best.value.total < 5 * search.alpha
    }.map { other in
      let path = Descent(iterations: 300, tolerance: 1e-6, gain: 1e-9).run(
        method.objective(alpha: settled.alpha, bond: settled.bond, weights: other.weights),
        from: other.cluster.coordinates)
      return Rival(
        matching: AtomMatching(
          points, AtomCluster(path.coordinates).points, limit: 0.5 * settled.bond),
        isAsLow: other.value.total - best.value.total < max(6 * unit, 0.02 * method.alpha))
    }
    let agreeing = outcome.answers.dropFirst().count { other in
      AtomMatching(best.cluster.points, other.cluster.points, limit: 0.1 * method.bond).isComplete
    }
    account = SearchAccount(
      value: settled.value, alpha: settled.alpha, bond: settled.bond, mass: search.mass, noise: noise,
      floor: noise.floor(search.images), isConverged: isConverged, agreeing: 1 + agreeing,
      restarts: outcome.answers.count, history: outcome.history, alphaCurve: settled.curve)
    let judge = ClusterJudge(
      search: search, alpha: settled.alpha, bond: settled.bond, cluster: cluster, weights: weights,
      noise: atAtoms, isConverged: isConverged, rivals: rivals)
    progress(0.85)
    certainty = judge.judge(isCancelled: isCancelled)
    guard !isCancelled() else { return nil }
    progress(1)
  }
}
