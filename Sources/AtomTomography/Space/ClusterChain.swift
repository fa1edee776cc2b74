import Glibc
import System

/// A walk from structure to structure: a ball is emptied and filled again, or loosely bound atoms go elsewhere; then all
/// atoms descend, and the result is taken by chance according to what it gains, less and less generously.
struct ClusterChain {
  let objective: ClusterObjective
  let region: ClusterRegion
  let births: ClusterBirths
  var random: RandomNumbers
  /// Of acceptance, at the first and at the last step.
  var hot = 0.3
  var cold = 0.01
  var descent = Descent(iterations: 60, tolerance: 1e-3, gain: 1e-5)

  struct State: Sendable {
    var cluster: AtomCluster
    var value: AtomObjective.Value
  }

  init(_ objective: ClusterObjective, _ region: ClusterRegion, random: RandomNumbers) {
    (self.objective, self.region, self.random) = (objective, region, random)
    births = ClusterBirths(objective.images, objective.blob, region, mass: objective.mass)
  }

  mutating func run(
    from start: State, steps: Int, isCancelled: () -> Bool, note: (AtomObjective.Value) -> Void
  ) -> State {
    var (current, best) = (start, start)
    for step in 0..<steps {
      if isCancelled() { break }
      let temperature = hot * pow(cold / hot, Double(step) / Double(max(1, steps - 1)))
      guard current.cluster.count > 3,
        let proposal = random.uniform() < 0.5 ? refilled(current.cluster) : relocated(current.cluster)
      else { continue }
      let path = descent.run(objective, from: proposal.coordinates)
      let change = path.value.total - current.value.total
      if change <= 0 || random.uniform() < exp(-change / temperature) {
        current = State(cluster: AtomCluster(path.coordinates), value: path.value)
        if current.value.total < best.value.total - 1e-9 { best = current }
      }
      note(best.value)
    }
    return best
  }

  private mutating func refilled(_ cluster: AtomCluster) -> AtomCluster? {
    let bond = objective.bond
    let radius = bond * random.uniform(in: 0.8...1.4)
    // Rather where the images are not explained.
    var worst = random.integer(below: cluster.count)
    _ = objective.value(cluster)
    let correlation = ImageCorrelation(objective.images, values: objective.lastResidual, objective.blob)
    func strain(_ atom: Int) -> Double {
      var sum = 0.0
      for (index, direction) in region.directions.enumerated() {
        sum += correlation.value(index, ProjectionImages.place(cluster[atom], direction)).magnitude
      }
      return sum
    }
    for _ in 0..<random.integer(below: 6) {
      let other = random.integer(below: cluster.count)
      if strain(other) > strain(worst) { worst = other }
    }
    let shift = SIMD3(
      random.uniform(in: -0.5...0.5), random.uniform(in: -0.5...0.5), random.uniform(in: -0.5...0.5))
    let centre = cluster[worst] + bond * shift
    let kept = cluster.points.filter { ($0 - centre).length >= radius }
    guard kept.count < cluster.count else { return nil }
    return filled(
      AtomCluster(points: kept), cluster.count - kept.count, ball: (centre, radius + 0.5 * bond))
  }

  /// One or two atoms, rather those with few bonds, go where the images want one.
  private mutating func relocated(_ cluster: AtomCluster) -> AtomCluster? {
    var cluster = cluster
    let count = 1 + random.integer(below: 2)
    for _ in 0..<count {
      var worst = random.integer(below: cluster.count)
      for _ in 0..<random.integer(below: 6) {
        let other = random.integer(below: cluster.count)
        if binding(other, cluster) > binding(worst, cluster) { worst = other }
      }
      cluster.remove(at: worst)
    }
    return filled(cluster, count, ball: nil)
  }

  private func binding(_ atom: Int, _ cluster: AtomCluster) -> Double {
    var sum = 0.0
    for other in 0..<cluster.count where other != atom {
      sum += objective.potential.pair((cluster[other] - cluster[atom]).length / objective.bond).value
    }
    return sum
  }

  /// Atoms are added one by one, each at one of the best places.
  private mutating func filled(
    _ cluster: AtomCluster, _ count: Int, ball: (centre: SIMD3<Double>, radius: Double)?
  ) -> AtomCluster? {
    var cluster = cluster
    for _ in 0..<count {
      _ = objective.value(cluster)
      let residual = objective.lastResidual
      var sites = births.sites(
        residual, around: ball, avoiding: cluster, distance: 0.55 * objective.bond, choices: 4)
      if sites.isEmpty {
        sites = births.sites(
          residual, around: nil, avoiding: cluster, distance: 0.4 * objective.bond, choices: 4)
      }
      guard !sites.isEmpty else { return nil }
      // Mostly the best, now and then one of the next.
      var rank = 0
      while rank + 1 < sites.count, random.uniform() < 0.3 { rank += 1 }
      cluster.append(sites[rank])
    }
    return cluster
  }
}
