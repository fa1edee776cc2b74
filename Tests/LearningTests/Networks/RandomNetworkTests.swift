import System
import Learning
import Testing

/// Networks nobody thought of: fused, folded and in-place steps must not change what they compute.
@Suite struct RandomNetworkTests {
  /// A random graph of layers over small images; every seed is another one.
  private static func network(seed: UInt64) -> Network {
    var random = RandomNumbers(seed: seed)
    var network = Network()
    let first = network.input("image", .image(channels: 3, height: 6, width: 5))
    let widths = [4, 8, 16]
    var channels = widths[random.integer(below: 3)]
    // All values of one size, so that any of them can be added or joined.
    var values = [network.append(.convolution(channels, kernel: 3), to: first)]
    for _ in 0..<(4 + random.integer(below: 6)) {
      let value = values[random.integer(below: values.count)]
      let activations: [Activation] = [.relu, .elu(), .sigmoid, .silu, .leakyReLU(slope: 0.1), .tanh]
      switch random.integer(below: 8) {
      case 0: values.append(network.append(.convolution(channels, kernel: 3), to: value))
      case 1: values.append(network.append(.convolution(channels, kernel: 1, bias: false), to: value))
      case 2: values.append(network.append(.batchNormalisation, to: value))
      case 3, 4:
        values.append(network.append(.activation(activations[random.integer(below: 6)]), to: value))
      case 5: values.append(network.add([value, values[random.integer(below: values.count)]]))
      case 6: values.append(network.append(.maxPooling(3, stride: 1, padding: .each(1)), to: value))
      default:
        let other = values[random.integer(below: values.count)]
        channels *= 2
        values = [network.concatenate([value, other])]
        if channels > 16 {
          channels = 8
          values = [network.append(.convolution(8, kernel: 1), to: values[0])]
        }
      }
    }
    let last = values[values.count - 1]
    network.output("flat", network.append([.flatten, .dense(4)], to: last))
    network.output("mean", network.append(.globalPooling(.average), to: values[values.count / 2]))
    return network
  }

  @Test("A random network answers and learns as its definition says", arguments: UInt64(0)..<24)
  func agreement(_ seed: UInt64) throws {
    let network = Self.network(seed: seed)
    let samples = 2
    let data = try CaseData(network, samples: samples, seed: seed + 100)
    let expected = try ReferenceNetwork(network, data.weights).run(data.inputs)
    let answer = try Inference(network, weights: data.weights, batch: samples).run(data.flatInputs)
    for (name, values) in expected {
      #expect(relativeDifference(answer[name] ?? [], values.flatMap { $0 }) < 1e-5, "\(name)")
    }

    let inputs = data.flatInputs
    let targets = expected.mapValues { $0.flatMap { $0.map { Float($0 * 0.5 + 0.3) } } }
    let trainer = try Trainer(
      network, weights: data.weights,
      .init(
        objectives: [
          Objective("flat", .meanSquaredError), Objective("mean", .meanSquaredError, weight: 0.5),
        ],
        batch: samples, part: samples))
    let (losses, gradients) = try trainer.gradients { _, _ in Samples(inputs: inputs, targets: targets) }

    var reference = try ReferenceNetwork(network, data.weights, normalisesOverBatch: true)
    func loss() -> Double {
      let answer = reference.run(data.inputs)
      return [("flat", 1.0), ("mean", 0.5)].reduce(0) { sum, objective in
        let values = (answer[objective.0] ?? []).flatMap { $0 }
        let squares = zip(values, targets[objective.0] ?? []).reduce(0) {
          $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1))
        }
        return sum + objective.1 * squares / Double(values.count)
      }
    }
    #expect(abs(losses.reduce(0, +) - loss()) < 1e-5 * max(loss(), 1e-3))

    // All parameters at once, along a random direction.
    var random = RandomNumbers(seed: seed)
    var slope = 0.0
    var size = 0.0
    let start = reference.parameters
    var direction: [String: [Double]] = [:]
    for (name, gradient) in gradients.arrays.sorted(by: { $0.key < $1.key }) {
      let along = gradient.values.map { _ in random.normal() }
      direction[name] = along
      for (a, g) in zip(along, gradient.values) {
        slope += a * Double(g)
        size += Double(g) * Double(g)
      }
    }
    let step = 1e-7
    func moved(_ factor: Double) -> Double {
      for (name, along) in direction {
        reference.parameters[name] = zip(start[name] ?? [], along).map { $0 + factor * $1 }
      }
      return loss()
    }
    let expectedSlope = (moved(step) - moved(-step)) / (2 * step)
    #expect(abs(slope - expectedSlope) < 2e-5 * size.squareRoot() + 1e-6)
  }
}
