import Arrays
import Glibc

/// What is asked of the default method.
package struct ReconstructionRequest: Sendable {
  package var projections: Projections
  package var blob = AtomBlob(sigma: 0.15)
  package var bond = 1.0
  package var mass = 1.0
  /// Nil: by the projected mass.
  package var count: Int?
  /// Nil: by the discrepancy principle.
  package var alpha: Double?
  package var kind: LatticeKind?
  package var potential: PairPotential?
  package var settlesBySprings = false
  /// Nil: from the projections.
  package var noise: Double?
  package var restarts = 4
  package var seed: UInt64 = 1
  /// Lengths and masses beside those given are tried where nothing else explains the projections.
  package var scans = true

  package init(_ projections: Projections) { self.projections = projections }
}

/// Atoms that explain projections, how sure each is, and what there is to say of the way there.
package struct Reconstruction: Sendable {
  package var kind: LatticeKind
  package var atoms: AtomPlane
  package var certainty: [AtomCertainty<SIMD2<Double>>]
  package var exchanges: [CoordinateExchange]
  package var value: AtomObjective.Value
  package var alpha: Double
  package var bond: Double
  package var mass: Double
  package var noise: NoiseLevel
  /// The misfit that the noise alone would leave.
  package var floor: Double
  package var isConverged: Bool
  /// How many restarts came to the same atoms, and how many there were.
  package var agreeing: Int
  package var restarts: Int
  package var history: [AtomObjective.Value]
  package var alphaCurve: [Settlement.Point]
  package var expected: Projections

  /// The largest number of atoms that is searched for.
  package static let largestCount = 300

  package init?(
    _ request: ReconstructionRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    var search = Self.search(request, bond: request.bond, mass: request.mass)
    guard search.count > 0, search.count <= Self.largestCount else { return nil }
    var outcome = search.run(isCancelled: isCancelled, progress: progress)
    if request.scans, let best = outcome.answers.first, best.value.misfit > search.acceptableMisfit {
      for (bond, mass) in Self.scanned where !isCancelled() {
        var other = Self.search(request, bond: request.bond * bond, mass: request.mass * mass)
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
    if request.count == nil, !isCancelled() { outcome.answers = search.recounted(outcome.answers) }
    guard let best = outcome.answers.first, best.atoms.count > 0, !isCancelled() else { return nil }
    let region = Region(search.projections, search.blob, mass: search.mass)
    let settled = Settlement(
      search, best, alpha: request.alpha, scansBond: request.scans, isCancelled: isCancelled)
    progress(0.85)
    kind = best.kind
    atoms = AtomPlane(settled.coordinates)
    value = settled.value
    alpha = settled.alpha
    bond = settled.bond
    mass = search.mass
    history = outcome.history
    alphaCurve = settled.curve
    noise =
      search.noise
      ?? NoiseLevel(
        deviation: (value.misfit / search.projections.pitch / Double(max(1, search.projections.values.count)))
          .squareRoot())
    floor = noise.floor(search.projections)
    isConverged = value.misfit <= search.acceptableMisfit || search.noise == nil
    expected = search.projections.projecting(atoms, search.blob)
    for index in expected.values.indices { expected.values[index] *= search.mass }
    // Who explains the projections as well, if only a few bonds speak against it; and who is as low in all.
    let unit = noise.deviation * noise.deviation * search.projections.pitch
    let reach = 3 * (2 * Double(search.projections.values.count)).squareRoot() * unit
    let others = outcome.answers.dropFirst().filter {
      $0.value.misfit - best.value.misfit < reach && $0.value.total - best.value.total < 5 * search.alpha
    }
    let rivals = others.map { other in
      CertaintyJudge.Rival(
        atoms: Descent(iterations: 300, tolerance: 1e-6, gain: 1e-9).run(
          search.settling(other, alpha: settled.alpha, bond: settled.bond), from: other.atoms
        ).atoms,
        isAsLow: other.kind == best.kind
          && other.value.total - best.value.total < max(6 * unit, 0.02 * search.alpha))
    }
    let judge = CertaintyJudge(
      objective: search.settling(best, alpha: alpha, bond: bond),
      atoms: atoms, noise: noise, isConverged: isConverged, rivals: rivals, region: region)
    let limit = 0.1 * search.bond
    agreeing =
      1
      + outcome.answers.dropFirst().count { other in
        let matching = AtomMatching(best.atoms.points, other.atoms.points, limit: limit)
        return matching.extra.isEmpty && matching.missing.isEmpty
      }
    restarts = outcome.answers.count
    (certainty, exchanges) = judge.judge(isCancelled: isCancelled)
    guard !isCancelled() else { return nil }
    progress(1)
  }

  private static let scanned = [
    (0.97, 1.0), (1.03, 1.0), (1.0, 0.97), (1.0, 1.03), (1.0, 0.985), (1.0, 1.015),
  ]

  private static func search(_ request: ReconstructionRequest, bond: Double, mass: Double) -> AtomSearch {
    let masses = request.projections.masses.map { $0 / mass }
    let mean = masses.reduce(0, +) / Double(max(1, masses.count))
    var search = AtomSearch(
      request.projections, request.blob, count: request.count ?? Int(bounded: mean.rounded()))
    search.bond = bond
    search.mass = mass
    search.kind = request.kind
    search.potential = request.potential
    search.settlesBySprings = request.settlesBySprings
    search.seed = request.seed
    search.restarts = request.restarts
    if let alpha = request.alpha, alpha > 0 { search.alpha = min(0.1, alpha) }
    let region = Region(request.projections, request.blob, mass: mass)
    search.noise =
      request.noise.map { NoiseLevel(deviation: $0) } ?? NoiseLevel(request.projections, request.blob, region)
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
