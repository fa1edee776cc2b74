import Arrays
import FrameScaling
import JSON
import Scattering
import Testing

@Suite struct WaveTests {
  static let cases = ((try? Reference.json("bloch_reference.json"))?["cases"]?.items ?? []).indices

  @Test(arguments: cases)
  func intensitiesAreThoseOfTheReference(_ number: Int) throws {
    let items = try #require(try Reference.json("bloch_reference.json")["cases"]?.items)
    let reference = items[number]
    let model = try Reference.quartz()
    let wave = try Reference.wave()
    let beams = (reference["hkl"]?.items ?? []).map { item in
      let n = Reference.numbers(item)
      return SIMD3(Int(n[0]), Int(n[1]), Int(n[2]))
    }
    let errors = Reference.numbers(reference["s_g_invA"])
    let frame = FrameBeams(beams: beams, diagonals: errors.map { 2 * wave.wavenumber * $0 }, wave: wave)
    let (potentials, _) = model.potentials(
      model.start, indices: frame.differences, wave: wave, hand: .other, withDerivatives: false)
    let waves = FrameWaves(frame, potentials: potentials)
    for thickness in reference["thickness"]?.items ?? [] {
      let depth = try #require(thickness["t_A"]?.double)
      let expected = Reference.numbers(thickness["I"])
      let found = try waves.intensities(thicknesses: [depth]).column(0)
      #expect(found.count == expected.count)
      for (a, b) in zip(found, expected) { #expect((a - b).magnitude < 1e-8) }
      #expect((found.reduce(0, +) - 1).magnitude < 1e-10)
      let amplitudes = try waves.amplitudes(step: 0, thickness: depth)
      for (a, (re, im)) in zip(
        amplitudes, zip(Reference.numbers(thickness["psi_re"]), Reference.numbers(thickness["psi_im"])))
      {
        #expect((a - ComplexDouble(re, im)).modulus < 1e-8)
      }
    }
  }

  @Test(arguments: ThicknessModel.allCases)
  func quadraturesAreMeans(_ model: ThicknessModel) {
    let points = model.quadrature
    #expect((points.reduce(0) { $0 + $1.weight } - 1).magnitude < 1e-12)
    #expect((points.reduce(0) { $0 + $1.weight * $1.share } - model.mean).magnitude < 1e-12)
  }
}
