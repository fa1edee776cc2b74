/// What there is to say of atoms that were found as a whole and of the way there, in a plane or in space.
package struct SearchAccount: Sendable {
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

  /// The misfit over what noise leaves.
  package var ratio: Double { value.misfit / max(1e-300, floor) }
}
