// swift-format-ignore-file: NeverForceUnwrap

import Arrays
import CBLEED
import Testing

/// One layer at 60 eV and l_max 4, as in `layer_reference.json`.
@Suite struct LayerTests {
  static let kappa = PlaneVector(0.13, 0.21)
  static let side = 5.4310 / 2.0.squareRoot()
  static let small = PlaneCell(PlaneVector(side, 0), PlaneVector(0, side))
  static let large = PlaneCell(PlaneVector(2 * side, 0), PlaneVector(0, side))
  static let realSquare = 72 / 3.809982111
  let reference = Reference.json("layer_reference.json")

  func section(_ name: String) throws -> [String: Any] { try #require(reference[name] as? [String: Any]) }
  func numbers(_ value: Any?) throws -> [ComplexDouble] { try #require(value as? [Any]).map(complex) }

  var waveNumber: ComplexDouble { complex(reference["k_invA"]!) }

  func sums(_ cell: PlaneCell, _ d: Position) -> [ComplexDouble] {
    let points = cell.points(within: 90)
    let table = LatticeTable(maximum: 4, waveNumber: waveNumber, points: points, distance: d)
    return table.sums(latticePhases([Self.kappa], points)).values
  }

  func scattering(_ meanSquare: Double, maximum: Int = 4) -> [ComplexDouble] {
    thermalScattering(
      Reference.phaseShifts.at(72, maximum: 7), meanSquare: meanSquare, squaredWaveNumber: Self.realSquare,
      maximum: maximum)
  }

  @Test func `T matrices with and without vibrations agree with the reference`() throws {
    for (name, meanSquare) in [("T_l_u2_0.006", 0.006), ("T_l_u2_0", 0)] {
      for (mine, theirs) in zip(scattering(meanSquare, maximum: 7), try numbers(reference[name])) {
        #expect((mine - theirs).modulus < 1e-9)
      }
    }
  }

  @Test func `lattice sums and propagators agree with the reference`() throws {
    let cases = [
      ("lattice_sum_bravais_1x1", "G_bravais_1x1", Self.small),
      ("lattice_sum_2x1_dimer_pair", "G_2x1_dimer_pair", Self.large),
    ]
    for (sumName, propagatorName, cell) in cases {
      let section = try section(sumName)
      let d = try #require(section["d_A"] as? [Double])
      let sums = sums(cell, Position(d[0], d[1], d[2]))
      let theirs = try numbers(section["D"])
      let largest = try #require(theirs.map(\.modulus).max())
      for (a, b) in zip(sums, theirs) { #expect((a - b).modulus <= 1e-5 * largest) }
      let propagator = GauntTable(maximum: 4).propagator(sums)
      let rows = try #require(try self.section(propagatorName)["first_9x9"] as? [[Any]])
      for (r, row) in rows.enumerated() {
        for (c, value) in row.enumerated() { #expect((propagator[r, c] - complex(value)).modulus < 1e-5) }
      }
    }
  }

  func matrices(_ cell: PlaneCell, _ atoms: [SurfaceAtom]) throws -> (BeamSet, LayerMatrices) {
    let layer = SurfaceLayer(plane: 0, atoms: atoms)
    let beams = BeamSet(
      kappa: Self.kappa, waveNumber: waveNumber, cell: cell, harmonics: SphericalHarmonics(maximum: 4),
      settings: DynamicalSettings(maximumDegree: 4))
    let store = LatticeSumStore(
      maximum: 4, waveNumber: waveNumber, cell: cell, radius: 90, kappas: [Self.kappa], layers: [layer])
    let degrees = (0...4).flatMap { l in Array(repeating: l, count: 2 * l + 1) }
    let t = atoms.map { atom in
      let t = scattering(atom.meanSquare)
      return degrees.map { t[$0] }
    }
    let scatterer = LayerScatterer(
      layer: layer, area: cell.area, beams: beams, scattering: t, gaunt: GauntTable(maximum: 4)
    ) { store.sums(kappa: 0, from: atoms[$1], to: atoms[$0]) }
    return (beams, try scatterer.matrices())
  }

  @Test func `layer matrices agree with the reference`() throws {
    let dimer = try section("layer_matrix_2x1_dimer")
    let places = try #require(dimer["atoms_rel_layer_origin_A"] as? [[Double]])
    let cases = [
      (try section("layer_matrix_bravais_1x1"), Self.small, [[0, 0, 0, 0.006]]), (dimer, Self.large, places),
    ]
    for (section, cell, places) in cases {
      let atoms = places.map {
        SurfaceAtom(element: 0, position: Position($0[0], $0[1], $0[2]), meanSquare: $0[3])
      }
      let (beams, layer) = try matrices(cell, atoms)
      let orders = try #require(section["beams"] as? [[Int]])
      let known = try orders.map { try #require(beams.position(BeamIndex($0[0], $0[1]))) }
      let pairs = [
        ("M_pp", layer.transmissionUp, 1.0), ("M_mm", layer.transmissionDown, 1.0),
        ("M_pm", layer.reflectionAbove, 0.0), ("M_mp", layer.reflectionBelow, 0.0),
      ]
      for (name, matrix, unit) in pairs {
        let rows = try #require(section[name] as? [[Any]])
        for (r, row) in rows.enumerated() {
          for (c, value) in row.enumerated() {
            // The reference leaves the unscattered wave out.
            let mine = matrix[known[r], known[c]] - ComplexDouble(r == c ? unit : 0)
            #expect((mine - complex(value)).modulus < 1e-6)
          }
        }
      }
    }
  }

  /// Without absorption lattice sums do not converge; the layer matrices are continued there along the
  /// imaginary energy, in which they are analytic.
  @Test func `a layer that absorbs nothing scatters every electron back or through`() throws {
    let energy = 66.0
    let nodes = (0..<8).map { 1 + 0.5 * Double($0) }
    let atoms = [SurfaceAtom(element: 0, position: Position(0, 0, 0), meanSquare: 0)]
    let degrees = (0...2).flatMap { l in Array(repeating: l, count: 2 * l + 1) }
    let t = thermalScattering(
      Reference.phaseShifts.at(energy, maximum: 2), meanSquare: 0, squaredWaveNumber: energy / 3.809982111,
      maximum: 2)
    var through: [ComplexMatrix] = []
    var back: [ComplexMatrix] = []
    var orders: [PlaneVector] = []
    for absorption in nodes {
      let k = waveNumber(energy, absorption)
      // Few enough beams that the set does not depend on absorption.
      let settings = DynamicalSettings(maximumDegree: 2, beamAmplitude: 0.9)
      let beams = BeamSet(
        kappa: Self.kappa, waveNumber: k, cell: Self.small, harmonics: SphericalHarmonics(maximum: 2),
        settings: settings)
      orders = beams.indices.map { Self.small.beam($0.h, $0.k) }
      let layer = SurfaceLayer(plane: 0, atoms: atoms)
      let store = LatticeSumStore(
        maximum: 2, waveNumber: k, cell: Self.small, radius: 12 / k.im, kappas: [Self.kappa], layers: [layer])
      let matrices = try LayerScatterer(
        layer: layer, area: Self.small.area, beams: beams, scattering: [degrees.map { t[$0] }],
        gaunt: GauntTable(maximum: 2)
      ) { _, _ in store.sums(kappa: 0, from: atoms[0], to: atoms[0]) }.matrices()
      through.append(matrices.transmissionDown)
      back.append(matrices.reflectionAbove)
    }
    func continued(_ values: [ComplexMatrix], _ r: Int, _ c: Int) -> ComplexDouble {
      var sum = ComplexDouble.zero
      for i in nodes.indices {
        var weight = 1.0
        for j in nodes.indices where j != i { weight *= nodes[j] / (nodes[j] - nodes[i]) }
        sum += weight * values[i][r, c]
      }
      return sum
    }
    let squares = orders.map { energy / 3.809982111 - (Self.kappa + $0).squaredLength }
    for incident in orders.indices where squares[incident] > 0 {
      var flux = 0.0
      for out in orders.indices where squares[out] > 0 {
        flux +=
          squares[out].squareRoot()
          * (continued(through, out, incident).squaredModulus + continued(back, out, incident).squaredModulus)
      }
      #expect(abs(flux / squares[incident].squareRoot() - 1) < 2e-3)
    }
  }

  func waveNumber(_ energy: Double, _ absorption: Double) -> ComplexDouble {
    // k = sqrt(E_in / 3.81) with E_in = energy + i absorption, by its polar form.
    let square = ComplexDouble(energy, absorption) / 3.809982111
    let modulus = square.modulus.squareRoot()
    let real = ((square.modulus + square.re) / 2).squareRoot()
    return ComplexDouble(real, (modulus * modulus - real * real).squareRoot())
  }
}
