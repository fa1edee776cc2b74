import System
import Arrays
import CBLEED
import Glibc
import Learning

/// Reading CBLEED patterns: times and accuracy of the installed model on patterns between those of its training
/// set.
func cbleedReadingSuite() async -> [Measurement] {
  rows { try $0.installed() + [$0.epoch()] }
}

/// The published table, and what its random split hides.
func cbleedPublishedSuite() async -> [Measurement] { rows { try $0.published() } }

/// What 2, 4, 8 and 16 latent values know; a training for each.
func cbleedLatentsSuite() async -> [Measurement] { rows { try $0.latentSizes() } }

private func rows(_ measure: (ReadingBench) throws -> [Measurement]) -> [Measurement] {
  do {
    let surface = try SurfaceModel.siliconDimers()
    return try measure(ReadingBench(surface: surface, shifts: surface.phaseShifts()))
  } catch {
    return [Measurement("failed: \(error)", .nan, "")]
  }
}

private struct ReadingBench {
  let surface: SurfaceModel
  let shifts: [PhaseShifts]

  func simulate(
    _ samples: Int, seed: UInt64, method: SimulationRequest.Method, group: Int = 1, size: Int = 64,
    _ augmentation: Augmentation = .none, wide: Bool = false
  ) throws -> SurfacePatterns {
    // Training patterns reach a little beyond what is asked for: an interpolation ends where its points end.
    let ranges: [String: ClosedRange<Double>] =
      wide
      ? ["dimer_height": -0.33...0.33, "dimer_buckling": -0.08...0.76, "dimer_length": 2.07...2.53]
      : ["dimer_buckling": 0...0.7]
    let detector = Detector(commensurateWith: surface.cell, size: size)
    let simulation = try CBLEEDSimulation(
      SimulationRequest(
        surface: surface, energies: wide ? 28.5...101.5 : 30...100, ranges: ranges, samples: samples,
        seed: seed, method: method, structuresPerEnergy: group, detector: detector,
        augmentation: augmentation), phaseShifts: shifts)
    var run = simulation.patterns()
    var found: [CBLEEDPattern] = []
    while let pattern = try run.next() { found.append(pattern) }
    return try SurfacePatterns(
      surface: surface, detector: detector, isDynamical: method != .kinematic, found)
  }

  // MARK: The installed model

  /// Dynamical patterns of other seeds than the training set's; whole frames a second on one thread.
  func installed() throws -> [Measurement] {
    guard let folder = ModelLibrary.standard.models(of: "cbleed").first else {
      return [Measurement("no model of CBLEED is installed", .nan, "")]
    }
    let model = try PatternModel(folder)
    let dynamical = SimulationRequest.Method.dynamical(
      DynamicalSettings(cone: .interpolated(degree: 8)))
    var rows: [Measurement] = []
    let cases: [(String, Augmentation, [RegressorKind])] = [
      ("clean", .none, RegressorKind.allCases),
      (
        "100 counts, half a pixel off", Augmentation(peakCounts: 100, shiftPixels: 0.5),
        RegressorKind.allCases
      ),
      (
        "100 counts, half a pixel, background",
        Augmentation(peakCounts: 100, shiftPixels: 0.5, background: 0.05), [.likelihood]
      ),
    ]
    for (name, augmentation, kinds) in cases {
      let test = try simulate(96, seed: 4001, method: dynamical, group: 4, augmentation)
      for row in try ModelEvaluation.rows(model, test, kinds: kinds) {
        for (target, error) in zip(model.targets, row.errors) {
          rows.append(
            Measurement(
              "\(row.name), \(name): \(target.name)", error, target.unit,
              goal: row.name == "likelihood" ? goal(target.name, isClean: name == "clean") : ""))
        }
        if row.name == "likelihood" {
          rows.append(
            Measurement(
              "\(row.name), \(name): intervals that hold",
              100 * row.coverage.reduce(0, +) / Double(row.coverage.count), "%", goal: "95"))
        }
      }
    }
    for size in [64, 128] {
      let test = try simulate(
        24, seed: 4002, method: dynamical, group: 4, size: size,
        Augmentation(peakCounts: 1000, shiftPixels: 1))
      rows.append(
        Measurement(
          "whole frames a second, \(size)x\(size)", try framesPerSecond(model, test.images), "1/s",
          goal: size == 64 ? ">= 200" : ">= 30"))
    }
    return rows
  }

  private func goal(_ target: String, isClean: Bool) -> String {
    switch target {
    case "beam_energy": isClean ? "0.15" : "0.8"
    case "dimer_buckling": isClean ? "0.006" : "0.02"
    default: isClean ? "0.006" : ""
    }
  }

  /// Aligning, the likelihood fit, latent values, distance and neighbours; processor time.
  private func framesPerSecond(_ model: PatternModel, _ images: [Matrix]) throws -> Double {
    var times: [Double] = []
    for _ in 0..<5 {
      let before = processorSeconds()
      for image in images {
        if let pattern = model.aligner.align(image) { _ = try? model.read(pattern) }
      }
      times.append(processorSeconds() - before)
    }
    return Double(images.count) / median(times)
  }

  // MARK: Training

