import Analysis
import Diffraction

extension SearchAccount {
  /// The values that the engine declares, of atoms in a plane or in space.
  func values<Place: SIMD>(
    of certainty: [AtomCertainty<Place>], neighbours: Quantity, said: String? = nil
  ) -> [Quantity] where Place.Scalar == Double {
    let widths = certainty.map { $0.interval.max() }.sorted()
    return [
      Quantity("atoms", Double(certainty.count), said: said),
      Quantity("determined", Double(certainty.count(where: \.isDetermined))),
      Quantity("misfit", ratio.told, said: "over the noise"),
      Quantity("energy", value.energy.told, said: "bonds"),
      Quantity("interval", (widths.isEmpty ? 0 : widths[widths.count / 2]).told, said: "95 %, median"),
      neighbours,
      Quantity("bond", bond.told),
      Quantity("atom_mass", mass.told),
      Quantity("alpha", alpha.told),
      Quantity("noise", noise.deviation.told, unit: "counts"),
      Quantity("agreeing", (100 * Double(agreeing) / Double(max(1, restarts))).told, unit: "%"),
    ]
  }
}
