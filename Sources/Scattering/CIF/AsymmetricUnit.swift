/// The independent atoms of a crystal and the operations that repeat them: what a refinement changes.
package struct AsymmetricUnit: Sendable {
  package struct Atom: Sendable {
    package var label: String
    package var site: Site
    /// Whether its displacements differ by direction: as the file states them, or states none at all.
    package var isAnisotropic: Bool

    package init(label: String, site: Site, isAnisotropic: Bool) {
      self.label = label
      self.site = site
      self.isAnisotropic = isAnisotropic
    }
  }

  package var name: String
  package var cell: UnitCell
  package var operations: [SymmetryOperation]
  package var atoms: [Atom]

  package init(name: String, cell: UnitCell, operations: [SymmetryOperation], atoms: [Atom]) {
    self.name = name
    self.cell = cell
    self.operations = operations
    self.atoms = atoms
  }

  package init(cif bytes: [UInt8]) throws(ScatteringError) {
    let reader = try CrystalReader(bytes)
    cell = try reader.cell()
    operations = try reader.operations(cell: cell)
    name = reader.title
    let tensors = try reader.anisotropicDisplacements(cell: cell)
    atoms = try reader.independentSites(cell: cell).map {
      Atom(
        label: $0.label, site: $0.site,
        isAnisotropic: tensors[$0.label] != nil || $0.site.displacement == nil)
    }
  }
}
