import Arrays
import Glibc

/// What is asked of the default method.
package struct ReconstructionRequest: Sendable {
  package var projections: Projections
  package var terms = SearchTerms()
  package var kind: LatticeKind?
  package var potential: PairPotential?
  package var settlesBySprings = false

  package init(_ projections: Projections) { self.projections = projections }
}

/// Atoms that explain projections, how sure each is, and what there is to say of the way there.
package struct Reconstruction: Sendable {
  package var kind: LatticeKind
  package var atoms: AtomPlane
  package var certainty: [AtomCertainty<SIMD2<Double>>]
  package var exchanges: [CoordinateExchange]
  package var account: SearchAccount
  package var expected: Projections

  /// The largest number of atoms that is searched for.
  package static let largestCount = 300

  package init?(
    _ request: ReconstructionRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    let terms = request.terms
    var search = Self.search(request, bond: terms.bond, mass: terms.mass)
    guard search.count > 0, search.count <= Self.largestCount else { return nil }
    var outcome = search.run(isCancelled: isCancelled, progress: progress)
    if terms.scans, let best = outcome.answers.first, best.value.misfit > search.acceptableMisfit {
      for (bond, mass) in Self.scanned where !isCancelled() {
        var other = Self.search(request, bond: terms.bond * bond, mass: terms.mass * mass)
        guard other.count > 0, other.count <= Self.largestCount else { continue }
        other.restarts = 2
        other.steps = 20
        let found = other.run(isCancelled: isCancelled)
        guard let now = outcome.answers.first, let then = found.answers.first,
          then.value.misfit < 0.5 * now.value.misfit
        else { continue }
        (search, outcome) = (other, found)
        if then.value.misfit < search.acceptableMisfit { break }
      }
    }
    if terms.count == nil, !isCancelled() { outcome.answers = search.recounted(outcome.answers) }
    guard let best = outcome.answers.first, best.atoms.count > 0, !isCancelled() else { return nil }
    let region = Region(search.projections, search.blob, mass: search.mass)
    let settled = Settlement(
      search, best, alpha: terms.alpha, scansBond: terms.scans, isCancelled: isCancelled)
    progress(0.85)
    kind = best.kind
    atoms = AtomPlane(settled.coordinates)
    let noise =
      search.noise
      ?? NoiseLevel(
        deviation: (settled.value.misfit / search.projections.pitch
          / Double(max(1, search.projections.values.count))).squareRoot())
    let isConverged = settled.value.misfit <= search.acceptableMisfit || search.noise == nil
    expected = search.projections.projecting(atoms, search.blob)
    for index in expected.values.indices { expected.values[index] *= search.mass }
    // Who explains the projections as well, if only a few bonds speak against it; and who is as low in all.
    let unit = noise.deviation * noise.deviation * search.projections.pitch
    let reach = 3 * (2 * Double(search.projections.values.count)).squareRoot() * unit
    let others = outcome.answers.dropFirst().filter {
      $0.value.misfit - best.value.misfit < reach && $0.value.total - best.value.total < 5 * search.alpha
    }
    let points = atoms.points
    let rivals = others.map { other in
      let path = Descent(iterations: 300, tolerance: 1e-6, gain: 1e-9).run(
        search.settling(other, alpha: settled.alpha, bond: settled.bond), from: other.atoms)
      return Rival(
        matching: AtomMatching(points, path.atoms.points, limit: 0.5 * settled.bond),
        isAsLow: other.kind == best.kind
          && other.value.total - best.value.total < max(6 * unit, 0.02 * search.alpha))
    }
    let judge = PlaneJudge(
      objective: search.settling(best, alpha: settled.alpha, bond: settled.bond),
      atoms: atoms, noise: noise, isConverged: isConverged, rivals: rivals, region: region)
    let limit = 0.1 * search.bond
    let agreeing = outcome.answers.dropFirst().count { other in
      AtomMatching(best.atoms.points, other.atoms.points, limit: limit).isComplete
    }
    account = SearchAccount(
      value: settled.value, alpha: settled.alpha, bond: settled.bond, mass: search.mass, noise: noise,
      floor: noise.floor(search.projections), isConverged: isConverged, agreeing: 1 + agreeing,
      restarts: outcome.answers.count, history: outcome.history, alphaCurve: settled.curve)
    (certainty, exchanges) = judge.judge(isCancelled: isCancelled)
    guard !isCancelled() else { return nil }
    progress(1)
  }

  private static let scanned = [
    (0.97, 1.0), (1.03, 1.0), (1.0, 0.97), (1.0, 1.03), (1.0, 0.985), (1.0, 1.015),
  ]

  private static func search(_ request: ReconstructionRequest, bond: Double, mass: Double) -> AtomSearch {
    let terms = request.terms
    let masses = request.projections.masses.map { $0 / mass }
    let mean = masses.reduce(0, +) / Double(max(1, masses.count))
    var search = AtomSearch(
      request.projections, terms.blob, count: terms.count ?? Int(bounded: mean.rounded()))
    search.bond = bond
    search.mass = mass
    search.kind = request.kind
    search.potential = request.potential
    search.settlesBySprings = request.settlesBySprings
    search.seed = terms.seed
    search.restarts = terms.restarts
    if let alpha = terms.alpha, alpha > 0 { search.alpha = min(0.1, alpha) }
    let region = Region(request.projections, terms.blob, mass: mass)
    search.noise =
      terms.noise.map { NoiseLevel(deviation: $0) } ?? NoiseLevel(request.projections, terms.blob, region)
    return search
  }
}

extension AtomSearch {
  /// The objective that settles a structure.
  func settling(_ answer: Answer, alpha: Double, bond: Double) -> AtomObjective {
    AtomObjective(
      projections, blob, potential: potential(answer.kind), alpha: alpha, bond: bond, mass: mass,
      network: settlesBySprings ? HarmonicNetwork(answer.atoms, answer.kind, bond: bond) : nil)
  }
}
