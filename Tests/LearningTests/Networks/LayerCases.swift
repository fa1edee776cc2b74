import System
import Arrays
import Learning
import Testing

/// Small networks, each around one layer: run forward and backward against the definitions.
struct LayerCase: CustomTestStringConvertible, Sendable {
  let name: String
  let network: Network
  var isTrainable = true
  var testDescription: String { name }

  /// A convolution in front makes gradients flow through the layer in question.
  private static func image(
    _ name: String, _ input: Shape, isTrainable: Bool = true, front: Int? = 5,
    _ body: (inout Network, Network.Value) -> Network.Value
  ) -> LayerCase {
    var network = Network()
    var value = network.input("image", input)
    if let front { value = network.append(.convolution(front, kernel: 3), to: value) }
    value = body(&network, value)
    network.output("result", value)
    return LayerCase(name: name, network: network, isTrainable: isTrainable)
  }

  private static let square = Shape.image(channels: 2, height: 4, width: 4)
  private static let oblong = Shape.image(channels: 2, height: 5, width: 7)

  static let all: [LayerCase] = convolutions + poolings + activations + shapes + dense + joined

  static let convolutions: [LayerCase] = [
    image("convolution 3x3", oblong) { $0.append(.convolution(4, kernel: 3), to: $1) },
    image("convolution of 32 channels", square, front: 32) { $0.append(.convolution(16, kernel: 3), to: $1) },
    image("3x3 convolution of 32 to 32 channels, ReLU", oblong, isTrainable: false, front: 32) {
      $0.append([.convolution(32, kernel: 3), .activation(.relu)], to: $1)
    },
    image("pointwise convolution", square, front: 16) { $0.append(.convolution(17, kernel: 1), to: $1) },
    image("convolution without bias", square) {
      $0.append(.convolution(6, kernel: 5, bias: false), to: $1)
    },
    image("convolution with stride 2, same", oblong) {
      $0.append(.convolution(4, kernel: 3, stride: 2), to: $1)
    },
    image("convolution with stride 2, one pixel of padding", square) {
      $0.append(.convolution(4, kernel: 3, stride: 2, padding: .each(1)), to: $1)
    },
    image("convolution with stride 3, no padding", oblong) {
      $0.append(.convolution(4, kernel: 2, stride: 3, padding: .none), to: $1)
    },
    image("convolution with uneven padding", oblong) {
      let padding = Window.Padding.edges(top: 0, left: 2, bottom: 1, right: 0)
      return $0.append(.convolution(3, kernel: 3, padding: padding), to: $1)
    },
    image("convolution with an oblong kernel and dilation", oblong) {
      let window = Window(
        height: 1, width: 3, stride: .init(1), dilation: .init(vertical: 1, horizontal: 2), padding: .same)
      return $0.append(.convolution(.init(channels: 4, window: window)), to: $1)
    },
    image("grouped convolution", square, front: 8) {
      $0.append(.convolution(12, kernel: 3, groups: 4), to: $1)
    },
    image("depthwise convolution", square, front: 16) {
      $0.append(.convolution(16, kernel: 3, groups: 16), to: $1)
    },
    image("depthwise convolution of 7 channels with stride", oblong, front: 7) {
      $0.append(.convolution(7, kernel: 3, stride: 2, groups: 7), to: $1)
    },
    image("depthwise separable convolution", square, front: 8) {
      $0.separableConvolution(10, of: 8, kernel: 3, to: $1)
    },
  ]

  static let poolings: [LayerCase] = [
    image("max pooling", square) { $0.append(.maxPooling(2), to: $1) },
    image("max pooling with overlap and padding", oblong) {
      $0.append(.maxPooling(3, stride: 2, padding: .each(1)), to: $1)
    },
    image("max pooling that rounds up", oblong) {
      $0.append(.pooling(.init(.max, window: Window(2, stride: 2), roundsUp: true)), to: $1)
    },
    image("average pooling", square) { $0.append(.averagePooling(2), to: $1) },
    image("average pooling, padding left out", oblong) {
      $0.append(.averagePooling(3, stride: 2, padding: .same), to: $1)
    },
    image("average pooling, padding counted", oblong) {
      let window = Window(3, stride: 2, padding: .each(1))
      return $0.append(.pooling(.init(.averageWithPadding, window: window)), to: $1)
    },
    image("global average pooling", oblong) { $0.append(.globalPooling(.average), to: $1) },
    image("global max pooling of 16 channels", oblong, front: 16) {
      $0.append(.globalPooling(.max), to: $1)
    },
  ]

  static let activations: [LayerCase] =
    ([
      .relu, .leakyReLU(slope: 0.1), .elu(), .elu(alpha: 0.5), .sigmoid, .tanh,
      .clipped(lower: -0.2, upper: 0.3), .silu, .gelu, .hardSwish,
    ] as [Activation]).flatMap { activation in
      [
        image("\(activation)", square) { $0.append(.activation(activation), to: $1) },
        // Behind a pooling layer nothing can absorb it.
        image("\(activation) by itself", square) {
          $0.append([.averagePooling(2), .activation(activation)], to: $1)
        },
      ]
    }

