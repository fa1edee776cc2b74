import Arrays
import Glibc
import System

/// Atoms in space from a few images: poses of a lattice that their transforms suggest, whole atoms on its sites, a
/// descent under ever less blur, then restarts that take parts of the structure away and fill them again.
package struct ClusterSearch: Sendable {
  package var images: ProjectionImages
  package var blob: AtomBlob
  package var bond = 1.0
  package var mass = 1.0
  package var alpha = 0.1
  package var count: Int
  package var potential = PairPotential.lennardJones
  package var noise: NoiseLevel?
  /// Of the types of atoms, the heaviest 1.
  package var types = [1.0]
  /// The number of atoms is to be found, too: with several types the mass does not say it.
  package var isCountOpen = false
  package var seed: UInt64 = 1
  package var restarts = 4
  /// How many poses are looked at, and how many are descended from.
  package var poses = 24
  package var starts = 6
  package var steps = 40

  package init(_ images: ProjectionImages, _ blob: AtomBlob, count: Int) {
    (self.images, self.blob, self.count) = (images, blob, count)
  }

  package struct Outcome: Sendable {
    /// The best of every restart, best first.
    package var answers: [Answer]
    /// Misfit and energy from step to step of the restart that led to the best.
    package var history: [AtomObjective.Value]
  }

  package struct Answer: Sendable {
    package var cluster: AtomCluster
    package var value: AtomObjective.Value
    /// Of every atom.
    package var weights: [Double]
  }

  var region: ClusterRegion { ClusterRegion(images, blob, mass: mass, margin: 0.15 * bond) }

  func objective(
    alpha: Double? = nil, bond: Double? = nil, weights: [Double] = [], extra: Double = 0
  ) -> ClusterObjective {
    let objective = ClusterObjective(
      images.blurred(by: extra), AtomBlob(sigma: (blob.sigma * blob.sigma + extra * extra).squareRoot()),
      potential: potential, alpha: alpha ?? self.alpha, bond: bond ?? self.bond, mass: mass)
    objective.weights = weights
    return objective
  }

  /// Misfits up to here are explained by the noise: as far as it is known, and less than an atom at a wrong place makes.
  package var acceptableMisfit: Double {
    guard let noise else { return 0 }
    let own = mass * mass / (4 * Double.pi * blob.sigma * blob.sigma)
    let spread = 4 * (2 / noise.numbers + 2 / Double(max(1, images.values.count))).squareRoot()
    return noise.floor(images) * (1 + spread) + 0.25 * own
  }

  package func run(
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) -> Outcome {
    let region = region
    let starts = starts(region, isCancelled)
    progress(0.3)
    guard let first = starts.first, !isCancelled() else { return Outcome(answers: starts, history: []) }
    // Restarts that take atoms away know one type.
    if types.count > 1 { return Outcome(answers: starts, history: starts.map(\.value).reversed()) }
    // Starts that came to the same structure are one.
    var distinct: [Answer] = []
    for start in starts
    where distinct.allSatisfy({ abs($0.value.total - start.value.total) > 0.2 * alpha }) {
      distinct.append(start)
    }
    // Where the noise is reached the restarts only look for others that reach it; else they have to find it.
    let isFound = first.value.misfit < acceptableMisfit
    if isFound { distinct.removeAll { $0.value.misfit > acceptableMisfit } }
    let random = RandomNumbers(seed: seed)
    let others = distinct
    let results = parallelMap(max(1, restarts)) { index -> (Answer, [AtomObjective.Value]) in
      let rank = isFound ? (index % 2 == 0 ? 0 : (index + 1) / 2) : index
      let start = others[rank % min(4, others.count)]
      let objective = objective()
      var chain = ClusterChain(objective, region, random: random.stream(index))
      var history: [AtomObjective.Value] = []
      var best = ClusterChain.State(cluster: start.cluster, value: start.value)
      best = chain.run(from: best, steps: isFound ? steps / 8 : steps, isCancelled: isCancelled) {
        history.append($0)
      }
      var rounds = 0
      while !isFound, rounds < 2, best.value.misfit > acceptableMisfit, acceptableMisfit > 0, !isCancelled() {
        best = chain.run(from: best, steps: steps, isCancelled: isCancelled) { history.append($0) }
        rounds += 1
      }
      let end = Descent().run(objective, from: best.cluster.coordinates) { history.append($0) }
      let cluster = AtomCluster(end.coordinates)
      return (Answer(cluster: cluster, value: end.value, weights: start.weights), history)
    }.sorted { $0.0.value.total < $1.0.value.total }
    progress(0.6)
    return Outcome(answers: results.map(\.0), history: results.first?.1 ?? [])
  }

  /// Descents from the best poses, best first.
  private func starts(_ region: ClusterRegion, _ isCancelled: @escaping @Sendable () -> Bool) -> [Answer] {
    // Attraction from beyond the neighbours draws these nearer by a few per cent.
    let drawn = 0.98 * bond
    let seen = PoseScan(images, blob, region, bond: drawn).poses(
      bond: drawn, count: poses, isCancelled: isCancelled)
    let filling = ClusterFilling(images, blob, extra: 0.2 * bond, mass: mass, count: count)
    // Those whose sites explain the images best.
    let judged = parallelMap(seen.count) { index -> (pose: LatticePose, residual: Double)? in
      let sites = seen[index].sites(region)
      guard !isCancelled(), !sites.isEmpty, sites.count * types.count <= Self.mostSites else { return nil }
      return (seen[index], filling.residual(sites))
    }.compactMap { $0 }.sorted { ($0.residual, $1.pose.score) < ($1.residual, $0.pose.score) }
    let found = judged.prefix(starts).map(\.pose)
    let births = ClusterBirths(images, blob, region, mass: mass)
    let random = RandomNumbers(seed: seed)
    return parallelMap(found.count) { index -> Answer? in
      if isCancelled() { return nil }
      let sites = found[index].sites(region)
      var random = random.stream(1000 + index)
      var (cluster, weights) = filling.filled(
        sites, types: types, isOpen: isCountOpen, potential: potential, alpha: alpha, bond: found[index].bond,
        proposals: 200_000, &random)
      // More atoms than the lattice has sites lie between them.
      let sharp = objective()
      while types.count == 1, cluster.count < count, !isCancelled() {
        _ = sharp.value(cluster)
        guard
          let site = births.sites(
            sharp.lastResidual, around: nil, avoiding: cluster, distance: 0.5 * bond, choices: 1
          ).first
        else { break }
        cluster.append(site)
        weights.append(1)
      }
      var path = Descent.Path(
        coordinates: cluster.coordinates, value: .init(), iterations: 0, isConverged: false)
      for extra in [0.25, 0.12, 0] where !isCancelled() {
        path = Descent(iterations: 100, tolerance: 1e-3, gain: 1e-5).run(
          objective(weights: weights, extra: extra * bond), from: path.coordinates)
      }
      return typed(
        Answer(cluster: AtomCluster(path.coordinates), value: path.value, weights: weights), isCancelled)
    }.compactMap { $0 }.sorted { $0.value.total < $1.value.total }
  }

  /// Types and places in turns, as long as that is better.
  private func typed(_ answer: Answer, _ isCancelled: () -> Bool) -> Answer {
    var answer = answer
    let method = ClusterTypes(images: images, blob: blob, mass: mass, types: types)
    for _ in 0..<6 where types.count > 1 && !isCancelled() {
      let weights = method.improved(answer.weights, of: answer.cluster, isCancelled: isCancelled)
      guard weights != answer.weights else { break }
      let path = Descent(iterations: 150, tolerance: 1e-4, gain: 1e-7).run(
        objective(weights: weights), from: answer.cluster.coordinates)
      guard path.value.total < answer.value.total else { break }
      answer = Answer(cluster: AtomCluster(path.coordinates), value: path.value, weights: weights)
    }
    return answer
  }

  /// Pairs of sites are tabulated.
  private static let mostSites = 2500
}
