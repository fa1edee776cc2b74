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

  package private(set) var coordinates: [Double]
  package private(set) var value: AtomObjective.Value
  package private(set) var alpha: Double
  package private(set) var bond: Double
  package private(set) var curve: [Point] = []

  /// Even steps of the logarithm, from the heaviest on.
  static let alphas = (0..<13).map { pow(10, -0.4 - logarithmicStep * Double($0)) }
  package static let logarithmicStep = 0.15

  /// Of a structure in a plane.
  init(
    _ search: AtomSearch, _ answer: AtomSearch.Answer, alpha given: Double?, scansBond: Bool,
    isCancelled: @Sendable () -> Bool
  ) {
    self.init(
      from: answer.atoms.coordinates, answer.value, alpha: search.alpha, given: given, bond: search.bond,
      scansBond: scansBond, floor: search.noise?.floor(search.projections),
      pixels: search.projections.values.count, isCancelled: isCancelled
    ) { alpha, bond, from in
      Descent(iterations: 300, tolerance: 1e-6, gain: 1e-9).run(
        search.settling(answer, alpha: alpha, bond: bond), from: from)
    }
  }

  /// The weight and the bond's length are left as they are where they were given. `floor` is the misfit that noise
  /// leaves in all the `pixels`; `descent` settles coordinates with a weight and a bond.
  init(
    from start: [Double], _ found: AtomObjective.Value, alpha searched: Double, given: Double?,
    bond searchedBond: Double, scansBond: Bool, floor: Double?, pixels: Int,
    isCancelled: @Sendable () -> Bool,
    descent: (_ alpha: Double, _ bond: Double, _ from: [Double]) -> Descent.Path
  ) {
    coordinates = start
    value = found
    alpha = given ?? searched
    bond = searchedBond
    if scansBond {
      // The misfit of neighbouring bonds, each from the one before.
      var best = bond
      // The bond that was given stands unless another is better by more than noise makes one.
      let unit = (floor ?? 0) / Double(max(1, pixels))
      var least = value.misfit - 4 * unit
      for sign in [-1.0, 1] {
        var from = start
        for step in 1...5 where !isCancelled() {
          let trial = searchedBond * (1 + sign * 0.01 * Double(step))
          let outcome = descent(searched, trial, from)
          from = outcome.coordinates
          if outcome.value.misfit < least {
            least = outcome.value.misfit
            best = trial
            coordinates = outcome.coordinates
          } else if Double(step) > 2 {
            break
          }
        }
      }
      bond = best
    }
    var from = coordinates
    var settled: (alpha: Double, path: Descent.Path)?
    for alpha in Self.alphas where !isCancelled() {
      let outcome = descent(alpha, bond, from)
      from = outcome.coordinates
      curve.append(Point(alpha: alpha, misfit: outcome.value.misfit, energy: outcome.value.energy))
      if settled == nil, alpha <= 1.001 * searched, let floor,
        outcome.value.misfit <= floor || alpha < 0.02
      {
        settled = (alpha, outcome)
      }
    }
    if let given {
      let path = descent(given, bond, coordinates)
      (coordinates, value) = (path.coordinates, path.value)
      self.alpha = given
    } else if let settled {
      (alpha, coordinates, value) = (settled.alpha, settled.path.coordinates, settled.path.value)
    } else {
      let path = descent(alpha, bond, coordinates)
      (coordinates, value) = (path.coordinates, path.value)
    }
  }
}
