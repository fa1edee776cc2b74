import Glibc

/// Alternating descent conditional gradient, as published: an atom is added where a coarse grid says that it takes
/// most off the objective, then all atoms move together; until the objective falls no more.
package struct AtomInsertion: Sendable {
  package var projections: Projections
  package var blob: AtomBlob
  package var potential = PairPotential.lennardJones
  /// 0: without energy.
  package var alpha = 0.0
  /// Of the grid, in the unit of the bond.
  package var step = 0.1
  package var largestCount = 500

  package init(_ projections: Projections, _ blob: AtomBlob) {
    self.projections = projections
    self.blob = blob
  }

  package func run(isCancelled: () -> Bool = { false }) -> AtomPlane {
    let objective = AtomObjective(projections, blob, potential: potential, alpha: alpha)
    let region = Region(projections, blob, mass: 1)
    let descent = Descent(iterations: 200, tolerance: 1e-4, gain: 1e-7)
    var atoms = AtomPlane()
    var value = objective.value(atoms)
    while atoms.count < largestCount, !isCancelled() {
      guard let site = best(objective, region, atoms) else { break }
      var next = atoms
      next.append(site)
      var outcome = descent.run(objective, from: next)
      outcome = pruned(outcome, objective, descent)
      guard outcome.value.total < value.total - 1e-6 * max(1, value.total.magnitude) else { break }
      (atoms, value) = (outcome.atoms, outcome.value)
    }
    return atoms
  }

  /// An atom that the objective is better without goes.
  private func pruned(_ outcome: Descent.Outcome, _ objective: AtomObjective, _ descent: Descent)
    -> Descent.Outcome
  {
    var outcome = outcome
    for _ in 0..<outcome.atoms.count {
      var best: (value: Double, atoms: AtomPlane)?
      for atom in 0..<outcome.atoms.count {
        var fewer = outcome.atoms
        fewer.remove(at: atom)
        let value = objective.value(fewer).total
        if value < (best?.value ?? outcome.value.total) { best = (value, fewer) }
      }
      guard let best else { break }
      outcome = descent.run(objective, from: best.atoms)
    }
    return outcome
  }

  /// Of the grid the place that takes most off misfit and energy together.
  private func best(_ objective: AtomObjective, _ region: Region, _ atoms: AtomPlane) -> SIMD2<Double>? {
    _ = objective.value(atoms)
    let residual = atoms.count > 0 ? objective.lastResidual : projections.values.map { -$0 }
    let correlation = Correlation(projections, values: residual, blob)
    let directions = projections.directions
    let own = Overlap(blob, pitch: projections.pitch).own * Double(directions.count)
    let half = Int(min(500, region.radius / step)) + 1
    let points = atoms.points
    var best: SIMD2<Double>?
    var least = Double.infinity
    for i in -half...half {
      for j in -half...half {
        let site = region.centre + step * SIMD2(Double(i), Double(j))
        guard region.contains(site) else { continue }
        var change = own
        for (angle, direction) in directions.enumerated() {
          change += 2 * correlation.value(angle, direction.coordinate(site.x, site.y))
        }
        change *= projections.pitch
        if alpha > 0 {
          for other in points { change += alpha * potential.pair((other - site).length).value }
        }
        if change < least { (least, best) = (change, site) }
      }
    }
    return best
  }
}