  static let shapes: [LayerCase] = [
    image("nearest up-sampling", oblong) { $0.append(.upsampling(2), to: $1) },
    image("up-sampling of 16 channels by 3", oblong, front: 16) { $0.append(.upsampling(3), to: $1) },
    image("pixel unshuffle", square) { $0.append(.pixelUnshuffle(2), to: $1) },
    image("pixel unshuffle, pixels first", square) { $0.append(.pixelUnshuffle(4, .pixelMajor), to: $1) },
    image("flatten", oblong) { $0.append(.flatten, to: $1) },
    image("flatten, channels last", oblong) { $0.append(.flatten(.channelsLast), to: $1) },
    image("flatten and dense", oblong) { $0.append([.flatten, .dense(6)], to: $1) },
    image("flatten, channels last, and dense", oblong) {
      $0.append([.flatten(.channelsLast), .dense(6)], to: $1)
    },
    image("dense on an image", square, front: 16) { $0.append(.dense(6), to: $1) },
    image("reshape", square) {
      $0.append([.reshape(.image(channels: 10, height: 2, width: 4)), .convolution(3, kernel: 3)], to: $1)
    },
    image("batch normalisation", square) { $0.append(.batchNormalisation, to: $1) },
    image("batch normalisation and ReLU", square, front: 16) {
      $0.append([.batchNormalisation, .activation(.relu)], to: $1)
    },
    image("batch normalisation without convolution", square) {
      $0.append([.maxPooling(2), .batchNormalisation, .activation(.elu())], to: $1)
    },
    image("normalised separable convolution", square, front: 16) {
      $0.append(
        [
          .convolution(16, kernel: 3, groups: 16, bias: false), .convolution(32, kernel: 1, bias: false),
          .batchNormalisation, .activation(.relu),
        ], to: $1)
    },
  ]

  static let dense: [LayerCase] = {
    func vector(_ name: String, _ layers: [Layer]) -> LayerCase {
      var network = Network()
      let start = network.append(.dense(9), to: network.input("vector", .vector(5)))
      network.output("result", network.append(layers, to: start))
      return LayerCase(name: name, network: network, isTrainable: layers != [.softmax])
    }
    return [
      vector("dense", [.dense(4)]), vector("dense without bias", [.dense(.init(units: 3, bias: false))]),
      vector("dense, ELU", [.activation(.elu()), .dense(16), .activation(.sigmoid)]),
      vector("batch normalisation of vectors", [.batchNormalisation, .dense(3)]),
      vector("softmax", [.softmax]),
      vector("reshape to an image", [.dense(24), .reshape(.image(channels: 2, height: 3, width: 4))]),
    ]
  }()

  static let joined: [LayerCase] = {
    func two(_ name: String, _ body: (inout Network, Network.Value, Network.Value) -> Network.Value)
      -> LayerCase
    {
      LayerCase.image(name, square) { network, value in
        let other = network.append(
          .convolution(5, kernel: 1), to: network.append(.activation(.tanh), to: value))
        return body(&network, value, other)
      }
    }
    var heads = Network()
    let picture = heads.input("image", square)
    let trunk = heads.append(
      [.convolution(8, kernel: 3), .activation(.relu), .globalPooling(.average)], to: picture)
    let angle = heads.input("angle", .vector(1))
    let joint = heads.append([.dense(12), .activation(.relu)], to: heads.concatenate([trunk, angle]))
    heads.output("thickness", heads.append(.dense(7), to: joint))
    heads.output("mistilt", heads.append([.dense(6), .activation(.tanh), .dense(3)], to: joint))
    return [
      two("sum") { $0.add([$1, $2]) },
      two("sum of three") { network, a, b in network.add([a, b, a]) },
      two("residual block") { network, a, b in
        network.append(.activation(.relu), to: network.add([a, b]))
      },
      LayerCase.image("residual around one convolution", square, front: 16) { network, value in
        network.add([value, network.append(.convolution(16, kernel: 3), to: value)])
      },
      LayerCase.image(
        "residual block of 32 channels", .image(channels: 1, height: 5, width: 4), isTrainable: false,
        front: 32
      ) { network, value in
        let branch = network.append(
          [.convolution(32, kernel: 3), .activation(.relu), .convolution(32, kernel: 3)], to: value)
        return network.append(.activation(.relu), to: network.add([value, branch]))
      },
      two("residual that is read again") { network, a, b in
        network.concatenate([network.add([b, a]), a])
      },
      two("concatenation of 5 and 5 channels") { $0.concatenate([$1, $2]) },
      LayerCase.image("concatenation of 16 and 32 channels", square, front: 16) { network, value in
        network.concatenate([value, network.append(.convolution(32, kernel: 1), to: value)])
      },
      two("product") { $0.multiply($1, $2) },
      LayerCase.image("channel attention", square, isTrainable: false) { network, value in
        let weights = network.append(
          [
            .globalPooling(.average), .dense(5), .activation(.sigmoid),
            .reshape(.image(channels: 5, height: 1, width: 1)),
          ], to: value)
        return network.multiply(value, weights)
      },
      LayerCase(name: "a trunk with two heads and an extra input", network: heads),
    ]
  }()
}

/// Random numbers for a case, the same every time.
struct CaseData {
  var weights: Weights
  var inputs: [String: [[Double]]]

  init(_ network: Network, samples: Int, seed: UInt64 = 7) throws {
    weights = try Weights(for: network, seed: seed)
    var random = RandomNumbers(seed: seed)
    // Away from 0 and 1, where a wrong use would not show.
    for parameter in try network.parameters() where parameter.role != .weight {
      let range = parameter.role == .variance || parameter.role == .scale ? 0.5...1.5 : -0.3...0.3
      weights[parameter.name] = Tensor(
        shape: parameter.dimensions,
        values: (0..<parameter.count).map { _ in Float(random.uniform(in: range)) })
    }
    inputs = [:]
    for (name, shape) in network.inputs {
      inputs[name] = (0..<samples).map { _ in
        (0..<shape.count).map { _ in Double(Float(random.normal())) }
      }
    }
  }

  var flatInputs: [String: [Float]] { inputs.mapValues { $0.flatMap { $0.map(Float.init) } } }
}
