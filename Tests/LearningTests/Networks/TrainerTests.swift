import System
import Arrays
import Foundation
import Learning
import Testing

@Suite struct TrainerTests {
  /// Everything that could disturb determinism: normalisation, dropout, two heads, an extra input.
  private static let network: Network = {
    var network = Network()
    let image = network.input("image", .image(channels: 2, height: 8, width: 8))
    let angle = network.input("angle", .vector(1))
    let features = network.append(
      [
        .convolution(8, kernel: 3, bias: false), .batchNormalisation, .activation(.relu), .dropout(0.2),
        .convolution(12, kernel: 3, stride: 2), .activation(.elu()), .globalPooling(.average),
      ], to: image)
    let joint = network.append(
      [.dense(16), .activation(.relu), .dropout(0.3)], to: network.concatenate([features, angle]))
    network.output("class", network.append([.dense(4), .softmax], to: joint))
    network.output("tilt", network.append(.dense(2), to: joint))
    return network
  }()

  private static func options(threads: Int, averaging: Averaging? = .exponential(decay: 0.9))
    -> Trainer.Options
  {
    .init(
      objectives: [
        Objective("class", .softmaxCrossEntropy), Objective("tilt", .meanSquaredError, weight: 0.5),
      ],
      batch: 12, part: 3, optimiser: .adam(decay: 0.01),
      schedule: .cosine(peak: 0.02, warmup: 3, steps: 30), averaging: averaging, gradientLimit: 1, seed: 5,
      threads: threads)
  }

  /// The class is rows, columns, a chessboard or nothing; the tilt is its brightness and the angle.
  private static let source: SampleSource = { step, range in
    var samples = Samples(
      inputs: ["image": [], "angle": []], targets: ["class": [], "tilt": []])
    for index in range {
      var random = RandomNumbers(seed: 3).stream(step * 1000 + index)
      let kind = random.integer(below: 4)
      let brightness = Float(random.uniform(in: 1...2))
      let angle = Float(random.normal())
      samples.inputs["image"]? += (0..<128).map { i in
        let (row, column) = (i % 64 / 8, i % 8)
        let isBright = [row % 2 == 0, column % 2 == 0, (row + column) % 2 == 0, false][kind] && i < 64
        return (isBright ? brightness : 0) + 0.1 * Float(random.normal())
      }
      samples.inputs["angle"]?.append(angle)
      samples.targets["class"]? += (0..<4).map { $0 == kind ? 1 : 0 }
      samples.targets["tilt"]? += [brightness, angle]
    }
    return samples
  }

  @Test("Training gives the same bits on one, two and three threads, and in the background")
  func threads() throws {
    let start = try Weights(for: Self.network, seed: 1)
    let ways: [(Int, Trainer.Options.Priority)] = [
      (1, .normal), (2, .normal), (3, .normal), (2, .background),
    ]
    let results = try ways.map { threads, priority in
      var options = Self.options(threads: threads)
      options.priority = priority
      let trainer = try Trainer(Self.network, weights: start, options)
      let losses = try (0..<6).map { _ in try trainer.advance(Self.source).losses }
      return (losses, trainer.weights, trainer.averagedWeights)
    }
    for result in results.dropFirst() {
      #expect(result.0 == results[0].0)
      #expect(result.1 == results[0].1)
      #expect(result.2 == results[0].2)
    }
    #expect(results[0].1 != start)
    #expect(results[0].1 != results[0].2)
  }

  @Test("A run that stops and resumes from a file ends as one that never stopped")
  func resume() throws {
    let path = NSTemporaryDirectory() + "ewald-checkpoint-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let start = try Weights(for: Self.network, seed: 2)
    let whole = try Trainer(Self.network, weights: start, Self.options(threads: 2))
    #expect(try whole.run(steps: 9, from: Self.source) == .finished)

    let first = try Trainer(Self.network, weights: start, Self.options(threads: 1))
    var seen: [Int] = []
    let end = try first.run(steps: 9, from: Self.source) { progress in
      seen.append(progress.step)
      return progress.step == 4 ? .stop : .goOn
    }
    #expect(end == .stopped)
    #expect(seen == [1, 2, 3, 4])
    try first.checkpoint().write(to: path)

    let checkpoint = try Checkpoint(file: path)
    #expect(checkpoint == first.checkpoint())
    let second = try Trainer(Self.network, resuming: checkpoint, Self.options(threads: 2))
    #expect(try second.run(steps: 9, from: Self.source) == .finished)
    #expect(second.step == 9)
    #expect(second.checkpoint() == whole.checkpoint())
  }

