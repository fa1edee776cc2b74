import CIF

/// The independent atoms of a CIF block.
extension CrystalReader {
  func independentSites(cell: UnitCell) throws(ScatteringError) -> [(label: String, site: Site)] {
    guard let table = block.table(with: "_atom_site_fract_x") else {
      throw .cif(line: block.line, reason: "no list of atoms")
    }
    let anisotropic = try anisotropicDisplacements(cell: cell)
    var sites: [(label: String, site: Site)] = []
    for row in 0..<table.rows {
      func value(_ tag: String) -> CIFBlock.Value? {
        table.column(tag).map { table[row, $0] }.flatMap { $0.isKnown ? $0 : nil }
      }
      // Dummy atoms mark calculated positions that scatter nothing.
      if value("_atom_site_calc_flag")?.text == "dum" { continue }
      let label = value("_atom_site_label")
      let line = table[row, 0].line
      guard let word = value("_atom_site_type_symbol") ?? label else {
        throw .cif(line: line, reason: "an atom without type and label")
      }
      guard let element = Element(label: word.text) else {
        throw .cif(line: word.line, reason: "\"\(word.text.prefix(40))\" is no chemical element")
      }
      var position = Vector3.zero
      for (i, axis) in ["x", "y", "z"].enumerated() {
        guard let text = value("_atom_site_fract_\(axis)"), let number = text.number, abs(number) < 100 else {
          throw .cif(line: line, reason: "atom \(word.text.prefix(20)) has no fractional coordinate \(axis)")
        }
        position[i] = Self.snapped(number)
      }
      var occupancy = 1.0
      if let text = value("_atom_site_occupancy") {
        guard let number = text.number, number >= 0, number <= 1.001 else {
          throw .cif(line: text.line, reason: "occupancy \"\(text.text.prefix(40))\" is not within 0 to 1")
        }
        occupancy = number
      }
      guard occupancy > 0 else { continue }
      var displacement = label.flatMap { anisotropic[$0.text] }
      if displacement == nil {
        if let text = value("_atom_site_u_iso_or_equiv") {
          displacement = Displacement(isotropic: try Self.meanSquare(text, limit: 1))
        } else if let text = value("_atom_site_b_iso_or_equiv") {
          displacement = Displacement(b: try Self.meanSquare(text, limit: 80))
        }
      }
      sites.append(
        (
          label?.text ?? word.text,
          Site(element: element, position: position, occupancy: occupancy, displacement: displacement)
        ))
    }
    guard !sites.isEmpty else { throw .cif(line: table.line, reason: "the list of atoms is empty") }
    return sites
  }

  /// Files print thirds as 0.3333 or 0.66667: coordinates that close to a multiple of 1/12 are meant exactly.
  private static func snapped(_ x: Double) -> Double {
    let nearest = (x * 12).rounded() / 12
    return abs(x - nearest) < 4e-5 ? nearest : x
  }

  private static func meanSquare(_ value: CIFBlock.Value, limit: Double) throws(ScatteringError) -> Double {
    guard let number = value.number, number >= 0, number <= limit else {
      throw .cif(
        line: value.line, reason: "displacement \"\(value.text.prefix(40))\" is not within 0 to \(limit) Å²")
    }
    return number
  }

  /// U_ij or B_ij by label, turned from the axes a* a, b* b, c* c into the Cartesian frame of the cell.
  func anisotropicDisplacements(cell: UnitCell) throws(ScatteringError) -> [String: Displacement] {
    guard let table = block.table(with: "_atom_site_aniso_label"),
      let labels = table.column("_atom_site_aniso_label")
    else { return [:] }
    let (ra, rb, rc) = cell.reciprocal
    let axes = Matrix3(columns: cell.a * ra.length, cell.b * rb.length, cell.c * rc.length)
    var displacements: [String: Displacement] = [:]
    for kind in ["u", "b"] {
      let columns = ["11", "22", "33", "23", "13", "12"].compactMap {
        table.column("_atom_site_aniso_\(kind)_\($0)")
      }
      guard columns.count == 6 else { continue }
      let scale = kind == "u" ? 1 : 1 / (8 * Double.pi * Double.pi)
      for row in 0..<table.rows {
        var u: [Double] = []
        for column in columns where table[row, column].isKnown {
          guard let number = table[row, column].number, abs(number) < 100 else {
            throw .cif(
              line: table[row, column].line,
              reason: "\"\(table[row, column].text.prefix(40))\" is no displacement")
          }
          u.append(number * scale)
        }
        guard u.count == 6 else { continue }
        let tensor = Matrix3(rows: [u[0], u[5], u[4]], [u[5], u[1], u[3]], [u[4], u[3], u[2]])
        displacements[table[row, labels].text] = Displacement(tensor: axes * tensor * axes.transposed)
      }
    }
    return displacements
  }
}
