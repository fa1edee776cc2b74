import Analysis
import Arrays
import Glibc
import JSON
import Learning
import System

extension ModelTraining {
  /// The brightness that a network sees as one: only one value in a thousand lies above it.
  var ceiling: Double {
    let sample = clean.values.indices.lazy.filter { $0 % 37 == 0 }.map { clean.values[$0] }.sorted()
    return sample.isEmpty ? 1 : Double(Float(max(1, sample[sample.count * 999 / 1000])))
  }

  /// Where it keeps what the autoencoder needs to go on. The number of epochs may change on the way.
  package func checkpoint(beside output: String) -> CheckpointFile {
    var digest = SHA256()
    for image in patterns.images { image.values.withUnsafeBytes { digest.update($0) } }
    patterns.parameters.values.withUnsafeBytes { digest.update($0) }
    let settings =
      "\(patterns.surface.source) \(patterns.detector) \(options.latents) \(options.batch) "
      + "\(options.learningRate) \(options.seed) \(options.noise) \(options.supervision)"
    digest.update(Array(settings.utf8))
    return CheckpointFile(beside: output, identity: digest.hex())
  }

  /// Denoising: what a camera might show goes in, the clean pattern is asked for.
  package func trainAutoencoder(
    keeping place: CheckpointFile? = nil, _ report: (Stage) -> Void = { _ in },
    isCancelled: () -> Bool = { false }
  ) throws -> (model: TrainedNetwork, facts: [String: JSONValue]) {
    let stepsPerEpoch = max(1, patterns.count / options.batch)
    let output = try job(stepsPerEpoch: stepsPerEpoch).run(keeping: place, isCancelled: isCancelled) {
      progress in
      report(
        .epoch(
          progress.step / stepsPerEpoch, of: options.epochs,
          loss: progress.losses[PatternAutoencoder.imageName] ?? 0, fresh: progress.score ?? .nan,
          seconds: progress.seconds))
      if let warning = progress.warning { report(.step(warning)) }
    }
    guard output.isFinished else { throw CBLEEDError.cancelled }
    // The head that asked for parameters has done its part.
    let network = output.model.network
    let kept = network.ending(
      at: network.outputs.filter { $0.name != PatternAutoencoder.parametersName })
    var used = Weights()
    for parameter in try kept.parameters() { used[parameter.name] = output.model.weights[parameter.name] }
    return (TrainedNetwork(network: kept, weights: used), output.facts)
  }

  private func job(stepsPerEpoch: Int) throws -> TrainingJob<Double> {
    let isSupervised = options.supervision > 0
    let network = PatternAutoencoder.network(
      size: patterns.detector.size, latents: options.latents,
      parameters: isSupervised ? patterns.targetNames.count : 0)
    var objectives = [Objective(PatternAutoencoder.imageName, .binaryCrossEntropy)]
    if isSupervised {
      objectives.append(
        Objective(PatternAutoencoder.parametersName, .meanSquaredError, weight: options.supervision))
    }
    let steps = max(1, options.epochs) * stepsPerEpoch
    let source = source(stepsPerEpoch: stepsPerEpoch)
    // Noise that no step draws: the same in every look.
    let fresh = try self.source(stepsPerEpoch: stepsPerEpoch, stream: 31)(0, 0..<options.batch)
    let threads = options.threads
    return TrainingJob(
      network: network, start: try Weights(for: network, seed: options.seed),
      options: Trainer.Options(
        objectives: objectives, batch: options.batch,
        schedule: .cosine(peak: options.learningRate, warmup: min(100, steps / 10 + 1), steps: steps),
        averaging: .exponential(decay: 0.995), gradientLimit: 1, seed: options.seed, threads: threads,
        priority: options.priority),
      steps: steps, interval: stepsPerEpoch, reporting: stepsPerEpoch, source: source
    ) { model in
      let predictor = try Predictor(model.network, weights: model.weights, batch: 32, threads: threads)
      let images = try predictor.predict(fresh.inputs)[PatternAutoencoder.imageName] ?? []
      let targets = fresh.targets[PatternAutoencoder.imageName] ?? []
      return Self.crossEntropy(images, targets)
    }
  }

  /// The mean over all pixels.
  private static func crossEntropy(_ images: [Float], _ targets: [Float]) -> Double {
    let sum = zip(images, targets).reduce(0.0) { sum, pair in
      let (p, t) = (min(1 - 1e-7, max(1e-7, Double(pair.0))), Double(pair.1))
      return sum - t * log(p) - (1 - t) * log(1 - p)
    }
    return sum / Double(max(1, targets.count))
  }