  @Test("A cancelled task stops after the step it is in")
  func cancellation() async throws {
    let task = Task {
      let trainer = try Trainer(
        Self.network, weights: Weights(for: Self.network, seed: 1), Self.options(threads: 1))
      let end = try trainer.run(steps: 1000, from: Self.source) { _ in
        withUnsafeCurrentTask { $0?.cancel() }
        return .goOn
      }
      return (end, trainer.step)
    }
    let (end, step) = try await task.value
    #expect(end == .stopped)
    #expect(step == 1)
  }

  @Test("Training learns: patterns are told apart after 60 steps")
  func learning() throws {
    var options = Self.options(threads: 2)
    options.schedule = .constant(0.02)
    let trainer = try Trainer(Self.network, weights: Weights(for: Self.network, seed: 1), options)
    _ = try trainer.run(steps: 60, from: Self.source)
    let fresh = try Self.source(999, 0..<64)
    let answer =
      try Predictor(Self.network, weights: trainer.averagedWeights, batch: 16)
      .predict(fresh.inputs)["class"] ?? []
    let truth = fresh.targets["class"] ?? []
    let right = (0..<64).filter { sample in
      let range = sample * 4..<sample * 4 + 4
      return range.max { answer[$0] < answer[$1] } == range.first { truth[$0] == 1 }
    }
    #expect(right.count >= 60)
  }

  @Test("Training ends when the validation loss no longer falls, and keeps the best weights")
  func earlyStopping() throws {
    var options = Self.options(threads: 1, averaging: nil)
    // Far too fast: the loss soon rises.
    options.optimiser = .sgd(momentum: 0.9)
    options.schedule = .constant(3)
    options.gradientLimit = nil
    let set = SampleSet(try Self.source(0, 0..<12), count: 12)
    let trainer = try Trainer(Self.network, weights: Weights(for: Self.network, seed: 1), options)
    var losses: [Double] = []
    let end = try trainer.run(
      steps: 500, from: set.source(batch: 12, seed: 1),
      validation: Validation(set, every: 1, stopping: EarlyStopping(patience: 3))
    ) { progress in
      if let loss = progress.validation { losses.append(loss) }
      return .goOn
    }
    #expect(end == .noImprovement)
    let best = try #require(losses.filter { !$0.isNaN }.min())
    #expect(losses.count == (losses.firstIndex(of: best) ?? 0) + 5)
    let kept = try #require(trainer.bestWeights)
    let again = try Trainer(Self.network, weights: kept, options)
    #expect(try again.loss(of: set.samples, count: 12) == best)
  }

  @Test("Dropout drops its share, scales the rest, and repeats itself for a seed")
  func dropout() throws {
    let network = Network(input: .vector(1000), [.dense(.init(units: 1000, bias: false)), .dropout(0.3)])
    var identity = Tensor(shape: [1000, 1000])
    for i in 0..<1000 { identity.values[i * 1001] = 1 }
    var weights = Weights()
    weights["dense1.weight"] = identity
    func gradient(seed: UInt64) throws -> [Float] {
      let trainer = try Trainer(
        network, weights: weights,
        .init(objectives: [Objective("output", .meanSquaredError)], batch: 1, seed: seed))
      let ones = [Float](repeating: 1, count: 1000)
      let (_, gradients) = try trainer.gradients { _, _ in
        Samples(inputs: ["input": ones], targets: ["output": [Float](repeating: 0, count: 1000)])
      }
      // d/dw_ii of mean (m_i w_ii)^2 = 2 m_i^2 / 1000.
      let tensor = try #require(gradients["dense1.weight"])
      return (0..<1000).map { tensor.values[$0 * 1001] * 500 }
    }
    let masks = try gradient(seed: 1)
    let dropped = masks.filter { $0 == 0 }.count
    #expect((250...350).contains(dropped))
    #expect(masks.allSatisfy { $0 == 0 || abs($0 - 1 / 0.49) < 1e-5 })
    #expect(try gradient(seed: 1) == masks)
    #expect(try gradient(seed: 2) != masks)
  }

