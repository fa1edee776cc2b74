import System
import Arrays
import CBLEED
import Foundation
import Testing

@Suite struct SimulationTests {
  static let noisy = Augmentation(peakCounts: 100, shiftPixels: 0.5, tilt: 0.01, background: 0.05)
  static let coarse = SimulationRequest.Method.dynamical(
    DynamicalSettings(
      maximumDegree: 2, beamAmplitude: 0.1, latticeRadius: .untilAmplitude(0.05), bulkLayers: 4))

  static func simulation(
    _ samples: Int, seed: UInt64 = 1, method: SimulationRequest.Method = .kinematic,
    augmentation: Augmentation = noisy
  ) throws -> CBLEEDSimulation {
    let surface = Reference.surface
    return try CBLEEDSimulation(
      SimulationRequest(
        surface: surface, energies: 40...80, ranges: ["dimer_length": 2.3...2.3], samples: samples,
        seed: seed,
        method: method, structuresPerEnergy: method == .kinematic ? 1 : 2,
        detector: Detector(commensurateWith: surface.cell, size: 20, discRadius: 0.3),
        augmentation: augmentation),
      phaseShifts: [Reference.phaseShifts])
  }

  static func all(_ simulation: CBLEEDSimulation, skipping: Set<Int> = []) throws -> [CBLEEDPattern] {
    var run = simulation.patterns(skipping: skipping)
    var found: [CBLEEDPattern] = []
    while let pattern = try run.next() { found.append(pattern) }
    return found
  }

  @Test func `every stratum of every range is sampled once`() throws {
    let samples = try Self.simulation(50).samples
    func strata(_ values: [Double], _ range: ClosedRange<Double>) -> [Int] {
      values.map { Int((($0 - range.lowerBound) / (range.upperBound - range.lowerBound) * 50)) }.sorted()
    }
    #expect(strata(samples.map(\.energy), 40...80) == Array(0..<50))
    #expect(strata(samples.compactMap { $0.parameters["dimer_buckling"] }, -0.7...0.7) == Array(0..<50))
    #expect(samples.allSatisfy { $0.parameters["dimer_length"] == 2.3 })
    #expect(samples.allSatisfy { abs($0.detector.shift.x) <= 0.5 * $0.detector.pixel })
  }

  @Test func `a ramp goes through all ranges in order`() throws {
    var request = SimulationRequest(
      surface: Reference.surface, energies: 40...80,
      ranges: ["dimer_buckling": 0.1...0.5, "dimer_height": 0...0, "dimer_length": 2.3...2.3], samples: 5)
    request.order = .ramp
    let samples = try CBLEEDSimulation(request, phaseShifts: [Reference.phaseShifts]).samples
    #expect(samples.map(\.energy) == [40, 50, 60, 70, 80])
    for (number, sample) in samples.enumerated() {
      #expect(abs((sample.parameters["dimer_buckling"] ?? .nan) - (0.1 + 0.1 * Double(number))) < 1e-12)
    }
  }

  @Test(arguments: [SimulationRequest.Method.kinematic, coarse])
  func `a resumed run gives the same bytes as a whole one`(method: SimulationRequest.Method) throws {
    let simulation = try Self.simulation(5, method: method)
    let whole = try Self.all(simulation)
    #expect(whole.map(\.sample.index) == [0, 1, 2, 3, 4])
    let rest = try Self.all(simulation, skipping: [0, 1, 2])
    #expect(rest.map(\.sample.index) == [3, 4])
    for pattern in rest { #expect(pattern.pixels == whole[pattern.sample.index].pixels) }
    #expect(try Self.all(simulation, skipping: Set(0..<5)).isEmpty)
  }

  @Test func `seeds decide samples and noise`() throws {
    let one = try Self.all(Self.simulation(3))
    let again = try Self.all(Self.simulation(3))
    let other = try Self.all(Self.simulation(3, seed: 2))
    for i in 0..<3 {
      #expect(one[i].pixels == again[i].pixels)
      #expect(one[i].sample != other[i].sample)
      #expect(one[i].pixels != other[i].pixels)
    }
  }

  @Test func `structures that share an energy share their misalignment`() throws {
    let samples = try Self.simulation(4, method: Self.coarse).samples
    #expect(samples[0].energy == samples[1].energy && samples[2].energy == samples[3].energy)
    #expect(samples[0].detector == samples[1].detector)
    #expect(samples[0].energy != samples[2].energy)
    #expect(samples[0].parameters != samples[1].parameters)
  }

  @Test func `counts are whole and their mean is the pattern`() throws {
    let clean = Matrix(rows: 40, columns: 40, repeating: 2)
    var random = RandomNumbers(seed: 5)
    let counts = Augmentation(peakCounts: 50).degrade(clean, &random)
    #expect(counts.values.allSatisfy { $0 == $0.rounded() })
    let mean = counts.values.reduce(0, +) / 1600
    // Five standard deviations of a mean of 1600 counts.
    let allowed: Float = 5 * Float(50).squareRoot() / 40
    #expect(abs(mean - 50) < allowed)
  }

  @Test func `without noise patterns are the model's own`() throws {
    let simulation = try Self.simulation(2, augmentation: .none)
    let model = KinematicModel(surface: Reference.surface, phaseShifts: [Reference.phaseShifts])
    for pattern in try Self.all(simulation) {
      let expected = model.pattern(
        energy: pattern.sample.energy, structure: try Reference.surface.structure(pattern.sample.parameters),
        detector: pattern.sample.detector)
      #expect(pattern.pixels == expected)
    }
  }

  @Test func `progress rises to one and cancelling stops`() throws {
    let simulation = try Self.simulation(4, method: Self.coarse)
    let seen = Recorder()
    var run = simulation.patterns(progress: { seen.add($0) })
    while try run.next() != nil {}
    #expect(abs((seen.values.max() ?? 0) - 1) < 1e-12)
    #expect(seen.values.count > 10)
    var cancelled = simulation.patterns(isCancelled: { true })
    #expect(throws: CBLEEDError.cancelled) { try cancelled.next() }
  }

  @Test func `requests that nobody can answer are refused in one line`() {
    let surface = Reference.surface
    let requests = [
      SimulationRequest(surface: surface, samples: 0),
      SimulationRequest(surface: surface, energies: 30...400, samples: 1),
      SimulationRequest(surface: surface, energies: 0...50, samples: 1),
      SimulationRequest(surface: surface, ranges: ["tilt": 0...1], samples: 1),
      SimulationRequest(surface: surface, samples: 1, augmentation: Augmentation(peakCounts: 0)),
      SimulationRequest(surface: surface, samples: 1, augmentation: Augmentation(background: -1)),
    ]
    for request in requests {
      #expect(throws: CBLEEDError.self) {
        try CBLEEDSimulation(request, phaseShifts: [Reference.phaseShifts])
      }
    }
  }
}

/// Collects numbers from several threads.
private final class Recorder: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: [Double] = []

  var values: [Double] { lock.withLock { stored } }
  func add(_ value: Double) { lock.withLock { stored.append(value) } }
}
