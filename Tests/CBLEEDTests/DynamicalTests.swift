import Arrays
import CBLEED
import Testing

@Suite struct DynamicalTests {
  static let settings = DynamicalSettings(
    maximumDegree: 7, beamAmplitude: 1e-3, latticeRadius: .fixed(90), bulkLayers: 24)

  @Test func `multiple scattering amplitudes agree with the reference`() throws {
    let model = DynamicalModel(
      surface: Reference.surface, phaseShifts: [Reference.phaseShifts], settings: Self.settings)
    let groups = Dictionary(grouping: Reference.table("iv_points.csv")) { Array($0[0..<6]) }
    #expect(groups.count == 4)
    for (key, rows) in groups {
      let structure = try Reference.surface.structure(Reference.parameters(key[3], key[4], key[5]))
      let beams = try model.reflections(
        energy: key[0], kappas: [PlaneVector(key[1], key[2])], structures: [structure])[0][0]
      let largest = rows.map { $0[10] }.max() ?? 0
      for row in rows {
        let beam = try #require(beams.first { $0.beam == BeamIndex(Int(row[6]), Int(row[7])) })
        let error = (beam.amplitude - Complex64(row[8], row[9])).modulus
        #expect(error <= 1e-5 * Complex64(row[8], row[9]).modulus)
        #expect(abs(beam.intensity - row[10]) <= 1e-5 * largest)
      }
    }
  }
}