  @Test("SGD and Adam take the steps of their definitions")
  func optimisers() throws {
    let network = Network(input: .vector(1), [.dense(1)])
    var weights = Weights()
    weights["dense1.weight"] = Tensor(shape: [1, 1], values: [2])
    weights["dense1.bias"] = Tensor(shape: [1], values: [1])
    let source: SampleSource = { _, _ in
      Samples(inputs: ["input": [3]], targets: ["output": [1]])
    }
    for optimiser in [Optimiser.sgd(momentum: 0.9, decay: 0.1), .adam(decay: 0.1), .sgd()] {
      let trainer = try Trainer(
        network, weights: weights,
        .init(
          objectives: [Objective("output", .meanSquaredError)], batch: 1, optimiser: optimiser,
          schedule: .constant(0.01)))
      var (w, b) = (2.0, 1.0)
      var moments = [0.0, 0.0, 0.0, 0.0]
      for step in 1...4 {
        _ = try trainer.advance(source)
        let slope = 2 * (w * 3 + b - 1)
        func change(_ value: Double, _ g: Double, _ first: Int, decays: Bool) -> Double {
          switch optimiser {
          case .sgd(let momentum, let decay):
            moments[first] = Double(momentum) * moments[first] + g
            return value * (decays ? 1 - 0.01 * Double(decay) : 1) - 0.01 * moments[first]
          case .adam(_, _, _, let decay):
            moments[first] = 0.9 * moments[first] + 0.1 * g
            moments[first + 1] = 0.999 * moments[first + 1] + 0.001 * g * g
            let m = moments[first] / (1 - pow(0.9, Double(step)))
            let v = moments[first + 1] / (1 - pow(0.999, Double(step)))
            return value * (decays ? 1 - 0.01 * Double(decay) : 1) - 0.01 * m / (v.squareRoot() + 1e-8)
          }
        }
        w = change(w, slope * 3, 0, decays: true)
        b = change(b, slope, 2, decays: false)
        #expect(abs(Double(trainer.weights["dense1.weight"]?.values[0] ?? 0) - w) < 1e-5)
        #expect(abs(Double(trainer.weights["dense1.bias"]?.values[0] ?? 0) - b) < 1e-5)
      }
    }
  }

