import CIF

/// Reads a crystal from a CIF text: the first data block that has a cell and atoms.
extension Crystal {
  package init(cif text: String, name: String = "") throws(ScatteringError) {
    try self.init(cif: Array(text.utf8), name: name)
  }

  package init(cif bytes: [UInt8], name: String = "") throws(ScatteringError) {
    self = try CrystalReader(bytes).crystal(name: name)
  }
}

struct CrystalReader {
  let block: CIFBlock

  init(_ bytes: [UInt8]) throws(ScatteringError) {
    let blocks: [CIFBlock]
    do throws(CIFError) {
      blocks = try CIFDocument.blocks(bytes)
    } catch {
      throw .cif(line: error.line, reason: error.reason)
    }
    guard !blocks.isEmpty else { throw .cif(line: nil, reason: "no data block") }
    guard
      let block = blocks.first(where: {
        $0.value("_cell_length_a") != nil && $0.table(with: "_atom_site_fract_x") != nil
      })
    else { throw .cif(line: blocks[0].line, reason: "no data block has both a cell and a list of atoms") }
    self.block = block
  }

  /// Atoms of one cell: beyond this the file is not a crystal for diffraction.
  static let siteLimit = 10_000

  func crystal(name: String) throws(ScatteringError) -> Crystal {
    let cell = try cell()
    let operations = try operations(cell: cell)
    var sites: [Site] = []
    for (_, site) in try independentSites(cell: cell) {
      sites += Self.orbit(of: site, under: operations, cell: cell)
      guard sites.count <= Self.siteLimit else {
        throw .cif(line: nil, reason: "more than \(Self.siteLimit) atoms in the cell")
      }
    }
    return Crystal(name: name.isEmpty ? title : name, cell: cell, sites: sites)
  }

  var title: String {
    block.value("_chemical_name_mineral", "_chemical_name_common", "_chemical_formula_sum")?.text
      ?? block.name
  }

  func cell() throws(ScatteringError) -> UnitCell {
    var lengths = Vector3.zero
    var angles = Vector3(repeating: 90)
    for (i, axis) in ["a", "b", "c"].enumerated() {
      guard let value = block.value("_cell_length_\(axis)") else {
        throw .cif(line: block.line, reason: "no _cell_length_\(axis)")
      }
      guard let length = value.number, length > 0.5, length < 1000 else {
        throw .cif(
          line: value.line, reason: "_cell_length_\(axis) \"\(value.text.prefix(40))\" is no length in Å")
      }
      lengths[i] = length
    }
    for (i, angle) in ["alpha", "beta", "gamma"].enumerated() {
      guard let value = block.value("_cell_angle_\(angle)") else { continue }
      guard let degrees = value.number, degrees > 5, degrees < 175 else {
        throw .cif(
          line: value.line, reason: "_cell_angle_\(angle) \"\(value.text.prefix(40))\" is no angle in degrees"
        )
      }
      angles[i] = degrees
    }
    guard let cell = UnitCell(lengths: lengths, anglesDegrees: angles) else {
      throw .cif(line: block.value("_cell_length_a")?.line, reason: "the cell's angles enclose no volume")
    }
    return cell
  }

  /// The list of operations where there is one, else the group of a Hall symbol, a Hermann-Mauguin
  /// symbol or a number, in this order.
  func operations(cell: UnitCell) throws(ScatteringError) -> [SymmetryOperation] {
    let listed = block.column(
      "_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz", "_symmetry_equiv_pos_xyz")
    if !listed.isEmpty {
      guard listed.count <= 192 else {
        throw .cif(
          line: listed[0].line, reason: "\(listed.count) symmetry operations; no group has more than 192")
      }
      var operations: [SymmetryOperation] = []
      for value in listed {
        guard let operation = SymmetryOperation(value.text) else {
          throw .cif(line: value.line, reason: "\"\(value.text.prefix(60))\" is no symmetry operation")
        }
        operations.append(operation)
      }
      return operations
    }
    let named = [
      block.value("_space_group_name_hall", "_symmetry_space_group_name_hall"),
      block.value(
        "_space_group_name_h-m_alt", "_symmetry_space_group_name_h-m", "_space_group_name_h-m",
        "_space_group_name_h-m_ref"),
      block.value("_space_group_it_number", "_symmetry_int_tables_number"),
    ].compactMap { $0 }
    guard let first = named.first else {
      throw .cif(line: block.line, reason: "neither symmetry operations nor a space group")
    }
    let angles = cell.anglesDegrees
    let hexagonal = abs(angles.z - 120) < 0.01 && abs(angles.x - 90) < 0.01
    var refusal = ScatteringError.cif(line: first.line, reason: "no space group")
    for value in named {
      do throws(ScatteringError) {
        return try SpaceGroup(named: value.text, hexagonalAxes: hexagonal).operations
      } catch {
        if value == first { refusal = .cif(line: value.line, reason: error.description) }
      }
    }
    throw refusal
  }

  /// Every distinct image of `site`. Images closer than 0.05 Å are one atom on a special position, and
  /// it stands at their mean so that 0.333 becomes a third.
  static func orbit(of site: Site, under operations: [SymmetryOperation], cell: UnitCell) -> [Site] {
    var images: [Site] = []
    var sums: [(offset: Vector3, count: Double)] = []
    for operation in operations {
      let position = wrapped(operation(site.position))
      var known = false
      for i in images.indices {
        var offset = position - images[i].position
        offset -= offset.rounded(.toNearestOrAwayFromZero)
        if cell.cartesian(offset).length < 0.05 {
          sums[i].offset += offset
          sums[i].count += 1
          known = true
          break
        }
      }
      if known { continue }
      // U turns with the operation's Cartesian rotation.
      let turn = cell.matrix * operation.rotation * cell.matrix.inverse
      images.append(
        Site(
          element: site.element, position: position, occupancy: site.occupancy,
          displacement: site.displacement?.turned(by: turn)))
      sums.append((.zero, 1))
    }
    for i in images.indices {
      images[i].position = wrapped(images[i].position + sums[i].offset / sums[i].count)
    }
    return images
  }
}
