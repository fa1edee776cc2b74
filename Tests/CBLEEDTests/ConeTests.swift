import JSON
import Arrays
import CBLEED
import Testing

/// Patterns from few incident directions, and the list that goes with simulated patterns.
@Suite struct ConeTests {
  static let surface = Reference.surface
  static let detector = Detector(commensurateWith: surface.cell, size: 40, halfWidth: 2.1)

  static func model(_ cone: ConeSampling) -> DynamicalModel {
    let settings = DynamicalSettings(
      maximumDegree: 3, beamAmplitude: 0.05, latticeRadius: .untilAmplitude(0.05), bulkLayers: 4, cone: cone)
    return DynamicalModel(surface: surface, phaseShifts: [Reference.phaseShifts], settings: settings)
  }

  static func patterns(_ cone: ConeSampling, mirrors: MirrorUse = .shared) throws -> [Matrix] {
    try model(cone).patterns(
      energy: 60, structures: [try surface.structure(["dimer_buckling": 0.4]), try surface.structure()],
      detector: detector, mirrors: mirrors)
  }

  @Test func `amplitudes between few directions come near those of every pixel`() throws {
    let exact = try Self.patterns(.everyPixel)
    func error(_ degree: Int) throws -> Double {
      zip(exact, try Self.patterns(.interpolated(degree: degree))).map { a, b in
        zip(a.values, b.values).reduce(0) { $0 + Double(abs($1.0 - $1.1)) }
          / a.values.reduce(0) { $0 + Double($1) }
      }.max() ?? .nan
    }
    let (four, eight) = (try error(4), try error(8))
    #expect(four < 0.05)
    #expect(eight < 0.015)
    #expect(eight < four)
  }

  @Test func `mirror planes halve the directions and keep the pattern`() throws {
    let model = Self.model(.interpolated(degree: 6))
    let structures = [try Self.surface.structure(["dimer_buckling": 0.4])]
    func directions(_ mirrors: MirrorUse) -> Int {
      model.incidentDirections(
        energy: 60, structures: structures, detector: Self.detector, mirrors: mirrors)
    }
    #expect(directions(.ignored) == 28)
    #expect(directions(.shared) == 16)
    let (with, without) = (
      try Self.patterns(.interpolated(degree: 6)),
      try Self.patterns(.interpolated(degree: 6), mirrors: .ignored)
    )
    for (a, b) in zip(with, without) {
      let peak = a.values.max() ?? 0
      let largest = zip(a.values, b.values).map { abs($0 - $1) }.max() ?? .nan
      // Coarse lattice sums do not know the mirror plane exactly.
      #expect(largest <= 0.02 * peak)
    }
  }

  @Test func `the list of cases names every pattern and what it shows`() throws {
    let simulation = try SimulationTests.simulation(3, seed: 4)
    let text = CBLEEDCaseList(simulation).text
    #expect(text == CBLEEDCaseList(try SimulationTests.simulation(3, seed: 4)).text)
    #expect(text != CBLEEDCaseList(try SimulationTests.simulation(3, seed: 5)).text)
    let list = try JSONValue(text.utf8)
    #expect(list["format"] == .text("cbleed-cases-1") && list["seed"] == .integer(4))
    let cases = try #require(list["cases"]?.items)
    #expect(cases.count == simulation.samples.count)
    for (item, sample) in zip(cases, simulation.samples) {
      #expect(item["file"]?.string == CBLEEDCaseList.fileName(sample.index))
      #expect(item["beam_energy"]?.double == sample.energy)
      for (name, value) in sample.parameters { #expect(item[name]?.double == value) }
    }
    #expect(CBLEEDCaseList.fileName(42) == "cbleed_00042.tif")
  }
}
