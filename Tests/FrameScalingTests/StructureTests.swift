import Arrays
import FrameScaling
import Scattering
import Testing

@Suite struct StructureTests {
  @Test func symmetryLeavesFourteenNumbersOfQuartz() throws {
    let model = try Reference.quartz()
    #expect(
      model.parameters.map(\.name) == [
        "Si1 x", "Si1 U11", "Si1 U22", "Si1 U33", "Si1 U23", "O1 x", "O1 y", "O1 z", "O1 U11", "O1 U22",
        "O1 U33", "O1 U12", "O1 U13", "O1 U23",
      ])
    var values = model.start
    values[0] = 0.5
    #expect(model.position(of: 0, values) == [0.5, 0, 2.0 / 3])
    values[2] = 0.01
    values[4] = 0.002
    let tensor = model.displacements(of: 0, values)
    #expect((tensor[3] - 0.005).magnitude < 1e-12)
    #expect((tensor[4] - 0.001).magnitude < 1e-12)
  }

  @Test func freeNumbersOfOtherSites() throws {
    func names(_ operations: String, _ place: String, cell: String = "5 5 5 90 90 90") throws -> [String] {
      let lengths = cell.split(separator: " ")
      let cif = """
        data_x
        _cell_length_a \(lengths[0])
        _cell_length_b \(lengths[1])
        _cell_length_c \(lengths[2])
        _cell_angle_alpha \(lengths[3])
        _cell_angle_beta \(lengths[4])
        _cell_angle_gamma \(lengths[5])
        loop_
        _space_group_symop_operation_xyz
        \(operations)
        loop_
        _atom_site_label
        _atom_site_fract_x
        _atom_site_fract_y
        _atom_site_fract_z
        C1 \(place)
        loop_
        _atom_site_aniso_label
        _atom_site_aniso_U_11
        _atom_site_aniso_U_22
        _atom_site_aniso_U_33
        _atom_site_aniso_U_12
        _atom_site_aniso_U_13
        _atom_site_aniso_U_23
        C1 0.01 0.01 0.01 0 0 0
        """
      return try StructureModel(try AsymmetricUnit(cif: Array(cif.utf8))).parameters.map {
        String($0.name.dropFirst(3))
      }
    }
    // A general position, a centre, a mirror across b, an axis along the diagonal x,x,x.
    #expect(try names("x,y,z", "0.1 0.2 0.3").count == 9)
    #expect(
      try names("x,y,z\n-x,-y,-z", "0 0 0.5") == ["U11", "U22", "U33", "U12", "U13", "U23"])
    #expect(try names("x,y,z\nx,-y,z", "0.1 0 0.3") == ["x", "z", "U11", "U22", "U33", "U13"])
    #expect(try names("x,y,z\nz,x,y\ny,z,x", "0.1 0.1 0.1") == ["x", "U11", "U23"])
  }

  @Test func structureFactorsAreThoseOfTheReference() throws {
    let model = try Reference.quartz()
    let wave = try Reference.wave()
    let (_, rows) = try Reference.table("structure_factors.csv")
    let indices = rows.map { SIMD3(Int($0[0]), Int($0[1]), Int($0[2])) }
    let (potentials, _) = model.potentials(
      model.start, indices: indices, wave: wave, hand: .other, withDerivatives: false)
    for (row, potential) in zip(rows, potentials) {
      #expect((potential.re - row[7]).magnitude < 1e-8)
      #expect((potential.im - row[8]).magnitude < 1e-8)
    }
  }

  @Test func theOtherHandIsTheInverseStructure() throws {
    let model = try Reference.quartz()
    let wave = try Reference.wave()
    let indices: [SIMD3<Int>] = [[1, 0, 1], [2, -1, 3], [0, 1, 1]]
    let given = model.potentials(
      model.start, indices: indices, wave: wave, hand: .given, withDerivatives: false)
    let other = model.potentials(
      model.start, indices: indices.map { SIMD3(-$0.x, -$0.y, -$0.z) }, wave: wave, hand: .other,
      withDerivatives: false)
    for (a, b) in zip(given.potentials, other.potentials) { #expect((a - b).modulus < 1e-15) }
  }

  @Test func derivativesAreThoseOfFiniteDifferences() throws {
    let model = try Reference.quartz()
    let wave = try Reference.wave()
    let indices: [SIMD3<Int>] = [[1, 0, 1], [2, -1, 3], [-4, 2, 1], [0, 0, 3]]
    for hand in Hand.allCases {
      func potentials(_ values: [Double]) -> [ComplexDouble] {
        model.potentials(values, indices: indices, wave: wave, hand: hand, withDerivatives: false).potentials
      }
      let slopes = model.potentials(
        model.start, indices: indices, wave: wave, hand: hand, withDerivatives: true
      ).derivatives
      for column in model.parameters.indices {
        let step = 1e-5
        var (up, down) = (model.start, model.start)
        up[column] += step
        down[column] -= step
        for (at, (a, b)) in zip(potentials(up), potentials(down)).enumerated() {
          let expected = (a - b) / (2 * step)
          #expect((expected - slopes[column, at]).modulus < 1e-6 * max(1, expected.modulus))
        }
      }
    }
  }

  @Test func hostileStructuresAreOneLine() {
    for text in [
      "", "data_x", "data_x\n_cell_length_a nan", Reference.quartzCIF.replacing("4.913", with: "1e99"),
    ] {
      #expect(throws: ScatteringError.self) { try AsymmetricUnit(cif: Array(text.utf8)) }
    }
  }
}