  /// The network's part of an epoch of 8192 patterns, on one thread; `Peers/cbleed/autoencoder.py` times the
  /// same in PyTorch.
  func epoch() throws -> Measurement {
    let network = PatternAutoencoder.network(size: 64, latents: 8)
    let batch = 64
    let trainer = try Trainer(
      network, weights: try Weights(for: network, seed: 1),
      Trainer.Options(
        objectives: [Objective(PatternAutoencoder.imageName, .binaryCrossEntropy)], batch: batch))
    var random = RandomNumbers(seed: 1)
    let image = (0..<batch * 64 * 64).map { _ in Float(random.uniform()) }
    let source: SampleSource = { _, range in
      let part = Array(image[range.lowerBound * 4096..<range.upperBound * 4096])
      return Samples(
        inputs: [PatternAutoencoder.inputName: part], targets: [PatternAutoencoder.imageName: part])
    }
    for _ in 0..<3 { _ = try trainer.advance(source) }
    let times = try (0..<15).map { _ in
      let before = processorSeconds()
      _ = try trainer.advance(source)
      return processorSeconds() - before
    }
    return Measurement(
      "autoencoder, training epoch of 8192 patterns", median(times) * 8192 / Double(batch), "s",
      goal: "<= 1.2 x PyTorch")
  }

  // MARK: The published table

  /// The published set is a grid of energies and displacements with a random fifth held out; on such a grid
  /// every pattern has near-copies in the training set. The same grid with whole values of a displacement held
  /// out, beside it, says how much of the figure is look-up.
  func published() throws -> [Measurement] {
    let energies = (0...70).map { 30 + Double($0) }
    let lengths = (0..<5).map { 2.1 + 0.1 * Double($0) }
    let bucklings = (1...7).map { 0.1 * Double($0) }
    let heights = [-0.1, 0.1]
    let detector = Detector(commensurateWith: surface.cell)
    let model = KinematicModel(surface: surface, phaseShifts: shifts)
    var patterns: [CBLEEDPattern] = []
    for energy in energies {
      for length in lengths {
        for buckling in bucklings {
          for height in heights {
            let values = ["dimer_length": length, "dimer_buckling": buckling, "dimer_height": height]
            let pixels = model.pattern(
              energy: energy, structure: try surface.structure(values), detector: detector)
            patterns.append(
              CBLEEDPattern(
                sample: CBLEEDSample(
                  index: patterns.count, energy: energy, parameters: values, detector: detector),
                pixels: pixels))
          }
        }
      }
    }
    let rows = patterns.map(\.pixels)
    let features = DiscFeatures(detector: detector, cell: surface.cell, alignment: .known)
    let values = parallelMap(rows.count) { features.features(of: rows[$0]) }
    let table = DoubleMatrix(rows: rows.count, columns: features.count, values: values.flatMap { $0 })
    var random = RandomNumbers(seed: 1)
    let splits = [
      ("random fifth held out", GroupedSplits.holdOut(Array(rows.indices), fraction: 0.2, random: &random)),
      (
        "two bucklings held out",
        GroupedSplits.holdOut(
          patterns.map { Int((10 * ($0.sample.parameters["dimer_buckling"] ?? 0)).rounded()) },
          fraction: 0.28, random: &random)
      ),
    ]
    var result: [Measurement] = []
    for (name, split) in splits {
      let (energy, buckling) = try errors(patterns, table, split)
      result.append(Measurement("published grid, PCA-32 + kernel ridge, \(name): energy", energy, "eV"))
      result.append(Measurement("published grid, PCA-32 + kernel ridge, \(name): buckling", buckling, "A"))
    }
    return result
  }

  private func errors(
    _ patterns: [CBLEEDPattern], _ table: DoubleMatrix, _ split: Split
  ) throws -> (energy: Double, buckling: Double) {
    let truth = DoubleMatrix(
      rows: patterns.count, columns: 2,
      values: patterns.flatMap { [$0.sample.energy, $0.sample.parameters["dimer_buckling"] ?? .nan] })
    let training = table.selectingRows(split.training)
    let components = try PrincipalComponents(fitting: training, count: 32)
    let total = components.explainedVariance.reduce(0) { $0 + $1.squareRoot() }
    let scale = components.explainedVariance.map { 1 / ($0.squareRoot() * total).squareRoot() }
    func coordinates(_ rows: [Int]) -> DoubleMatrix {
      var found = components.project(table.selectingRows(rows))
      for i in found.values.indices { found.values[i] *= scale[i % scale.count] }
      return found
    }
    let scaling = TargetScaling(truth.selectingRows(split.training))
    let ridge = try KernelRidge(
      fitting: coordinates(split.training), scaling.scaled(truth.selectingRows(split.training)),
      kernel: .gaussian(gamma: 0.3), alpha: 1e-8)
    let found = scaling.restored(ridge.predict(coordinates(split.test)))
    let error = meanAbsoluteError(found, truth.selectingRows(split.test))
    return (error[0], error[1])
  }

  // MARK: Latent sizes

  /// Autoencoders of 2, 4, 8 and 16 latent values on the same kinematic patterns, a short training each; the
  /// neighbours' energy error says what the latent values still know.
  func latentSizes() throws -> [Measurement] {
    let patterns = try simulate(1600, seed: 11, method: .kinematic, wide: true)
    let test = try simulate(240, seed: 4003, method: .kinematic)
    var rows: [Measurement] = []
    for latents in [2, 4, 8, 16] {
      var options = ModelTraining.Options()
      options.latents = latents
      options.epochs = 12
      options.noise = TrainingNoise(peakCounts: 200...20_000, clean: 0.5, background: 0, misalignment: 0.02)
      let training = try ModelTraining(patterns, options)
      let model = try training.run()
      let (loss, floor) = try training.reconstructionLoss(model)
      rows.append(
        Measurement("\(latents) latent values: BCE above its floor of \(Self.text(floor))", loss - floor, ""))
      for row in try ModelEvaluation.rows(model, test, kinds: [.nearest, .kernelRidge]) {
        rows.append(Measurement("\(latents) latent values, \(row.name): energy", row.errors[0], "eV"))
      }
    }
    return rows
  }

  private static func text(_ value: Double) -> String { "\((value * 1e4).rounded() / 1e4)" }
}
