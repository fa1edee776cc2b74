/// delta_l of one element, tabulated over the kinetic energy inside the crystal (E + V0r).
package struct PhaseShifts: Sendable, Equatable {
  package let energies: [Double]
  /// A row for every energy: l = 0, 1, 2 …
  package let values: [[Double]]

  package init(energies: [Double], values: [[Double]]) {
    precondition(energies.count == values.count && energies.count > 1, "a row for every energy, two at least")
    precondition(zip(energies, energies.dropFirst()).allSatisfy(<), "energies rise")
    self.energies = energies
    self.values = values
  }

  /// delta_0 … delta_maximum, linearly between the tabulated energies, the end values beyond them.
  package func at(_ energy: Double, maximum: Int) -> [Double] {
    let upper = min(max(energies.firstIndex { $0 > energy } ?? energies.count - 1, 1), energies.count - 1)
    let span = energies[upper] - energies[upper - 1]
    let t = min(max((energy - energies[upper - 1]) / span, 0), 1)
    return (0...maximum).map { l in (1 - t) * values[upper - 1][l] + t * values[upper][l] }
  }
}
