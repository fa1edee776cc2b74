import System
import Arrays

/// How a network's weights are drawn before training.
package enum Initialisation: Sendable, Hashable {
  /// Normal with variance 2 / inputs (He et al. 2015): for ReLU and its relatives.
  case he
  /// Uniform with variance 2 / (inputs + outputs) (Glorot & Bengio 2010): for sigmoid and tanh.
  case glorot
  /// Uniform within 1 / sqrt(inputs), biases too: what PyTorch starts from.
  case uniform
}

extension Weights {
  /// Fresh weights; each array has its own random stream, so that one layer more does not change the others.
  package init(
    for network: Network, seed: UInt64, _ initialisation: Initialisation = .he
  ) throws(NetworkError) {
    let parameters = try network.parameters()
    let numbers = RandomNumbers(seed: seed)
    arrays = [:]
    var inputs = 1
    for parameter in parameters {
      var random = numbers.stream(Self.streamNumber(parameter.name))
      let values: [Float]
      switch parameter.role {
      case .weight:
        inputs = parameter.dimensions.dropFirst().reduce(1, *)
        let outputs = parameter.count / max(1, parameter.dimensions[1])
        values = (0..<parameter.count).map { _ in
          Float(Self.draw(initialisation, inputs: inputs, outputs: outputs, &random))
        }
      case .bias where initialisation == .uniform:
        values = (0..<parameter.count).map { _ in
          Float(Self.draw(.uniform, inputs: inputs, outputs: 1, &random))
        }
      case .bias, .shift, .mean: values = Swift.Array(repeating: 0, count: parameter.count)
      case .scale, .variance: values = Swift.Array(repeating: 1, count: parameter.count)
      }
      arrays[parameter.name] = Tensor(shape: parameter.dimensions, values: values)
    }
  }

  private static func draw(
    _ initialisation: Initialisation, inputs: Int, outputs: Int, _ random: inout RandomNumbers
  ) -> Double {
    switch initialisation {
    case .he: return random.normal() * (2 / Double(inputs)).squareRoot()
    case .glorot:
      let limit = (6 / Double(inputs + outputs)).squareRoot()
      return random.uniform(in: -limit...limit)
    case .uniform:
      let limit = 1 / Double(inputs).squareRoot()
      return random.uniform(in: -limit...limit)
    }
  }

  /// FNV-1a of the name: the same on every machine, unlike Swift's hashes.
  private static func streamNumber(_ name: String) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: hash)
  }
}
