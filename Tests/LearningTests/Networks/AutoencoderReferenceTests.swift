import Arrays
import Learning
import Testing

/// Forward, backward and Adam against PyTorch in double precision.
@Suite struct AutoencoderReferenceTests {
  struct Case: Decodable {
    struct Values: Decodable {
      var shape: [Int]
      var data: [Double]
    }
    struct Adam: Decodable {
      var lr: Float
      var losses: [Double]
    }
    var input: Values
    var weights0: [String: Values]
    var latent: [[Double]]
    var logits: [Double]
    var loss0: Double
    var grads0: [String: Values]
    var running1: [String: Values]?
    var weightsAfter3AdamSteps: [String: Values]
    var adam: Adam
  }

  private static let image = Shape.image(channels: 1, height: 16, width: 16)

  /// The network of the first reference; nodes are called as PyTorch calls their parameters.
  private static func tiny() -> Network {
    var network = Network()
    var x = network.input("input", image)
    func block(_ name: String, _ channels: Int) {
      x = network.append(.convolution(channels, kernel: 3), to: x, name: name)
      x = network.append(.activation(.relu), to: x)
    }
    for (name, channels) in [("e.conv.0", 4), ("e.conv.3", 6)] {
      block(name, channels)
      x = network.append(.maxPooling(2), to: x)
    }
    x = network.append(.flatten, to: x)
    x = network.append(.activation(.relu), to: network.append(.dense(10), to: x, name: "e.fc.1"))
    x = network.append(.dense(3), to: x, name: "e.fc.3")
    network.output("latent", x)
    for (name, units) in [("d.fc.0", 10), ("d.fc.2", 96)] {
      x = network.append(.activation(.relu), to: network.append(.dense(units), to: x, name: name))
    }
    x = network.append(.reshape(.image(channels: 6, height: 4, width: 4)), to: x)
    for name in ["d.conv.0", "d.conv.3"] {
      block(name, 4)
      x = network.append(.upsampling(2), to: x)
    }
    x = network.append(.convolution(1, kernel: 3), to: x, name: "d.conv.6")
    network.output("image", network.append(.activation(.sigmoid), to: x))
    return network
  }

  private static func active() -> Network {
    var network = Network()
    var x = network.input("input", image)
    x = network.append(.convolution(6, kernel: 3, bias: false), to: x, name: "a")
    x = network.append(.batchNormalisation, to: x, name: "an")
    x = network.append([.activation(.elu()), .maxPooling(2)], to: x)
    x = network.append(
      .convolution(6, kernel: 3, stride: 2, padding: .each(1), groups: 3), to: x, name: "b")
    x = network.append([.activation(.relu), .flatten], to: x)
    x = network.append(.dense(3), to: x, name: "c")
    network.output("latent", x)
    x = network.append(.dense(96), to: x, name: "d")
    x = network.append(
      [.activation(.elu()), .reshape(.image(channels: 6, height: 4, width: 4)), .upsampling(2)], to: x)
    x = network.append(.convolution(4, kernel: 3), to: x, name: "e")
    x = network.append([.activation(.relu), .upsampling(2)], to: x)
    x = network.append(.convolution(1, kernel: 3), to: x, name: "f")
    network.output("image", network.append(.activation(.sigmoid), to: x))
    return network
  }

  /// PyTorch calls scale and shift of a normalisation weight and bias.
  private static func ourName(_ name: String) -> String {
    switch name {
    case "an.weight": "an.scale"
    case "an.bias": "an.shift"
    case "an.running_mean": "an.mean"
    case "an.running_var": "an.variance"
    default: name
    }
  }

  private static func weights(_ values: [String: Case.Values]) -> Weights {
    var weights = Weights()
    for (name, array) in values {
      weights[ourName(name)] = Tensor(shape: array.shape, values: array.data.map { Float($0) })
    }
    return weights
  }

  @Test(
    "Latents, loss, gradients and 20 Adam losses agree with PyTorch",
    arguments: ["tiny_autoencoder", "autoencoder_active"])
  func reference(_ file: String) throws {
    let expected = try Reference.json("\(file).json", as: Case.self)
    let network = file == "tiny_autoencoder" ? Self.tiny() : Self.active()
    var weights = Self.weights(expected.weights0)
    if file == "autoencoder_active" {
      weights["an.mean"] = Tensor(shape: [6])
      weights["an.variance"] = Tensor(shape: [6], repeating: 1)
    }
    let samples = expected.input.shape[0]
    let input = expected.input.data.map { Float($0) }
    let source: SampleSource = { _, _ in Samples(inputs: ["input": input], targets: ["image": input]) }
    let trainer = try Trainer(
      network, weights: weights,
      .init(
        objectives: [Objective("image", .binaryCrossEntropy)], batch: samples, part: samples,
        optimiser: .adam(), schedule: .constant(expected.adam.lr)))

    let (losses, gradients) = try trainer.gradients(source)
    #expect(abs(losses[0] - expected.loss0) < 1e-6)
    for (name, values) in expected.grads0 {
      let gradient = try #require(gradients[Self.ourName(name)])
      #expect(relativeDifference(gradient.values, values.data) < 1e-5, "\(name)")
    }

    if file == "tiny_autoencoder" {
      let inference = try Inference(network, weights: weights, batch: samples)
      let answer = try inference.run(["input": input])
      #expect(relativeDifference(answer["latent"] ?? [], expected.latent.flatMap { $0 }) < 1e-5)
    }

    for (step, loss) in expected.adam.losses.enumerated() {
      let result = try trainer.advance(source)
      #expect(abs(result.loss - loss) < 1e-4 * loss, "step \(step)")
      if step == 0, let running = expected.running1 {
        for (name, values) in running {
          let ours = try #require(trainer.weights[Self.ourName(name)])
          #expect(relativeDifference(ours.values, values.data) < 1e-5, "\(name)")
        }
      }
      if step == 2 {
        for (name, values) in expected.weightsAfter3AdamSteps {
          let ours = try #require(trainer.weights[Self.ourName(name)])
          #expect(relativeDifference(ours.values, values.data) < 1e-4, "\(name)")
        }
      }
    }
  }
}
