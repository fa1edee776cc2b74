import Foundation
import Scattering
import Testing

@Suite struct CIFTests {
  private static let rutile = """
    data_test
    _cell.length_a 4.594(2) # a comment
    _cell_length_b 4.594
    _cell_length_c 2.959
    _cell_angle_alpha 90
    _cell_angle_beta 90
    _cell_angle_gamma 90
    SYMMETRY
    loop_
    _atom_site_label
    _atom_site_fract_x
    _atom_site_fract_y
    _atom_site_fract_z
    _atom_site_occupancy
    Ti1 0 0 0 1.0
    O1 .305(1) .305 0 ?
    """

  private static func crystal(_ symmetry: String) throws -> Crystal {
    try Crystal(cif: rutile.replacingOccurrences(of: "SYMMETRY", with: symmetry))
  }

  private static func line(_ text: String) -> Int? {
    do {
      _ = try Crystal(cif: text)
      return -1
    } catch {
      if case .cif(let line, _) = error { return line }
      return -2
    }
  }

  @Test(arguments: [
    "_symmetry_space_group_name_H-M 'P 42/m n m'", "_space_group_name_H-M_alt \"P4_2/mnm\"",
    "_symmetry_Int_Tables_number 136", "_space_group_name_Hall '-P 4n 2n'",
    """
    loop_
    _space_group_symop.id
    _space_group_symop.operation_xyz
    1 x,y,z
    2 -x,-y,z
    3 1/2-y,x+1/2,.5+z
    4 'y+1/2, -x+1/2, z+1/2'
    5 -x+1/2,y+1/2,-z+1/2
    6 x+1/2,-y+1/2,-z+1/2
    7 y,x,-z
    8 -y,-x,-z
    9 -x,-y,-z
    10 x,y,-z
    11 y+1/2,-x+1/2,-z+1/2
    12 -y+1/2,x+1/2,-z+1/2
    13 x+1/2,-y+1/2,z+1/2
    14 -x+1/2,y+1/2,z+1/2
    15 -y,-x,z
    16 y,x,z
    """,
  ])
  func `a group by symbol, number or list of operations gives the same six atoms`(symmetry: String) throws {
    let crystal = try Self.crystal(symmetry)
    #expect(crystal.cell.lengths == [4.594, 4.594, 2.959])
    let expected: [(String, Vector3)] = [
      ("Ti", [0, 0, 0]), ("Ti", [0.5, 0.5, 0.5]), ("O", [0.305, 0.305, 0]), ("O", [0.695, 0.695, 0]),
      ("O", [0.805, 0.195, 0.5]), ("O", [0.195, 0.805, 0.5]),
    ]
    #expect(crystal.sites.count == expected.count)
    for (symbol, position) in expected {
      #expect(
        crystal.sites.contains { $0.element.symbol == symbol && ($0.position - position).length < 1e-9 })
    }
  }

  @Test func `the known crystals are the sample files and have their formulas and bond lengths`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../Samples/crystals")
    for name in Crystal.knownNames {
      let text = try String(contentsOf: folder.appendingPathComponent(name + ".cif"), encoding: .utf8)
      #expect(Crystal.knownText(name) == text)
    }
    let counts = [
      "rutile": 6, "strontium-titanate": 5, "beryl": 58, "silicon": 8, "gallium-arsenide": 8,
      "magnesium-oxide": 8, "quartz": 9,
    ]
    // Shortest distance between unlike (or, in silicon, like) atoms in Å.
    let bonds = [
      "rutile": 1.949, "strontium-titanate": 1.9525, "beryl": 1.594, "silicon": 2.3517,
      "gallium-arsenide": 2.448, "magnesium-oxide": 2.1056, "quartz": 1.605,
    ]
    for name in Crystal.knownNames {
      let crystal = try Crystal(known: name)
      #expect(crystal.sites.count == counts[name], "\(name)")
      var shortest = Double.infinity
      for a in crystal.sites {
        for b in crystal.sites where a != b {
          for i in -1...1 {
            for j in -1...1 {
              for k in -1...1 {
                let shift = Vector3(Double(i), Double(j), Double(k))
                shortest = min(shortest, crystal.cell.cartesian(b.position - a.position + shift).length)
              }
            }
          }
        }
      }
      #expect(abs(shortest - (bonds[name] ?? 0)) < 0.003, "\(name) \(shortest)")
    }
    #expect(throws: ScatteringError.self) { try Crystal(known: "unobtainium") }
  }

  @Test func `what is wrong is said with its line`() {
    let good = Self.rutile.replacingOccurrences(of: "SYMMETRY", with: "_space_group_IT_number 136")
    #expect(Self.line(good) == -1)
    #expect(Self.line("") == .some(nil))
    #expect(Self.line("_cell_length_a 3") == 1)
    #expect(Self.line(good.replacingOccurrences(of: "4.594(2)", with: "long")) == 2)
    #expect(Self.line(good.replacingOccurrences(of: "gamma 90", with: "gamma 190")) == 7)
    #expect(Self.line(good.replacingOccurrences(of: "136", with: "236")) == 8)
    #expect(Self.line(good.replacingOccurrences(of: "Ti1 0", with: "Xx1 0")) == 15)
    #expect(Self.line(good.replacingOccurrences(of: "0 ?", with: "0 7")) == 16)
    #expect(Self.line(good.replacingOccurrences(of: "0 ?", with: "0")) == 16)
    #expect(Self.line(good.replacingOccurrences(of: "_space_group_IT_number 136", with: "")) == 1)
    let twice = good.replacingOccurrences(of: "_number 136", with: "_number 227")
    #expect(
      throws: ScatteringError.cif(
        line: 8, reason: "space group \"227\" has several settings: say which, :1 or :2")
    ) {
      try Crystal(cif: twice)
    }
  }

  @Test func `no prefix and no damaged byte of a file does more than throw`() {
    let text = Array(
      Self.rutile.replacingOccurrences(of: "SYMMETRY", with: "_space_group_IT_number 136").utf8)
    var refused = 0
    for count in stride(from: 0, to: text.count, by: 7) {
      if (try? Crystal(cif: Array(text[..<count]))) == nil { refused += 1 }
    }
    for at in stride(from: 0, to: text.count, by: 5) {
      for byte in [UInt8(0), 34, 39, 59, 255] {
        var damaged = text
        damaged[at] = byte
        _ = try? Crystal(cif: damaged)
      }
    }
    #expect(refused > 40)
    #expect(throws: ScatteringError.self) { try Crystal(cif: [UInt8](repeating: 39, count: 3_000_000)) }
  }

  @Test func `displacements are read isotropic, anisotropic and as B, and follow the symmetry`() throws {
    let text = Self.rutile.replacingOccurrences(of: "SYMMETRY", with: "_space_group_IT_number 136")
      .replacingOccurrences(of: "_atom_site_occupancy", with: "_atom_site_B_iso_or_equiv")
      .replacingOccurrences(of: "0 ?", with: "0 0.5").replacingOccurrences(of: "0 1.0", with: "0 0.4(1)")
    let isotropic = try Crystal(cif: text)
    let u = try #require(isotropic.sites[0].displacement)
    #expect(abs(u.along([0, 0, 1]) - 0.4 / (8 * .pi * .pi)) < 1e-12)
    let tensors = """

      loop_
      _atom_site_aniso_label
      _atom_site_aniso_U_11
      _atom_site_aniso_U_22
      _atom_site_aniso_U_33
      _atom_site_aniso_U_12
      _atom_site_aniso_U_13
      _atom_site_aniso_U_23
      O1 0.006 0.006 0.004 -0.002 0 0
      """
    let crystal = try Crystal(cif: text + tensors)
    // The oxygen ellipsoid is short along its bond direction [110]; 4_2 turns it by 90 degrees.
    let bond = Vector3(0.5, 0.5, 0) * 2.0.squareRoot()
    let across = Vector3(0.5, -0.5, 0) * 2.0.squareRoot()
    for site in crystal.sites where site.element.symbol == "O" {
      let displacement = try #require(site.displacement)
      let turned = abs(site.position.z - 0.5) < 0.1
      #expect(abs(displacement.along(turned ? across : bond) - 0.004) < 1e-9)
      #expect(abs(displacement.along(turned ? bond : across) - 0.008) < 1e-9)
    }
  }

  @Test func `text fields, quotes and frames are cut as CIF 1.1 says`() throws {
    let text =
      "data_x\r\n_a\r\n;one\r\n;two\r\n;\r\n_chemical_name_common 'O'Neill's' save_f save_\r\n"
      + Self.rutile.replacingOccurrences(of: "SYMMETRY", with: "_space_group_IT_number 136")
      .replacingOccurrences(of: "data_test\n", with: "")
    // ";two" ends the first field, so "two" is a value without a name.
    #expect(Self.line(text) == 4)
    let mended = text.replacingOccurrences(of: ";two", with: " ;two")
    #expect(try Crystal(cif: mended).name == "O'Neill's")
  }
}