  /// Patterns in a new order every epoch, with new noise every time.
  private func source(stepsPerEpoch: Int, stream: Int = 2) -> SampleSource {
    let (patterns, aligner, noise, clean) = (patterns, aligner, options.noise, clean)
    let (batch, ceiling, raster) = (options.batch, ceiling, aligner.smoother.raster)
    let random = RandomNumbers(seed: options.seed).stream(stream)
    let orders = (0..<max(1, options.epochs)).map { epoch in
      var numbers = random.stream(-1 - epoch)
      return numbers.permutation(patterns.count)
    }
    let pixels = patterns.detector.size * patterns.detector.size
    let truth = Matrix(TargetScaling(patterns.parameters).scaled(patterns.parameters))
    return { step, range in
      var (inputs, targets, parameters): ([Float], [Float], [Float]) = ([], [], [])
      inputs.reserveCapacity(range.count * pixels)
      targets.reserveCapacity(range.count * pixels)
      let order = orders[step / stepsPerEpoch % orders.count]
      for position in range {
        let row = order[(step % stepsPerEpoch * batch + position) % order.count]
        var numbers = random.stream(step * batch + position)
        let values =
          noise.aligned(patterns.images[row], patterns.detector, aligner, &numbers)?.values
          ?? Array(clean.row(row))
        inputs += Self.image(values, raster, ceiling)
        targets += Self.image(Array(clean.row(row)), raster, ceiling)
        parameters += truth.row(row)
      }
      return Samples(
        inputs: [PatternAutoencoder.inputName: inputs],
        targets: [
          PatternAutoencoder.imageName: targets, PatternAutoencoder.parametersName: parameters,
        ])
    }
  }

  static func image(_ values: [Double], _ raster: DiscRaster, _ ceiling: Double) -> [Float] {
    var image = [Float](repeating: 0, count: raster.detector.size * raster.detector.size)
    for (pixel, value) in zip(raster.pixels, values) {
      image[pixel] = Float(min(1, (max(0, value) / ceiling).squareRoot()))
    }
    return image
  }

  /// Latent values of many patterns.
  func encode(
    _ values: DoubleMatrix, _ model: TrainedNetwork, _ autoencoder: PatternAutoencoder
  ) throws -> DoubleMatrix {
    guard let output = model.network.outputs.first(where: { $0.name == PatternAutoencoder.latentName }) else {
      throw CBLEEDError.request("the network has no latent values")
    }
    let predictor = try Predictor(
      model.network.ending(at: [output]), weights: model.weights, batch: 32, threads: options.threads)
    var latents: [Double] = []
    for start in stride(from: 0, to: values.rows, by: 512) {
      let rows = start..<min(values.rows, start + 512)
      let input = rows.flatMap { autoencoder.input(Array(values.row($0))) }
      let answer = try predictor.predict([PatternAutoencoder.inputName: input])
      latents += (answer[PatternAutoencoder.latentName] ?? []).map(Double.init)
    }
    return DoubleMatrix(rows: values.rows, columns: autoencoder.latents, values: latents)
  }

  /// Binary cross-entropy of clean patterns after the autoencoder, and the least it can be: targets between
  /// zero and one have an entropy of their own.
  package func reconstructionLoss(_ model: PatternModel) throws(CBLEEDError) -> (loss: Double, floor: Double)
  {
    let rows = min(400, clean.rows)
    var (loss, floor, count) = (0.0, 0.0, 0)
    do {
      let autoencoder = model.autoencoder
      for row in 0..<rows {
        let target = Self.image(Array(clean.row(row)), aligner.smoother.raster, autoencoder.ceiling)
        let image = try autoencoder.image(Array(clean.row(row)))
        for (t, p) in zip(target, image) {
          let (t, p) = (Double(t), min(1 - 1e-7, max(1e-7, Double(p))))
          loss -= t * log(p) + (1 - t) * log(1 - p)
          if t > 0, t < 1 { floor -= t * log(t) + (1 - t) * log(1 - t) }
        }
        count += target.count
      }
    } catch {
      throw .notConverged("the autoencoder: \(error)")
    }
    return (loss / Double(max(1, count)), floor / Double(max(1, count)))
  }
}
