extension AtomSearch {
  /// Where noise leaves the mass open by an atom, the objective says whether one more or one less is better.
  func recounted(_ answers: [Answer]) -> [Answer] {
    guard let noise, let first = answers.first, first.atoms.count > 2 else { return answers }
    let pixels = Double(projections.pixels)
    let rows = Double(max(1, projections.angles.count))
    // Of the mean mass of all projections.
    let error = noise.deviation * projections.pitch * (pixels / rows).squareRoot() / mass
    guard error > 0.12 else { return answers }
    let objective = objective(first.kind)
    let births = Births(projections, blob, Region(projections, blob, mass: mass), mass: mass)
    let descent = Descent(iterations: 150, tolerance: 1e-4, gain: 1e-7)
    var best = first
    for _ in 0..<3 {
      var trials: [AtomPlane] = []
      // The atom that is missed least, and the place that gains most.
      let fewer = (0..<best.atoms.count).map { atom -> (value: Double, atoms: AtomPlane) in
        var atoms = best.atoms
        atoms.remove(at: atom)
        return (objective.value(atoms).total, atoms)
      }
      if let least = fewer.min(by: { $0.value < $1.value }) { trials.append(least.atoms) }
      _ = objective.value(best.atoms)
      for site in births.sites(
        objective.lastResidual, around: nil, radius: 0, avoiding: best.atoms, distance: 0.6 * bond, choices: 3
      ) {
        var atoms = best.atoms
        atoms.append(site.site)
        trials.append(atoms)
      }
      let outcomes = trials.map { descent.run(objective, from: $0) }
      guard let better = outcomes.min(by: { $0.value.total < $1.value.total }),
        better.value.total < best.value.total - 0.05 * alpha
      else { break }
      best.atoms = better.atoms
      best.value = better.value
    }
    return [best] + answers.dropFirst()
  }
}