  @Test("A loss in training is the loss by its definition")
  func losses() throws {
    var network = Network()
    let start = network.append([.dense(6), .activation(.tanh)], to: network.input("x", .vector(4)))
    network.output("bins", network.append([.dense(5), .softmax], to: start))
    network.output("pixels", network.append([.dense(7), .activation(.sigmoid)], to: start))
    network.output("values", network.append(.dense(3), to: start))
    var random = RandomNumbers(seed: 8)
    let samples = Samples(
      inputs: ["x": (0..<24).map { _ in Float(random.normal()) }],
      targets: [
        // Two bins share each probability.
        "bins": (0..<6).flatMap { sample in (0..<5).map { $0 == sample % 4 ? 0.3 : $0 == 4 ? 0.7 : 0 } },
        "pixels": (0..<42).map { _ in Float(random.uniform()) },
        "values": (0..<18).map { _ in Float(random.normal()) },
      ])
    let trainer = try Trainer(
      network, weights: Weights(for: network, seed: 1),
      .init(
        objectives: [
          Objective("bins", .softmaxCrossEntropy, weight: 2), Objective("pixels", .binaryCrossEntropy),
          Objective("values", .meanSquaredError, weight: 0.1),
        ], batch: 6, part: 3))
    let set = SampleSet(samples, count: 6)
    let (losses, _) = try trainer.gradients(set.source(batch: 6, seed: 1))
    let expected = try trainer.loss(of: samples, count: 6)
    #expect(abs(losses.reduce(0, +) - expected) < 1e-6 * expected)
    // By hand, from the answers of the whole network.
    let answer = try Inference(network, weights: trainer.weights, batch: 6).run(samples.inputs)
    func mean(_ name: String, over count: Int, _ term: (Double, Double) -> Double) -> Double {
      zip(answer[name] ?? [], samples.targets[name] ?? []).reduce(0) { $0 + term(Double($1.0), Double($1.1)) }
        / Double(count)
    }
    let byHand = [
      2 * mean("bins", over: 6) { p, t in -t * log(p) },
      mean("pixels", over: 42) { p, t in -t * log(p) - (1 - t) * log(1 - p) },
      0.1 * mean("values", over: 18) { y, t in (y - t) * (y - t) },
    ]
    for (found, expected) in zip(losses, byHand) { #expect(abs(found - expected) < 1e-5 * expected) }
  }

  @Test("A uniform average is the mean of the weights of its steps")
  func uniformAverage() throws {
    let network = Network(input: .vector(1), [.dense(1)])
    let trainer = try Trainer(
      network, weights: Weights(for: network, seed: 1),
      .init(
        objectives: [Objective("output", .meanSquaredError)], batch: 1, optimiser: .sgd(),
        schedule: .constant(0.05), averaging: .uniform(from: 2)))
    var sum: Float = 0
    for step in 0..<6 {
      _ = try trainer.advance { _, _ in Samples(inputs: ["input": [1]], targets: ["output": [5]]) }
      let value = trainer.weights["dense1.weight"]?.values[0] ?? 0
      if step < 2 {
        #expect(trainer.averagedWeights == trainer.weights)
      } else {
        sum += value
        let average = trainer.averagedWeights["dense1.weight"]?.values[0] ?? 0
        #expect(abs(average - sum / Float(step - 1)) < 1e-5)
      }
    }
  }

  @Test("Schedules begin, warm up and end where they say")
  func schedules() {
    let cosine = Schedule.cosine(peak: 1, warmup: 10, steps: 110, final: 0.1)
    #expect(abs(cosine.rate(at: 0) - 0.1) < 1e-6)
    #expect(cosine.rate(at: 10) == 1)
    #expect(abs(cosine.rate(at: 60) - 0.55) < 1e-6)
    #expect(abs(cosine.rate(at: 500) - 0.1) < 1e-6)
    #expect(Schedule.staircase(start: 1, factor: 0.5, interval: 10).rate(at: 25) == 0.25)
    #expect(Schedule.constant(0.3).rate(at: 7) == 0.3)
  }

  @Test("Every epoch of a sample set holds every sample once, in its own order")
  func epochs() throws {
    let values = (0..<10).map(Float.init)
    let set = SampleSet(Samples(inputs: ["x": values], targets: [:]), count: 10)
    let source = set.source(batch: 5, seed: 4)
    let epochs = try (0..<3).map { epoch in
      try (0..<2).flatMap { try source(epoch * 2 + $0, 0..<5).inputs["x"] ?? [] }
    }
    for epoch in epochs { #expect(epoch.sorted() == values) }
    #expect(epochs[0] != epochs[1])
    let part = try source(3, 2..<4).inputs["x"] ?? []
    #expect(part == Array(epochs[1][7..<9]))
  }

  @Test("Data that do not fit are refused with their name")
  func misfits() throws {
    let weights = try Weights(for: Self.network, seed: 1)
    let trainer = try Trainer(Self.network, weights: weights, Self.options(threads: 2))
    #expect(throws: NetworkError.data(name: "image", reason: "missing")) {
      try trainer.advance { _, _ in Samples(inputs: [:], targets: [:]) }
    }
    #expect(throws: NetworkError.data(name: "angle", reason: "4 values, expected 3")) {
      try trainer.advance { step, range in
        var samples = try Self.source(step, range)
        samples.inputs["angle"]?.append(0)
        return samples
      }
    }
    #expect(throws: NetworkError.self) {
      var options = Self.options(threads: 1)
      options.part = 5
      _ = try Trainer(Self.network, weights: weights, options)
    }
    #expect(throws: NetworkError.self) {
      var options = Self.options(threads: 1)
      options.objectives = [Objective("nothing", .meanSquaredError)]
      _ = try Trainer(Self.network, weights: weights, options)
    }
  }
}
