import System
import CBLEED
import Foundation
import Learning
import Testing

@Suite struct ModelTests {
  @Test func `the likelihood reads patterns that the model has not seen`() throws {
    let model = try SmallModel.model.get()
    let test = try SmallModel.patterns(40, seed: 2)
    var errors = [0.0, 0.0]
    for pattern in test {
      let answer = try model.read(try #require(model.aligner.align(pattern.pixels)))
      errors[0] += abs(answer.values[0] - pattern.sample.energy) / 40
      errors[1] += abs(answer.values[1] - (pattern.sample.parameters["dimer_buckling"] ?? .nan)) / 40
    }
    #expect(model.targets.map(\.name) == ["beam_energy", "dimer_buckling"])
    #expect(errors[0] < 0.2)
    #expect(errors[1] < 0.02)
  }

  @Test func `counting noise and misalignment widen intervals and leave the answer`() throws {
    let model = try SmallModel.model.get()
    let test = try SmallModel.patterns(
      30, seed: 3, Augmentation(peakCounts: 200, shiftPixels: 1, background: 0.05))
    let clean = try SmallModel.patterns(30, seed: 3)
    var inside = 0
    for (noisy, bright) in zip(test, clean) {
      let answer = try model.read(try #require(model.aligner.align(noisy.pixels)))
      let sure = try model.read(try #require(model.aligner.align(bright.pixels)))
      #expect(abs(answer.values[0] - noisy.sample.energy) < 3)
      #expect(answer.high[0] - answer.low[0] > sure.high[0] - sure.low[0])
      if answer.low[0]...answer.high[0] ~= noisy.sample.energy { inside += 1 }
    }
    #expect(inside >= 24)
  }

  @Test func `a mirrored pattern has the opposite buckling`() throws {
    let model = try SmallModel.model.get()
    #expect(model.mirrorTarget == 1)
    for pattern in try SmallModel.patterns(6, seed: 5, buckling: 0.2...0.5) {
      let size = pattern.pixels.columns
      var mirrored = pattern.pixels
      for i in mirrored.values.indices {
        mirrored.values[i] = pattern.pixels.values[i / size * size + size - 1 - i % size]
      }
      let plain = try model.read(try #require(model.aligner.align(pattern.pixels)))
      let other = try model.read(try #require(model.aligner.align(mirrored)))
      #expect(!plain.isMirrored && other.isMirrored)
      #expect(abs(plain.values[1] + other.values[1]) < 0.01)
      #expect(abs(plain.values[0] - other.values[0]) < 0.1)
      #expect(other.low[1] <= other.values[1] && other.values[1] <= other.high[1])
    }
  }

  @Test func `cameras of other sizes and scales see the same`() throws {
    let model = try SmallModel.model.get()
    let structure = try SmallModel.surface.structure(["dimer_buckling": 0.3])
    let simulator = KinematicModel(surface: SmallModel.surface, phaseShifts: [Reference.phaseShifts])
    let cameras = [
      Detector(commensurateWith: SmallModel.surface.cell, size: 96),
      Detector(size: 56, pixel: 0.0818, centre: 0, rim: .averaged),
      Detector(size: 64, pixel: 0.075, rim: .averaged),
    ]
    for camera in cameras {
      let image = simulator.pattern(energy: 65, structure: structure, detector: camera)
      let searched = try #require(model.aligner.align(image))
      let told = try #require(model.aligner.align(image, scale: .known(camera.pixel)))
      #expect(abs(searched.geometry.pixel / Double(searched.binning) / camera.pixel - 1) < 0.01)
      for pattern in [searched, told] {
        let answer = try model.read(pattern)
        #expect(abs(answer.values[0] - 65) < 0.7)
        #expect(abs(answer.values[1] - 0.3) < 0.05)
      }
    }
  }

  @Test func `a model that was written and read gives the same answers, bit for bit`() throws {
    let model = try SmallModel.model.get()
    let folder = try ModelFolder(path: try SmallModel.folder.get())
    try folder.verify()
    #expect(folder.engine == "cbleed")
    let again = try PatternModel(folder)
    #expect(again.targets == model.targets)
    let pattern = try #require(
      model.aligner.align(try SmallModel.patterns(1, seed: 7, Augmentation(peakCounts: 300))[0].pixels))
    for kind in RegressorKind.allCases {
      let (a, b) = (
        try model.read(pattern, regressor: kind), try again.read(pattern, regressor: kind)
      )
      #expect(a.values == b.values, "\(kind)")
      #expect(a.low == b.low && a.high == b.high, "\(kind)")
      #expect(a.latentDistance == b.latentDistance && a.residual == b.residual)
    }
  }

  @Test func `training is the same for the same seed`() throws {
    let once = try SmallModel.model.get()
    let again = try SmallModel.training().run()
    #expect(once.calibration == again.calibration)
    #expect(once.latents == again.latents)
  }

  @Test func `a resumed training ends as one that never stopped`() throws {
    let training = try SmallModel.training()
    let place = training.checkpoint(
      beside: FileManager.default.temporaryDirectory.appending(path: "ewald-\(UUID().uuidString)").path)
    defer { place.remove() }
    let whole = try training.trainAutoencoder()
    var epochs = 0
    #expect(throws: CBLEEDError.cancelled) {
      try training.trainAutoencoder(
        keeping: place, { if case .epoch = $0 { epochs += 1 } }, isCancelled: { epochs == 1 })
    }
    let kept = try #require(try place.read())
    #expect(kept.step == 5 && whole.facts["steps"] == .integer(10))
    let resumed = try training.trainAutoencoder(keeping: place)
    #expect(resumed.model.weights == whole.model.weights && resumed.facts["resumed_at_step"] == .integer(5))
    // Other patterns, other seeds: another training.
    let other = try SmallModel.training(seed: 2).checkpoint(
      beside: String(place.path.dropLast(".checkpoint".count)))
    #expect(throws: NetworkError.self) { try other.read() }
  }

  @Test func `training can be stopped`() throws {
    #expect(throws: CBLEEDError.cancelled) {
      try SmallModel.training().run(isCancelled: { true })
    }
  }

  @Test func `held-out blocks are harder than random rows`() throws {
    let training = try SmallModel.training()
    let rows = try training.splitStudy(try SmallModel.model.get())
    #expect(rows.count == RegressorKind.allCases.count)
    let ridge = try #require(rows.first { $0.name == "pca_kernel_ridge" })
    #expect(ridge.blocks[0] > ridge.random[0])
    #expect(rows.allSatisfy { $0.random.allSatisfy { $0.isFinite && $0 > 0 } })
  }

  @Test func `noise is estimated from what the discs' polynomials leave over`() throws {
    let model = try SmallModel.model.get()
    let clean = try SmallModel.patterns(1, seed: 9)[0].pixels
    var random = RandomNumbers(seed: 3)
    let counts = Augmentation(peakCounts: 400).degrade(clean, &random)
    let pattern = try #require(model.aligner.align(counts))
    // Counts have the variance of their mean.
    #expect(abs(pattern.noise * pattern.brightness - 1) < 0.3)
    let quiet = try #require(model.aligner.align(clean))
    #expect(quiet.noise < pattern.noise / 5)
  }
}
