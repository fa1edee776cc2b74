/// Mean square displacements of an atom, U in Å², Cartesian in the frame of the cell's vectors.
///
/// The Debye-Waller factor of amplitudes is exp(-2 pi² g.U.g); isotropic, exp(-B g²/4) with B = 8 pi² U.
public struct Displacement: Sendable, Hashable {
  public var tensor: Matrix3

  public init(tensor: Matrix3) { self.tensor = tensor }

  public init(isotropic u: Double) { tensor = Matrix3(columns: [u, 0, 0], [0, u, 0], [0, 0, u]) }

  public init(b: Double) { self.init(isotropic: b / (8 * .pi * .pi)) }

  public static let none = Displacement(isotropic: 0)

  public func along(_ g: Vector3) -> Double { g.dot(tensor * g) }

  /// Mean square displacements so many times as large.
  public func scaled(by factor: Double) -> Displacement {
    let (x, y, z) = tensor.columns
    return Displacement(tensor: Matrix3(columns: x * factor, y * factor, z * factor))
  }

  /// The same ellipsoid turned by a Cartesian rotation.
  public func turned(by rotation: Matrix3) -> Displacement {
    Displacement(tensor: rotation * tensor * rotation.transposed)
  }
}

/// An atom of a cell.
public struct Site: Sendable, Hashable {
  public var element: Element
  /// Fractional, each coordinate in [0, 1).
  public var position: Vector3
  /// Sites that share a place (mixed occupation) each carry their own share.
  public var occupancy: Double
  /// Nil where the source states none.
  public var displacement: Displacement?

  public init(element: Element, position: Vector3, occupancy: Double = 1, displacement: Displacement? = nil) {
    self.element = element
    self.position = wrapped(position)
    self.occupancy = occupancy
    self.displacement = displacement
  }
}

/// A perfect crystal: a cell and every atom in it.
public struct Crystal: Sendable, Hashable {
  public var name: String
  public var cell: UnitCell
  public var sites: [Site]

  public init(name: String, cell: UnitCell, sites: [Site]) {
    self.name = name
    self.cell = cell
    self.sites = sites
  }

  /// The same crystal, every atom with isotropic displacements of `b` Å² (0 for resting atoms).
  public func withDisplacements(b: Double) -> Crystal {
    var crystal = self
    for i in crystal.sites.indices { crystal.sites[i].displacement = Displacement(b: b) }
    return crystal
  }

  /// Electrons of a neutral cell: with the volume, a check against the density.
  public var electrons: Double { sites.reduce(0) { $0 + $1.occupancy * Double($1.element.atomicNumber) } }
}

/// Into [0, 1) in each coordinate; what lies within rounding below 1 belongs to 0.
func wrapped(_ position: Vector3) -> Vector3 {
  var p = position - position.rounded(.down)
  for i in 0..<3 where p[i] > 1 - 1e-9 { p[i] = 0 }
  return p
}
