import PACBED
import Scattering

/// Tables that take milliseconds.
enum Small {
  static func request(
    _ name: String = "magnesium-oxide", _ zone: SIMD3<Int> = [0, 0, 1], symmetry: SymmetryUse = .exact,
    thickness: Double = 6, step: Double = 1, spacing: Double = 0.2
  ) throws -> TableRequest {
    TableRequest(
      crystal: try OrientedCrystal(Crystal(known: name), zone: zone), kilovolts: 200,
      multislice: MultisliceSettings(spacing: spacing), convergence: 6.3, mistilt: 2, angle: 14,
      thickness: thickness,
      symmetry: symmetry, step: .fixed(step))
  }
}
