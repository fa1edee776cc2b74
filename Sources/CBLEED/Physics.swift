/// Constants and units of the module: lengths in Angstrom, energies in electronvolts, wave numbers in
/// 1/Angstrom, angles in radians; atoms are computed in Hartree and Bohr.
enum Physics {
  /// hbar^2 / 2m in eV A^2.
  static let halfSquaredPlanckOverMass = 3.809982111
  static let bohr = 0.529177210903
  static let hartree = 27.211386245988
}

/// A direction along the surface.
package struct PlaneVector: Sendable, Hashable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  package static let zero = PlaneVector(0, 0)
  package var squaredLength: Double { x * x + y * y }
  package var length: Double { squaredLength.squareRoot() }
  package func dot(_ other: PlaneVector) -> Double { x * other.x + y * other.y }
  package static func + (a: Self, b: Self) -> Self { Self(a.x + b.x, a.y + b.y) }
  package static func - (a: Self, b: Self) -> Self { Self(a.x - b.x, a.y - b.y) }
  package static prefix func - (a: Self) -> Self { Self(-a.x, -a.y) }
  package static func * (s: Double, a: Self) -> Self { Self(s * a.x, s * a.y) }
}

/// A point; z is the outward normal and the crystal fills z < 0.
package struct Position: Sendable, Hashable {
  package var plane: PlaneVector
  package var z: Double

  package init(_ x: Double, _ y: Double, _ z: Double) {
    plane = PlaneVector(x, y)
    self.z = z
  }

  package init(_ plane: PlaneVector, z: Double) {
    self.plane = plane
    self.z = z
  }

  package static func - (a: Self, b: Self) -> Self { Self(a.plane - b.plane, z: a.z - b.z) }
}
