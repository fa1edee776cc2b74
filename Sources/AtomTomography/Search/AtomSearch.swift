import Arrays
import Glibc
import System

/// The default method: lattices that explain the projections, whole atoms on their sites, a descent from the best of
/// them under ever less blur, then restarts that take parts of the structure away and fill them again.
package struct AtomSearch: Sendable {
  package var projections: Projections
  package var blob: AtomBlob
  /// The distance of nearest neighbours.
  package var bond = 1.0
  /// What one atom weighs.
  package var mass = 1.0
  package var alpha = 0.1
  package var count: Int
  /// Nil where the projections are to say.
  package var kind: LatticeKind?
  package var potential: PairPotential?
  /// A found structure is settled by springs between its neighbours.
  package var settlesBySprings = false
  package var noise: NoiseLevel?
  package var seed: UInt64 = 1
  package var restarts = 4
  package var seedsPerKind = 8
  package var steps = 80

  /// How often whole atoms are put on a lattice's sites, each time otherwise.
  private static let fillings = 2

  package init(_ projections: Projections, _ blob: AtomBlob, count: Int) {
    self.projections = projections
    self.blob = blob
    self.count = count
  }

  /// A structure, and the objective at it.
  package struct Answer: Sendable {
    package var kind: LatticeKind
    package var atoms: AtomPlane
    package var value: AtomObjective.Value
    /// Of the lattice it came from, over the one that was given.
    package var stretch = 1.0
  }

  package struct Outcome: Sendable {
    /// The best of every restart, best first.
    package var answers: [Answer]
    /// Misfit and energy from step to step of the restart that led to the best.
    package var history: [AtomObjective.Value]
  }

  package func potential(_ kind: LatticeKind) -> PairPotential { potential ?? kind.potential }

  package func objective(_ kind: LatticeKind, extra: Double = 0) -> AtomObjective {
    AtomObjective(
      projections.blurred(by: extra), AtomBlob(sigma: (blob.sigma * blob.sigma + extra * extra).squareRoot()),
      potential: potential(kind), alpha: alpha, bond: bond, mass: mass)
  }

  /// Misfits up to here are explained by the noise.
  package var acceptableMisfit: Double {
    guard let noise else { return 0 }
    return 1.6 * noise.floor(projections)
  }

  package func run(
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) -> Outcome {
    let region = Region(projections, blob, mass: mass)
    let started = starts(region, isCancelled)
    progress(0.4)
    guard !started.isEmpty, !isCancelled() else { return Outcome(answers: started, history: []) }
    // Starts that came to the same structure are one.
    var distinct: [Answer] = []
    for start in started where distinct.allSatisfy({ abs($0.value.total - start.value.total) > 0.2 * alpha })
    {
      distinct.append(start)
    }
    // Where the noise is reached the restarts only have to agree; else they have to find it.
    let isFound = started[0].value.misfit < acceptableMisfit
    let random = RandomNumbers(seed: seed)
    let starts = distinct
    let results = parallelMap(max(1, restarts)) { index -> (Answer, [AtomObjective.Value]) in
      // Each start in turn where none is good; else mostly the best.
      let rank = isFound ? (index % 2 == 0 ? 0 : (index + 1) / 2) : index
      let start = starts[rank % min(4, starts.count)]
      let objective = objective(start.kind)
      var chain = SearchChain(objective, region, random: random.stream(index))
      var history: [AtomObjective.Value] = []
      var best = SearchChain.State(atoms: start.atoms, value: start.value)
      let first = isFound ? (projections.angles.count == 2 ? steps * 3 / 5 : steps / 5) : steps
      best = chain.run(from: best, steps: first, isCancelled: isCancelled) { history.append($1.value) }
      // Once more, from where it came to, as long as the noise is not reached.
      var rounds = 0
      while rounds < 2, best.value.misfit > acceptableMisfit, acceptableMisfit > 0, !isCancelled() {
        best = chain.run(from: best, steps: steps, isCancelled: isCancelled) { history.append($1.value) }
        rounds += 1
      }
      let end = Descent().run(objective, from: best.atoms) { history.append($0) }
      return (Answer(kind: start.kind, atoms: end.atoms, value: end.value, stretch: start.stretch), history)
    }.sorted { $0.0.value.total < $1.0.value.total }
    progress(0.8)
    return Outcome(answers: results.map(\.0), history: results.first?.1 ?? [])
  }

  /// Descents from the best lattices, best first.
  private func starts(_ region: Region, _ isCancelled: @escaping @Sendable () -> Bool) -> [Answer] {
    let scan = LatticeScan(projections, blob, extra: 0.2 * bond, region: region, mass: mass, count: count)
    var seeds: [LatticeSeed] = []
    for candidate in LatticeKind.allCases where kind == nil || kind == candidate {
      seeds += scan.scan(candidate, bonds: [bond], step: 3, phases: 6, isCancelled: isCancelled)
        .prefix(seedsPerKind)
    }
    // The kind whose sites explain the projections better; with both near, both are tried.
    let least = seeds.map(\.residual).min() ?? 0
    let kinds = LatticeKind.allCases.filter { kind in
      seeds.contains { $0.kind == kind && $0.residual <= 1.3 * least + 1e-12 }
    }
    let chosen = seeds.filter { kinds.contains($0.kind) }
    let random = RandomNumbers(seed: seed)
    let births = Births(projections, blob, region, mass: mass)
    let refined = parallelMap(chosen.count) { scan.refined(chosen[$0], isCancelled: isCancelled) }
    let answers = parallelMap(Self.fillings * refined.count) { index -> Answer? in
      if isCancelled() { return nil }
      var random = random.stream(1000 + index)
      let seed = scan.filled(
        refined[index / Self.fillings], alpha: alpha, proposals: 60_000, &random)
      var atoms = seed.atoms
      var value = AtomObjective.Value()
      let sharp = objective(seed.kind)
      // More atoms than the lattice has sites lie between them.
      while atoms.count < count {
        _ = sharp.value(atoms)
        let sites = births.sites(
          sharp.lastResidual, around: nil, radius: 0, avoiding: atoms, distance: 0.5 * bond, choices: 1)
        guard let site = sites.first else { break }
        atoms.append(site.site)
      }
      for extra in [0.25, 0.12, 0] {
        if isCancelled() { return nil }
        let outcome = Descent(iterations: 100, tolerance: 1e-3, gain: 1e-5).run(
          objective(seed.kind, extra: extra * bond), from: atoms)
        atoms = outcome.atoms
        value = outcome.value
      }
      return Answer(kind: seed.kind, atoms: atoms, value: value, stretch: seed.bond / bond)
    }
    return answers.compactMap { $0 }.sorted { $0.value.total < $1.value.total }
  }
}
