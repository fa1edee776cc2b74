import Arrays
import Diffraction
import Glibc
import Scattering

/// How the crystal stood in every zone: g = Rz(-axis) Rz(omega) Rx(alpha) Ry(beta) UB h, the beam along -z.
package struct Goniometer: Sendable {
  /// Takes indices to 1/Å at rest.
  package let orientation: Matrix3
  package let axisPosition: Double
  /// One a zone, in degrees.
  package var alpha: [Double]
  package var beta: [Double]
  package var omega: [Double]

  package init(orientation: Matrix3, axisPosition: Double, zones: [ZoneSeries.Zone]) {
    self.orientation = orientation
    self.axisPosition = axisPosition
    alpha = zones.map(\.alpha)
    beta = zones.map(\.beta)
    omega = zones.map(\.omega)
  }

  package func matrix(_ zone: Int) -> Matrix3 {
    .turnZ(-axisPosition) * .turnZ(omega[zone]) * .turnX(alpha[zone]) * .turnY(beta[zone]) * orientation
  }
}

/// The orientation matrix of a file, taken apart: how the crystal lies, and which cell it means.
package struct OrientationMatrix: Sendable {
  /// The nearest rotation to UB B^-1.
  package let rotation: Matrix3
  /// The rotation with the reciprocal vectors of the stated cell.
  package let corrected: Matrix3
  package let stated: Matrix3
  /// Lengths of the cell that the matrix means, in Å.
  package let lengths: Vector3
  /// The largest relative difference of these from the stated cell.
  package let mismatch: Double

  /// Nil for a matrix that is singular or left-handed.
  package init?(_ rows: [Double], cell: UnitCell) {
    guard rows.count == 9 else { return nil }
    let stated = Matrix3(
      rows: [rows[0], rows[1], rows[2]], [rows[3], rows[4], rows[5]], [rows[6], rows[7], rows[8]])
    let (a, b, c) = cell.reciprocal
    let reciprocal = Matrix3(columns: a, b, c)
    let determinant = stated.determinant
    guard determinant.isFinite, determinant > 1e-3 * reciprocal.determinant,
      determinant < 1e3 * reciprocal.determinant
    else { return nil }
    self.stated = stated
    // The polar decomposition by Newton's iteration.
    var rotation = stated * reciprocal.inverse
    for _ in 0..<60 {
      let other = rotation.inverse.transposed
      rotation = Matrix3(
        columns: 0.5 * (rotation.columns.0 + other.columns.0), 0.5 * (rotation.columns.1 + other.columns.1),
        0.5 * (rotation.columns.2 + other.columns.2))
    }
    guard (rotation.determinant - 1).magnitude < 1e-9 else { return nil }
    self.rotation = rotation
    corrected = rotation * reciprocal
    let direct = stated.inverse.transposed
    lengths = [direct.columns.0.length, direct.columns.1.length, direct.columns.2.length]
    let ratio = lengths / cell.lengths
    mismatch = max((ratio.x - 1).magnitude, (ratio.y - 1).magnitude, (ratio.z - 1).magnitude)
  }
}

extension Goniometer {
  /// The same with angles that run smoothly: alpha straight over the zones' numbers, beta and omega of third order in
  /// alpha; what lies off by more than 2.5 standard deviations is left out, three times. Too few zones stay as they are.
  package func smoothed(_ zones: [ZoneSeries.Zone]) -> Goniometer {
    guard zones.count >= 12 else { return self }
    var smooth = self
    let numbers = zones.map { Double($0.id) }
    smooth.alpha = Self.fit(numbers, alpha, order: 1)
    let largest = smooth.alpha.map(\.magnitude).max() ?? 0
    guard largest > 1 else { return self }
    let x = smooth.alpha.map { $0 / largest }
    smooth.beta = Self.fit(x, beta, order: 3)
    smooth.omega = Self.fit(x, omega, order: 3)
    return smooth
  }

  /// The polynomial's values at `x`, fitted robustly; `y` itself where they determine none.
  private static func fit(_ x: [Double], _ y: [Double], order: Int) -> [Double] {
    let middle = x.reduce(0, +) / Double(x.count)
    let width = max(1e-9, x.map { ($0 - middle).magnitude }.max() ?? 1)
    func row(_ value: Double) -> [Double] {
      let z = (value - middle) / width
      var powers = [1.0]
      for _ in 0..<order { powers.append(powers[powers.count - 1] * z) }
      return powers
    }
    var kept = Array(x.indices)
    var values = y
    for _ in 0...3 {
      let matrix = DoubleMatrix(
        rows: kept.count, columns: order + 1, values: kept.flatMap { row(x[$0]) })
      guard kept.count > 2 * order + 2, let solved = try? matrix.leastSquares(kept.map { y[$0] }) else {
        return values
      }
      values = x.map { zip(row($0), solved).reduce(0) { $0 + $1.0 * $1.1 } }
      let spread =
        (kept.reduce(0) { $0 + (y[$1] - values[$1]) * (y[$1] - values[$1]) }
        / Double(kept.count - order - 1)).squareRoot()
      kept = x.indices.filter { (y[$0] - values[$0]).magnitude <= 2.5 * spread + 1e-9 }
    }
    return values
  }
}

extension Matrix3 {
  /// Right-handed turns by degrees.
  static func turnX(_ degrees: Double) -> Matrix3 {
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    return Matrix3(rows: [1, 0, 0], [0, c, -s], [0, s, c])
  }

  static func turnY(_ degrees: Double) -> Matrix3 {
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    return Matrix3(rows: [c, 0, s], [0, 1, 0], [-s, 0, c])
  }

  static func turnZ(_ degrees: Double) -> Matrix3 {
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    return Matrix3(rows: [c, -s, 0], [s, c, 0], [0, 0, 1])
  }
}
