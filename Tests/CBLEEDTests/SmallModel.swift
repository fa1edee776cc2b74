import Arrays
import CBLEED
import Foundation
import Learning

/// A model of few kinematic patterns on a small camera, trained once for all tests: quick, not good.
enum SmallModel {
  static let surface = Reference.surface
  static let detector = Detector(commensurateWith: surface.cell, size: 48)

  static func patterns(
    _ samples: Int, seed: UInt64, size: Int = 48, _ augmentation: Augmentation = .none,
    buckling: ClosedRange<Double> = 0...0.6
  ) throws -> [CBLEEDPattern] {
    let simulation = try CBLEEDSimulation(
      SimulationRequest(
        surface: surface, energies: 55...75,
        ranges: ["dimer_height": 0...0, "dimer_length": 2.3...2.3, "dimer_buckling": buckling],
        samples: samples, seed: seed, detector: Detector(commensurateWith: surface.cell, size: size),
        augmentation: augmentation), phaseShifts: [Reference.phaseShifts])
    var run = simulation.patterns()
    var found: [CBLEEDPattern] = []
    while let pattern = try run.next() { found.append(pattern) }
    return found
  }

  static func training(seed: UInt64 = 1) throws -> ModelTraining {
    var options = ModelTraining.Options()
    options.epochs = 2
    options.latents = 4
    options.seed = seed
    options.components = 24
    options.rootComponents = 16
    options.mapPoints = 60
    let patterns = try SurfacePatterns(
      surface: surface, detector: detector, isDynamical: false, patterns(320, seed: 1))
    return try ModelTraining(patterns, options)
  }

  static let model = Result { try training().run() }

  /// The model as a folder, in a place of its own for every test process.
  static let folder = Result {
    let path = NSTemporaryDirectory() + "ewald-cbleed-\(getpid())/small"
    try FileManager.default.createDirectory(
      atPath: NSTemporaryDirectory() + "ewald-cbleed-\(getpid())", withIntermediateDirectories: true)
    try? FileManager.default.removeItem(atPath: path)
    try model.get().write(
      to: path, id: "small", summary: "for tests", origin: ModelOrigin(command: "none"), metrics: [:])
    return path
  }
}
