/// Constants and units of the module: lengths in Angstrom, energies in electronvolts, wave numbers in
/// 1/Angstrom, angles in radians; atoms are computed in Hartree and Bohr.
enum Physics {
  /// hbar^2 / 2m in eV A^2.
  static let halfSquaredPlanckOverMass = 3.809982111
  static let bohr = 0.529177210903
  static let hartree = 27.211386245988
}

/// A direction along the surface.
public struct PlaneVector: Sendable, Hashable {
  public var x: Double
  public var y: Double

  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  public static let zero = PlaneVector(0, 0)
  public var squaredLength: Double { x * x + y * y }
  public var length: Double { squaredLength.squareRoot() }
  public func dot(_ other: PlaneVector) -> Double { x * other.x + y * other.y }
  public static func + (a: Self, b: Self) -> Self { Self(a.x + b.x, a.y + b.y) }
  public static func - (a: Self, b: Self) -> Self { Self(a.x - b.x, a.y - b.y) }
  public static prefix func - (a: Self) -> Self { Self(-a.x, -a.y) }
  public static func * (s: Double, a: Self) -> Self { Self(s * a.x, s * a.y) }
}

/// A point; z is the outward normal and the crystal fills z < 0.
public struct Position: Sendable, Hashable {
  public var plane: PlaneVector
  public var z: Double

  public init(_ x: Double, _ y: Double, _ z: Double) {
    plane = PlaneVector(x, y)
    self.z = z
  }

  public init(_ plane: PlaneVector, z: Double) {
    self.plane = plane
    self.z = z
  }

  public static func - (a: Self, b: Self) -> Self { Self(a.plane - b.plane, z: a.z - b.z) }
}
