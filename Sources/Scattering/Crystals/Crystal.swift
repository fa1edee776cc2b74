/// Mean square displacements of an atom, U in Å², Cartesian in the frame of the cell's vectors.
///
/// The Debye-Waller factor of amplitudes is exp(-2 pi² g.U.g); isotropic, exp(-B g²/4) with B = 8 pi² U.
package struct Displacement: Sendable, Hashable {
  package var tensor: Matrix3

  package init(tensor: Matrix3) { self.tensor = tensor }

  package init(isotropic u: Double) { tensor = Matrix3(columns: [u, 0, 0], [0, u, 0], [0, 0, u]) }

  package init(b: Double) { self.init(isotropic: b / (8 * .pi * .pi)) }

  package static let none = Displacement(isotropic: 0)

  package func along(_ g: Vector3) -> Double { g.dot(tensor * g) }

  /// Mean square displacements so many times as large.
  package func scaled(by factor: Double) -> Displacement {
    let (x, y, z) = tensor.columns
    return Displacement(tensor: Matrix3(columns: x * factor, y * factor, z * factor))
  }

  /// The same ellipsoid turned by a Cartesian rotation.
  package func turned(by rotation: Matrix3) -> Displacement {
    Displacement(tensor: rotation * tensor * rotation.transposed)
  }
}

/// An atom of a cell.
package struct Site: Sendable, Hashable {
  package var element: Element
  /// Fractional, each coordinate in [0, 1).
  package var position: Vector3
  /// Sites that share a place (mixed occupation) each carry their own share.
  package var occupancy: Double
  /// Nil where the source states none.
  package var displacement: Displacement?

  package init(element: Element, position: Vector3, occupancy: Double = 1, displacement: Displacement? = nil)
  {
    self.element = element
    self.position = wrapped(position)
    self.occupancy = occupancy
    self.displacement = displacement
  }
}

/// A perfect crystal: a cell and every atom in it.
package struct Crystal: Sendable, Hashable {
  package var name: String
  package var cell: UnitCell
  package var sites: [Site]

  package init(name: String, cell: UnitCell, sites: [Site]) {
    self.name = name
    self.cell = cell
    self.sites = sites
  }

  /// The same crystal, every atom with isotropic displacements of `b` Å² (0 for resting atoms).
  package func withDisplacements(b: Double) -> Crystal {
    var crystal = self
    for i in crystal.sites.indices { crystal.sites[i].displacement = Displacement(b: b) }
    return crystal
  }

  /// Electrons of a neutral cell: with the volume, a check against the density.
  package var electrons: Double { sites.reduce(0) { $0 + $1.occupancy * Double($1.element.atomicNumber) } }
}

/// Into [0, 1) in each coordinate; what lies within rounding below 1 belongs to 0.
func wrapped(_ position: Vector3) -> Vector3 {
  var p = position - position.rounded(.down)
  for i in 0..<3 where p[i] > 1 - 1e-9 { p[i] = 0 }
  return p
}
