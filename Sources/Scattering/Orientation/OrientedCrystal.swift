/// A crystal as the beam sees it: the beam runs along z, a cell lies across it and repeats along it.
///
/// x is the direction of the first cell vector across the beam, y completes a right-handed frame with the
/// beam. An oblique cell stays oblique: the second vector has a component along x.
package struct OrientedCrystal: Sendable, Hashable {
  package struct Atom: Sendable, Hashable {
    package var element: Element
    /// Fractions of the two vectors across, in [0, 1).
    package var across: Vector2
    /// Fraction of the period along the beam, in [0, 1).
    package var depth: Double
    package var occupancy: Double
    /// In the beam's frame; nil for an atom at rest.
    package var displacement: Displacement?
  }

  package let name: String
  /// The vectors across the beam in Å: the first along x, the second with positive y.
  package let first: Vector2
  package let second: Vector2
  /// The repeat along the beam in Å.
  package let period: Double
  /// By depth.
  package private(set) var atoms: [Atom]
  /// The three vectors in terms of the crystal's own cell: `[1, 0, 0]` is its a.
  package let indices: [Vector3]
  /// What was left out of the vectors across to make them perpendicular to the beam, in Å along the beam:
  /// 0 where the lattice has such vectors. Otherwise the zero-order Laue zone is exact and reflections of
  /// higher zones are displaced.
  package let shear: Double

  /// The crystal with the lattice direction [u v w] along the beam, in the smallest cell that is periodic
  /// across it. Its first vector is the one that lies closest to the crystal's a (b where the beam runs
  /// along a).
  package init(_ crystal: Crystal, zone: SIMD3<Int>) throws(ScatteringError) {
    let basis = try ZoneBasis(crystal: crystal, zone: zone)
    try self.init(crystal, basis: basis)
  }

  /// The crystal as it is described, with its c along the beam, even where a smaller cell exists.
  package init(keepingCellOf crystal: Crystal) throws(ScatteringError) {
    let cell = crystal.cell
    guard abs(cell.c.dot(cell.a)) < 1e-6 * cell.c.length * cell.a.length,
      abs(cell.c.dot(cell.b)) < 1e-6 * cell.c.length * cell.b.length
    else {
      throw .orientation("the cell of \(crystal.name) is kept only where c is perpendicular to a and b")
    }
    try self.init(
      crystal, basis: ZoneBasis(vectors: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], centring: [.zero], shear: 0))
  }

  /// The beam's frame in the crystal's: z along the third vector, x along what of the first one lies across it.
  static func axes(_ vectors: [Vector3]) -> (x: Vector3, y: Vector3, z: Vector3) {
    let z = vectors[2] / vectors[2].length
    let flat = vectors[0] - z * vectors[0].dot(z)
    let x = flat / flat.length
    return (x, z.cross(x), z)
  }

  init(_ crystal: Crystal, basis: ZoneBasis) throws(ScatteringError) {
    let vectors = basis.vectors.map { crystal.cell.cartesian($0) }
    let (x, y, z) = Self.axes(vectors)
    let flat = vectors.map { $0 - z * $0.dot(z) }
    let turn = Matrix3(rows: x, y, z)
    name = crystal.name
    first = [flat[0].length, 0]
    second = [flat[1].dot(x), flat[1].dot(y)]
    period = vectors[2].length
    indices = basis.vectors
    shear = basis.shear
    var atoms: [Atom] = []
    for (site, position) in basis.fill(crystal) {
      let u = site.displacement?.turned(by: turn)
      atoms.append(
        Atom(
          element: site.element, across: [position.x, position.y], depth: position.z,
          occupancy: site.occupancy, displacement: u))
    }
    let expected = Double(crystal.sites.count) * first.cross(second) * period / crystal.cell.volume
    guard abs(Double(atoms.count) - expected) < 0.01 * expected else {
      throw .orientation("\(crystal.name): \(atoms.count) atoms in the oriented cell instead of \(expected)")
    }
    self.atoms = Self.sorted(atoms)
  }

  /// The same cell with other atoms in it.
  package func withAtoms(_ atoms: [Atom]) -> OrientedCrystal {
    var crystal = self
    crystal.atoms = Self.sorted(atoms)
    return crystal
  }

  private static func sorted(_ atoms: [Atom]) -> [Atom] {
    atoms.sorted {
      ($0.depth, $0.across.x, $0.across.y, $0.element.atomicNumber)
        < ($1.depth, $1.across.x, $1.across.y, $1.element.atomicNumber)
    }
  }

  /// Å².
  package var area: Double { first.cross(second) }

  /// The reciprocal vectors across the beam, without 2 pi: first . firstReciprocal = 1.
  package var firstReciprocal: Vector2 { Vector2(second.y, -second.x) / area }
  package var secondReciprocal: Vector2 { Vector2(-first.y, first.x) / area }
}
