import Arrays
import CBLEED
import Testing

@Suite struct ReadingTests {
  static let surface = Reference.surface

  static func patterns(
    _ samples: Int, seed: UInt64, size: Int = 32, _ augmentation: Augmentation = .none
  ) throws -> [CBLEEDPattern] {
    let simulation = try CBLEEDSimulation(
      SimulationRequest(
        surface: surface, energies: 55...75,
        ranges: ["dimer_height": 0...0, "dimer_length": 2.3...2.3, "dimer_buckling": 0.2...0.5],
        samples: samples, seed: seed, detector: Detector(commensurateWith: surface.cell, size: size),
        augmentation: augmentation), phaseShifts: [Reference.phaseShifts])
    var run = simulation.patterns()
    var found: [CBLEEDPattern] = []
    while let pattern = try run.next() { found.append(pattern) }
    return found
  }

  @Test(arguments: [nil, 100.0])
  func `the shift of a pattern is found to a tenth of a pixel`(counts: Double?) throws {
    let patterns = try Self.patterns(
      12, seed: 3, size: 64, Augmentation(peakCounts: counts, shiftPixels: 1))
    let detector = Detector(commensurateWith: Self.surface.cell)
    let fit = DiscFit(detector: detector, cell: Self.surface.cell)
    var errors: [Double] = []
    for pattern in patterns {
      let moved = pattern.sample.detector.shift
      let expected = PlaneVector(moved.x / detector.pixel, -moved.y / detector.pixel)
      errors.append((fit.shift(of: pattern.pixels) - expected).length)
    }
    #expect(errors.reduce(0, +) / 12 < 0.1)
  }

  @Test func `a dark image has no shift`() {
    let detector = Detector(commensurateWith: Self.surface.cell, size: 32)
    let fit = DiscFit(detector: detector, cell: Self.surface.cell)
    #expect(fit.shift(of: Matrix(rows: 32, columns: 32)) == .zero)
  }

  @Test func `features do not depend on the exposure`() throws {
    let detector = Detector(commensurateWith: Self.surface.cell, size: 32)
    let features = DiscFeatures(detector: detector, cell: Self.surface.cell, alignment: .known)
    let pattern = try Self.patterns(1, seed: 1)[0].pixels
    let brighter = pattern.mapValues { 8 * $0 }
    for (a, b) in zip(features.features(of: pattern), features.features(of: brighter)) {
      #expect(abs(a - b) < 1e-9)
    }
    #expect(features.count > 50)
  }
}
