import Arrays
import Glibc

/// A found structure settled: the length of a bond by the misfit, the weight of the energy by the discrepancy
/// principle: as much as the noise allows, and no more.
package struct Settlement: Sendable {
  package struct Point: Sendable, Equatable {
    package var alpha: Double
    package var misfit: Double
    package var energy: Double
  }

  package private(set) var atoms: AtomPlane
  package private(set) var value: AtomObjective.Value
  package private(set) var alpha: Double
  package private(set) var bond: Double
  package private(set) var curve: [Point] = []

  /// Even steps of the logarithm, from the heaviest on.
  static let alphas = (0..<13).map { pow(10, -0.4 - logarithmicStep * Double($0)) }
  package static let logarithmicStep = 0.15

  /// `alpha` and `bond` are left as they are where they were given.
  init(
    _ search: AtomSearch, _ answer: AtomSearch.Answer, alpha given: Double?, scansBond: Bool,
    isCancelled: @Sendable () -> Bool
  ) {
    func descent(_ alpha: Double, _ bond: Double, _ from: AtomPlane) -> Descent.Outcome {
      Descent(iterations: 300, tolerance: 1e-6, gain: 1e-9).run(
        search.settling(answer, alpha: alpha, bond: bond), from: from)
    }
    atoms = answer.atoms
    value = answer.value
    alpha = given ?? search.alpha
    bond = search.bond
    if scansBond {
      // The misfit of neighbouring bonds, each from the one before.
      var best = bond
      // The bond that was given stands unless another is better by more than noise makes one.
      let unit =
        (search.noise?.floor(search.projections) ?? 0) / Double(max(1, search.projections.values.count))
      var least = value.misfit - 4 * unit
      for sign in [-1.0, 1] {
        var from = answer.atoms
        for step in 1...5 where !isCancelled() {
          let trial = search.bond * (1 + sign * 0.01 * Double(step))
          let outcome = descent(search.alpha, trial, from)
          from = outcome.atoms
          if outcome.value.misfit < least {
            least = outcome.value.misfit
            best = trial
            atoms = outcome.atoms
          } else if Double(step) > 2 {
            break
          }
        }
      }
      bond = best
    }
    let floor = search.noise?.floor(search.projections)
    var from = atoms
    var settled: (alpha: Double, outcome: Descent.Outcome)?
    for alpha in Self.alphas where !isCancelled() {
      let outcome = descent(alpha, bond, from)
      from = outcome.atoms
      curve.append(Point(alpha: alpha, misfit: outcome.value.misfit, energy: outcome.value.energy))
      if settled == nil, alpha <= 1.001 * search.alpha, let floor,
        outcome.value.misfit <= floor || alpha < 0.02
      {
        settled = (alpha, outcome)
      }
    }
    if let given {
      let outcome = descent(given, bond, atoms)
      (atoms, value) = (outcome.atoms, outcome.value)
      self.alpha = given
    } else if let settled {
      (alpha, atoms, value) = (settled.alpha, settled.outcome.atoms, settled.outcome.value)
    } else {
      let outcome = descent(alpha, bond, atoms)
      (atoms, value) = (outcome.atoms, outcome.value)
    }
  }
}
