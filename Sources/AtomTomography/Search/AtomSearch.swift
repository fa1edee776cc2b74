import Arrays
import Glibc
import System

/// The default method: lattices that explain the projections, a descent from the best of them under ever less blur,
/// then a search of the neighbourhood by several chains.
package struct AtomSearch: Sendable {
  package var projections: Projections
  package var blob: AtomBlob
  package var bond = 1.0
  package var mass = 1.0
  package var alpha = 0.1
  package var count: Int
  package var seed: UInt64 = 1
  package var chains = 4
  package var steps = 120
  package var seedsPerKind = 8

  package init(_ projections: Projections, _ blob: AtomBlob, count: Int) {
    self.projections = projections
    self.blob = blob
    self.count = count
  }

  package struct Answer: Sendable {
    package var kind: LatticeKind
    package var atoms: AtomPlane
    package var value: Objective.Value
  }

  package func objective(_ potential: PairPotential, extra: Double = 0) -> Objective {
    Objective(
      projections.blurred(by: extra), AtomBlob(sigma: (blob.sigma * blob.sigma + extra * extra).squareRoot()),
      potential: potential, alpha: alpha, bond: bond, mass: mass)
  }

  package func run(isCancelled: @escaping @Sendable () -> Bool = { false }) -> [Answer] {
    let region = Region(projections, blob, mass: mass)
    let scan = LatticeScan(projections, blob, extra: 0.2 * bond, region: region, mass: mass, count: count)
    var seeds: [LatticeSeed] = []
    for kind in LatticeKind.allCases {
      seeds += scan.scan(kind, bonds: [bond], step: 3, phases: 6, isCancelled: isCancelled).prefix(
        seedsPerKind)
    }
    // A lattice that explains half as well as the other kind is not the one.
    let least = seeds.map(\.residual).min() ?? 0
    let leading = seeds.first { $0.residual == least }?.kind ?? .hexagonal
    seeds = seeds.filter { $0.kind == leading }
    let chosen = seeds
    let random = RandomNumbers(seed: seed)
    let births = Births(projections, blob, region, mass: mass)
    let started = parallelMap(chosen.count) { index -> Answer in
      var random = random.stream(1000 + index)
      var seed = scan.refined(chosen[index], isCancelled: isCancelled)
      seed = scan.filled(seed, alpha: alpha, proposals: 60_000, &random)
      var atoms = seed.atoms
      var value = Objective.Value()
      let sharp = objective(seed.kind.potential)
      // More atoms than the lattice has sites lie between them.
      while atoms.count < count {
        _ = sharp.value(atoms)
        let sites = births.sites(
          sharp.lastResidual, around: nil, radius: 0, avoiding: atoms, distance: 0.5 * bond, choices: 1)
        guard let site = sites.first else { break }
        atoms.append(site.site)
      }
      for extra in [0.25, 0.12, 0] {
        let outcome = Descent(iterations: 80, tolerance: 1e-3, gain: 1e-5).run(
          objective(seed.kind.potential, extra: extra * bond), from: atoms)
        atoms = outcome.atoms
        value = outcome.value
      }
      return Answer(kind: seed.kind, atoms: atoms, value: value)
    }.sorted { $0.value.total < $1.value.total }
    guard !started.isEmpty else { return [] }
    let results = parallelMap(chains) { index -> Answer in
      let start = started[index % min(started.count, max(1, chains / 2))]
      var chain = SearchChain(objective(start.kind.potential), region, random: random.stream(index))
      let best = chain.run(
        from: SearchChain.State(atoms: start.atoms, value: start.value), steps: steps,
        isCancelled: isCancelled)
      let end = Descent().run(objective(start.kind.potential), from: best.atoms)
      return Answer(kind: start.kind, atoms: end.atoms, value: end.value)
    }
    if steps == 0 { return started }
    return results.sorted { $0.value.total < $1.value.total }
  }
}
