import System

/// Simulated annealing of whole atoms on the sites of a grid, as published.
package struct GridAnnealing: Sendable {
  package var projections: Projections
  package var blob: AtomBlob
  package var count: Int
  package var step = 0.25
  package var alpha = 0.1
  package var proposals = 400_000
  package var seed: UInt64 = 1

  package init(_ projections: Projections, _ blob: AtomBlob, count: Int) {
    self.projections = projections
    self.blob = blob
    self.count = count
  }

  package func run() -> AtomPlane {
    let region = Region(projections, blob, mass: 1)
    let sites = region.sites(SIMD2(step, 0), SIMD2(0, step), origin: region.centre)
    guard sites.count > count, sites.count < 5000 else { return AtomPlane() }
    var random = RandomNumbers(seed: seed)
    var gas = LatticeGas(
      sites: sites, filled: Array(random.permutation(sites.count).prefix(count)), projections: projections,
      correlation: Correlation(projections, values: projections.values, blob),
      overlap: Overlap(blob, pitch: projections.pitch), mass: 1, potential: .lennardJones, alpha: alpha,
      bond: 1)
    gas.anneal(proposals, hot: 20, cold: 0.02, &random)
    return AtomPlane(points: gas.filledSites.map { sites[$0] })
  }
}
