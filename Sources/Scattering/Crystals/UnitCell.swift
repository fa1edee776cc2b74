import Glibc  // cos, sin, acos

/// Three lattice vectors in Å, right-handed.
package struct UnitCell: Sendable, Hashable {
  package let a: Vector3
  package let b: Vector3
  package let c: Vector3

  /// Nil unless the vectors are finite, right-handed and span a volume.
  package init?(a: Vector3, b: Vector3, c: Vector3) {
    let volume = a.dot(b.cross(c))
    guard volume.isFinite, volume > 1e-6 * a.length * b.length * c.length, volume > 1e-3 else { return nil }
    self.a = a
    self.b = b
    self.c = c
  }

  /// From lengths in Å and angles in degrees: a along x, b in the xy plane.
  package init?(lengths: Vector3, anglesDegrees: Vector3) {
    func cosine(_ degrees: Double) -> Double { degrees == 90 ? 0 : cos(degrees * .pi / 180) }
    let alpha = cosine(anglesDegrees.x)
    let beta = cosine(anglesDegrees.y)
    let gamma = cosine(anglesDegrees.z)
    let sine = (1 - gamma * gamma).squareRoot()
    guard lengths.min() > 0, sine > 0 else { return nil }
    let cy = (alpha - beta * gamma) / sine
    let cz2 = 1 - beta * beta - cy * cy
    guard cz2 > 0 else { return nil }
    self.init(
      a: [lengths.x, 0, 0], b: [lengths.y * gamma, lengths.y * sine, 0],
      c: [lengths.z * beta, lengths.z * cy, lengths.z * cz2.squareRoot()])
  }

  package var volume: Double { a.dot(b.cross(c)) }
  package var lengths: Vector3 { [a.length, b.length, c.length] }

  package var anglesDegrees: Vector3 {
    func angle(_ u: Vector3, _ v: Vector3) -> Double {
      acos(max(-1, min(1, u.dot(v) / (u.length * v.length)))) * 180 / .pi
    }
    return [angle(b, c), angle(a, c), angle(a, b)]
  }

  /// Takes fractional to Cartesian coordinates.
  package var matrix: Matrix3 { Matrix3(columns: a, b, c) }
  /// Rows of the inverse: a*, b*, c* without the factor 2 pi, so that a* . a = 1.
  package var reciprocal: (Vector3, Vector3, Vector3) {
    let v = volume
    return (b.cross(c) / v, c.cross(a) / v, a.cross(b) / v)
  }

  package func cartesian(_ fractional: Vector3) -> Vector3 { matrix * fractional }
  package func fractional(_ cartesian: Vector3) -> Vector3 { matrix.inverse * cartesian }
}
