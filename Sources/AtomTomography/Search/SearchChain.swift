import Glibc
import System

/// A walk from structure to structure: part of it is taken away and filled again, atoms are moved elsewhere, or
/// coordinates are exchanged; then all atoms descend, and the result is taken by chance according to what it gains,
/// less and less generously.
struct SearchChain {
  let objective: AtomObjective
  let births: Births
  let region: Region
  let directions: [Direction]
  var random: RandomNumbers
  /// Of acceptance, at the first and at the last step.
  var hot = 0.3
  var cold = 0.01
  var descent = Descent(iterations: 60, tolerance: 1e-3, gain: 1e-5)

  struct State {
    var atoms: AtomPlane
    var value: AtomObjective.Value
  }

  init(_ objective: AtomObjective, _ region: Region, random: RandomNumbers) {
    self.objective = objective
    self.region = region
    self.random = random
    directions = objective.projections.directions
    births = Births(objective.projections, objective.blob, region, mass: objective.mass)
  }

  mutating func run(
    from start: State, steps: Int, isCancelled: () -> Bool, note: (Int, State) -> Void = { _, _ in }
  ) -> State {
    var current = start
    var best = start
    for step in 0..<steps {
      if isCancelled() { break }
      let part = Double(step) / Double(max(1, steps - 1))
      let temperature = hot * pow(cold / hot, part)
      guard let proposal = proposal(current.atoms) else { continue }
      let outcome = descent.run(objective, from: proposal)
      let change = outcome.value.total - current.value.total
      if change <= 0 || random.uniform() < exp(-change / temperature) {
        current = State(atoms: outcome.atoms, value: outcome.value)
        if current.value.total < best.value.total - 1e-9 { best = current }
      }
      note(step, best)
    }
    return best
  }

  private mutating func proposal(_ atoms: AtomPlane) -> AtomPlane? {
    guard atoms.count > 3 else { return nil }
    switch random.uniform() {
    case ..<0.45: return refilled(atoms)
    case ..<0.7: return relocated(atoms)
    default: return directions.count == 2 ? exchanged(atoms) : refilled(atoms)
    }
  }

  /// A disc is emptied and filled again.
  private mutating func refilled(_ atoms: AtomPlane) -> AtomPlane? {
    let bond = objective.bond
    let radius = bond * random.uniform(in: 0.8...1.9)
    let centre =
      atoms[random.integer(below: atoms.count)]
      + bond * SIMD2(random.uniform(in: -0.5...0.5), random.uniform(in: -0.5...0.5))
    var kept = AtomPlane()
    var removed = 0
    for i in 0..<atoms.count {
      if (atoms[i] - centre).length < radius { removed += 1 } else { kept.append(atoms[i]) }
    }
    guard removed > 0 else { return nil }
    return filled(kept, removed, around: centre, radius: radius + 0.5 * bond)
  }

  /// One or two atoms, rather those with few bonds, go where the projections want one.
  private mutating func relocated(_ atoms: AtomPlane) -> AtomPlane? {
    var atoms = atoms
    let count = 1 + random.integer(below: 2)
    for _ in 0..<count {
      // The least bound of some that are drawn.
      var worst = random.integer(below: atoms.count)
      for _ in 0..<random.integer(below: 4) {
        let other = random.integer(below: atoms.count)
        if binding(other, atoms) > binding(worst, atoms) { worst = other }
      }
      atoms.remove(at: worst)
    }
    return filled(atoms, count, around: nil, radius: 0)
  }

  private func binding(_ atom: Int, _ atoms: AtomPlane) -> Double {
    var sum = 0.0
    for other in 0..<atoms.count where other != atom {
      sum += objective.potential.pair((atoms[other] - atoms[atom]).length / objective.bond).value
    }
    return sum
  }

  /// Atoms are added one by one, each at one of the best sites.
  private mutating func filled(
    _ atoms: AtomPlane, _ count: Int, around centre: SIMD2<Double>?, radius: Double
  )
    -> AtomPlane?
  {
    var atoms = atoms
    for _ in 0..<count {
      _ = objective.value(atoms)
      var sites = births.sites(
        objective.lastResidual, around: centre, radius: radius, avoiding: atoms,
        distance: 0.55 * objective.bond, choices: 4)
      if sites.isEmpty {
        sites = births.sites(
          objective.lastResidual, around: nil, radius: 0, avoiding: atoms, distance: 0.4 * objective.bond,
          choices: 4)
      }
      guard !sites.isEmpty else { return nil }
      // Mostly the best, now and then one of the next.
      var rank = 0
      while rank + 1 < sites.count, random.uniform() < 0.3 { rank += 1 }
      atoms.append(sites[rank].site)
    }
    return atoms
  }

  /// Two projections do not change when two atoms exchange one of their coordinates: of some pairs the one whose
  /// energy gains most.
  private mutating func exchanged(_ atoms: AtomPlane) -> AtomPlane? {
    let (a, b) = (directions[0], directions[1])
    let determinant = a.cosine * b.sine - a.sine * b.cosine
    guard determinant.magnitude > 1e-6 else { return nil }
    func point(_ u: Double, _ v: Double) -> SIMD2<Double> {
      SIMD2((u * b.sine - v * a.sine) / determinant, (v * a.cosine - u * b.cosine) / determinant)
    }
    var best: (change: Double, atoms: AtomPlane)?
    for _ in 0..<24 {
      let i = random.integer(below: atoms.count)
      let j = random.integer(below: atoms.count)
      guard i != j else { continue }
      let (p, q) = (atoms[i], atoms[j])
      let first = point(a.coordinate(p.x, p.y), b.coordinate(q.x, q.y))
      let second = point(a.coordinate(q.x, q.y), b.coordinate(p.x, p.y))
      guard (first - p).length > 0.3 * objective.bond, (first - q).length > 0.3 * objective.bond else {
        continue
      }
      var moved = atoms
      moved[i] = first
      moved[j] = second
      let change = binding(i, moved) + binding(j, moved) - binding(i, atoms) - binding(j, atoms)
      if change < best?.change ?? .infinity { best = (change, moved) }
    }
    return best?.atoms
  }
}
