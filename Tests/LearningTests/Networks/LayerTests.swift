import System
import Learning
import Testing

@Suite struct LayerTests {
  @Test("Inference agrees with the definition of every layer", arguments: LayerCase.all)
  func inference(_ layer: LayerCase) throws {
    let samples = 3
    let data = try CaseData(layer.network, samples: samples)
    let expected = try ReferenceNetwork(layer.network, data.weights).run(data.inputs)
    let inference = try Inference(layer.network, weights: data.weights, batch: samples)
    let answer = try inference.run(data.flatInputs)
    for (name, values) in expected {
      #expect(relativeDifference(answer[name] ?? [], values.flatMap { $0 }) < 3e-6, "\(name)")
    }
    // Once more: nothing of the first run may linger.
    #expect(try inference.run(data.flatInputs) == answer)
  }

  @Test(
    "Gradients of every layer agree with finite differences",
    arguments: LayerCase.all.filter(\.isTrainable))
  func gradients(_ layer: LayerCase) throws {
    let samples = 2
    let data = try CaseData(layer.network, samples: samples)
    let shapes = try layer.network.shapes()
    var random = RandomNumbers(seed: 11)
    var targets: [String: [[Double]]] = [:]
    for output in layer.network.outputs {
      targets[output.name] = (0..<samples).map { _ in
        (0..<shapes[output.value.node].count).map { _ in Double(Float(random.normal())) }
      }
    }
    var reference = try ReferenceNetwork(layer.network, data.weights, normalisesOverBatch: true)
    func loss() -> Double {
      let answer = reference.run(data.inputs)
      return targets.reduce(0) { sum, target in
        let pairs = zip(answer[target.key]?.joined().map { $0 } ?? [], target.value.joined())
        let squares = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return sum + squares / Double(target.value.joined().count)
      }
    }

    let objectives = layer.network.outputs.map { Objective($0.name, .meanSquaredError) }
    let trainer = try Trainer(
      layer.network, weights: data.weights,
      .init(objectives: objectives, batch: samples, part: samples))
    let flatTargets = targets.mapValues { $0.flatMap { $0.map(Float.init) } }
    let flatInputs = data.flatInputs
    let (losses, gradients) = try trainer.gradients { _, _ in
      Samples(inputs: flatInputs, targets: flatTargets)
    }
    #expect(abs(losses.reduce(0, +) - loss()) < 1e-6 * max(1, loss()))

    // In front of a normalisation a bias has no effect: its gradient is rounding of the others.
    let largest = gradients.arrays.values.flatMap { $0.values.map(abs) }.max() ?? 0
    for (name, gradient) in gradients.arrays.sorted(by: { $0.key < $1.key }) {
      // A few values of each parameter: the first, the last and some between.
      let picked = Set([0, gradient.count - 1] + (0..<4).map { _ in random.integer(below: gradient.count) })
      let scale = Double(max(gradient.values.map(abs).max() ?? 0, largest * 0.02))
      for index in picked {
        let value = reference.parameters[name]?[index] ?? 0
        let step = 1e-5
        reference.parameters[name]?[index] = value + step
        let above = loss()
        reference.parameters[name]?[index] = value - step
        let below = loss()
        reference.parameters[name]?[index] = value
        let expected = (above - below) / (2 * step)
        #expect(abs(Double(gradient.values[index]) - expected) < 1e-5 * scale, "\(name)[\(index)]")
      }
    }
  }
}

extension LayerTests {
  /// Enough tiles for Winograd's algorithm in a batch of eight, too few for one image: both must agree.
  @Test("Fast and direct convolutions have the same gradients")
  func winograd() throws {
    let network = Network(
      input: .image(channels: 2, height: 12, width: 12),
      [
        .convolution(32, kernel: 3), .activation(.tanh), .convolution(40, kernel: 3), .activation(.elu()),
        .convolution(32, kernel: 3), .dense(3),
      ])
    let data = try CaseData(network, samples: 8)
    let inputs = data.flatInputs["input"] ?? []
    let source: SampleSource = { _, range in
      Samples(
        inputs: ["input": Array(inputs[range.lowerBound * 288..<range.upperBound * 288])],
        targets: ["output": range.flatMap { [Float($0), 1, -1] }])
    }
    let gradients = try [8, 1].map { part in
      try Trainer(
        network, weights: data.weights,
        .init(objectives: [Objective("output", .meanSquaredError)], batch: 8, part: part)
      ).gradients(source)
    }
    #expect(abs(gradients[0].losses[0] - gradients[1].losses[0]) < 1e-6 * gradients[1].losses[0])
    for (name, gradient) in gradients[0].gradients.arrays {
      let other = try #require(gradients[1].gradients[name])
      #expect(relativeDifference(gradient.values, other.values.map(Double.init)) < 1e-5, "\(name)")
    }
  }
}

/// Largest difference over the largest value.
func relativeDifference(_ a: [Float], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let scale = b.map(abs).max() ?? 0
  return (zip(a, b).map { abs(Double($0) - $1) }.max() ?? 0) / max(scale, 1e-30)
}
