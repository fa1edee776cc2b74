import System
import Arrays
import Glibc
import Learning

extension ModelTraining {
  /// The brightness that a network sees as one: only one value in a thousand lies above it.
  var ceiling: Double {
    let sample = clean.values.indices.lazy.filter { $0 % 37 == 0 }.map { clean.values[$0] }.sorted()
    return sample.isEmpty ? 1 : Double(Float(max(1, sample[sample.count * 999 / 1000])))
  }

  /// Denoising: what a camera might show goes in, the clean pattern is asked for.
  func trainAutoencoder(
    _ report: (Stage) -> Void, _ isCancelled: @escaping @Sendable () -> Bool
  ) throws -> Model {
    let size = patterns.detector.size
    let isSupervised = options.supervision > 0
    let network = PatternAutoencoder.network(
      size: size, latents: options.latents, parameters: isSupervised ? patterns.targetNames.count : 0)
    var objectives = [Objective(PatternAutoencoder.imageName, .binaryCrossEntropy)]
    if isSupervised {
      objectives.append(
        Objective(PatternAutoencoder.parametersName, .meanSquaredError, weight: options.supervision))
    }
    let start = try Weights(for: network, seed: options.seed)
    let stepsPerEpoch = max(1, patterns.count / options.batch)
    let steps = max(1, options.epochs) * stepsPerEpoch
    let trainer = try Trainer(
      network, weights: start,
      Trainer.Options(
        objectives: objectives, batch: options.batch,
        schedule: .cosine(peak: options.learningRate, warmup: min(100, steps / 10 + 1), steps: steps),
        averaging: .exponential(decay: 0.995), gradientLimit: 1, seed: options.seed, threads: options.threads)
    )
    let source = source(stepsPerEpoch: stepsPerEpoch)
    var sum = 0.0
    var before = SystemClock.monotonic.seconds
    _ = try trainer.run(steps: steps, from: source) { progress in
      sum += progress.result.losses[PatternAutoencoder.imageName] ?? 0
      if progress.step % stepsPerEpoch == 0 {
        let now = SystemClock.monotonic.seconds
        report(
          .epoch(
            progress.step / stepsPerEpoch, of: options.epochs, loss: sum / Double(stepsPerEpoch),
            seconds: now - before))
        (sum, before) = (0, now)
      }
      return isCancelled() ? .stop : .goOn
    }
    // The head that asked for parameters has done its part.
    let kept = network.ending(
      at: network.outputs.filter { $0.name != PatternAutoencoder.parametersName })
    let weights = trainer.averagedWeights
    var used = Weights()
    for parameter in try kept.parameters() { used[parameter.name] = weights[parameter.name] }
    return Model(network: kept, weights: used)
  }

  /// Patterns in a new order every epoch, with new noise every time.
  private func source(stepsPerEpoch: Int) -> SampleSource {
    let (patterns, aligner, noise, clean) = (patterns, aligner, options.noise, clean)
    let (batch, ceiling, raster) = (options.batch, ceiling, aligner.smoother.raster)
    let random = RandomNumbers(seed: options.seed).stream(2)
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
    _ values: DoubleMatrix, _ model: Model, _ autoencoder: PatternAutoencoder
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
  public func reconstructionLoss(_ model: PatternModel) throws(CBLEEDError) -> (loss: Double, floor: Double) {
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
