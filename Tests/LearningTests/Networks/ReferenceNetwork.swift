import Foundation
import Learning

/// The layers written down as their definitions, in double precision and without any library: slow, and
/// nothing to go wrong. `samples[i]` is one sample, plain order.
struct ReferenceNetwork {
  let network: Network
  let shapes: [Shape]
  var parameters: [String: [Double]]
  /// Batch normalisation over the samples at hand instead of the running statistics.
  var normalisesOverBatch: Bool

  init(_ network: Network, _ weights: Weights, normalisesOverBatch: Bool = false) throws {
    self.network = network
    shapes = try network.shapes()
    parameters = weights.arrays.mapValues { $0.values.map(Double.init) }
    self.normalisesOverBatch = normalisesOverBatch
  }

  /// Every output for every sample.
  func run(_ inputs: [String: [[Double]]]) -> [String: [[Double]]] {
    var values: [[[Double]]] = []
    for (index, node) in network.nodes.enumerated() {
      if case .input = node.layer {
        values.append(inputs[node.name] ?? [])
      } else {
        values.append(compute(node, index, node.inputs.map { values[$0] }))
      }
    }
    var result: [String: [[Double]]] = [:]
    for output in network.outputs { result[output.name] = values[output.value.node] }
    return result
  }

  private func compute(_ node: Network.Node, _ index: Int, _ inputs: [[[Double]]]) -> [[Double]] {
    let shape = shapes[index]
    let source = shapes[node.inputs[0]]
    func parameter(_ role: String) -> [Double] { parameters["\(node.name).\(role)"] ?? [] }
    switch node.layer {
    case .input: return []
    case .convolution(let options):
      return inputs[0].map {
        convolution($0, source, shape, options, parameter("weight"), parameter("bias"))
      }
    case .dense(let options):
      let (weight, bias) = (parameter("weight"), parameter("bias"))
      return inputs[0].map { sample in
        let x = flattened(sample, source, options.order)
        return (0..<options.units).map { unit in
          x.indices.reduce(bias.isEmpty ? 0 : bias[unit]) { $0 + weight[unit * x.count + $1] * x[$1] }
        }
      }
    case .batchNormalisation(let options):
      return normalised(
        inputs[0], source, Double(options.epsilon), parameter("scale"), parameter("shift"),
        parameter("mean"), parameter("variance"))
    case .activation(let activation): return inputs[0].map { $0.map(activation.value) }
    case .pooling(let options): return inputs[0].map { pooled($0, source, shape, options) }
    case .globalPooling(let kind):
      return inputs[0].map { sample in
        planes(sample, source).map { plane in
          kind == .max ? plane.max() ?? 0 : plane.reduce(0, +) / Double(plane.count)
        }
      }
    case .upsampling(let factor):
      return inputs[0].map { sample in
        image(shape) { c, y, x in sample[offset(source, c, y / factor, x / factor)] }
      }
    case .pixelUnshuffle(let factor, let order):
      let channels = source.dimensions[0]
      return inputs[0].map { sample in
        image(shape) { c, y, x in
          let (channel, block) =
            order == .channelMajor
            ? (c / (factor * factor), c % (factor * factor)) : (c % channels, c / channels)
          return sample[offset(source, channel, y * factor + block / factor, x * factor + block % factor)]
        }
      }
    case .dropout: return inputs[0]
    case .flatten(let order): return inputs[0].map { flattened($0, source, order) }
    case .reshape: return inputs[0]
    case .add:
      return inputs[0].indices.map { sample in
        inputs[0][sample].indices.map { i in inputs.reduce(0) { $0 + $1[sample][i] } }
      }
    case .multiply:
      let second = shapes[node.inputs[1]]
      let size = source.count / second.count
      return inputs[0].indices.map { sample in
        inputs[0][sample].indices.map { inputs[0][sample][$0] * inputs[1][sample][$0 / size] }
      }
    case .concatenate: return inputs[0].indices.map { sample in inputs.flatMap { $0[sample] } }
    case .softmax:
      return inputs[0].map { sample in
        let terms = sample.map { exp($0 - (sample.max() ?? 0)) }
        let sum = terms.reduce(0, +)
        return terms.map { $0 / sum }
      }
    }
  }

  // MARK: The layers

  private func convolution(
    _ sample: [Double], _ source: Shape, _ target: Shape, _ options: Layer.Convolution, _ weight: [Double],
    _ bias: [Double]
  ) -> [Double] {
    let window = options.window
    let (height, width) = (source.dimensions[1], source.dimensions[2])
    let (top, left) = start(window, source, target)
    let groupInputs = source.dimensions[0] / options.groups
    let groupOutputs = options.channels / options.groups
    return image(target) { c, y, x in
      var sum = bias.isEmpty ? 0 : bias[c]
      for i in 0..<groupInputs {
        for ky in 0..<window.height {
          for kx in 0..<window.width {
            let row = y * window.stride.vertical + ky * window.dilation.vertical - top
            let column = x * window.stride.horizontal + kx * window.dilation.horizontal - left
            guard row >= 0, row < height, column >= 0, column < width else { continue }
            let w = weight[((c * groupInputs + i) * window.height + ky) * window.width + kx]
            sum += w * sample[offset(source, c / groupOutputs * groupInputs + i, row, column)]
          }
        }
      }
      return sum
    }
  }

  private func pooled(
    _ sample: [Double], _ source: Shape, _ target: Shape, _ options: Layer.Pooling
  ) -> [Double] {
    let window = options.window
    let (height, width) = (source.dimensions[1], source.dimensions[2])
    let (top, left) = start(window, source, target)
    return image(target) { c, y, x in
      var inside: [Double] = []
      for ky in 0..<window.height {
        for kx in 0..<window.width {
          let (row, column) = (
            y * window.stride.vertical + ky - top, x * window.stride.horizontal + kx - left
          )
          guard row >= 0, row < height, column >= 0, column < width else { continue }
          inside.append(sample[offset(source, c, row, column)])
        }
      }
      switch options.kind {
      case .max: return inside.max() ?? 0
      case .average: return inside.reduce(0, +) / Double(inside.count)
      case .averageWithPadding: return inside.reduce(0, +) / Double(window.height * window.width)
      }
    }
  }

  /// Padding above and left of the image.
  private func start(_ window: Window, _ source: Shape, _ target: Shape) -> (Int, Int) {
    switch window.padding {
    case .none: return (0, 0)
    case .edges(let top, let left, _, _): return (top, left)
    case .same:
      func before(_ axis: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
        let needed =
          (target.dimensions[axis] - 1) * stride + (kernel - 1) * dilation + 1 - source.dimensions[axis]
        return max(needed, 0) / 2
      }
      return (
        before(1, window.height, window.stride.vertical, window.dilation.vertical),
        before(2, window.width, window.stride.horizontal, window.dilation.horizontal)
      )
    }
  }

  private func normalised(
    _ samples: [[Double]], _ shape: Shape, _ epsilon: Double, _ scale: [Double], _ shift: [Double],
    _ mean: [Double], _ variance: [Double]
  ) -> [[Double]] {
    let channels = shape.channels
    let size = shape.count / channels
    var (mean, variance) = (mean, variance)
    if normalisesOverBatch {
      for c in 0..<channels {
        let values = samples.flatMap { $0[c * size..<(c + 1) * size] }
        mean[c] = values.reduce(0, +) / Double(values.count)
        variance[c] = values.reduce(0) { $0 + ($1 - mean[c]) * ($1 - mean[c]) } / Double(values.count)
      }
    }
    return samples.map { sample in
      sample.indices.map { i in
        let c = i / size
        return (sample[i] - mean[c]) / (variance[c] + epsilon).squareRoot() * scale[c] + shift[c]
      }
    }
  }

  // MARK: Indices

  private func offset(_ shape: Shape, _ channel: Int, _ row: Int, _ column: Int) -> Int {
    (channel * shape.dimensions[1] + row) * shape.dimensions[2] + column
  }

  private func image(_ shape: Shape, _ value: (Int, Int, Int) -> Double) -> [Double] {
    var result: [Double] = []
    for c in 0..<shape.dimensions[0] {
      for y in 0..<shape.dimensions[1] {
        for x in 0..<shape.dimensions[2] { result.append(value(c, y, x)) }
      }
    }
    return result
  }

  private func planes(_ sample: [Double], _ shape: Shape) -> [ArraySlice<Double>] {
    let size = shape.dimensions[1] * shape.dimensions[2]
    return (0..<shape.channels).map { sample[$0 * size..<($0 + 1) * size] }
  }

  private func flattened(_ sample: [Double], _ shape: Shape, _ order: Layer.PixelOrder) -> [Double] {
    guard order == .channelsLast, shape.dimensions.count == 3 else { return sample }
    let size = shape.dimensions[1] * shape.dimensions[2]
    return (0..<shape.count).map { sample[$0 % shape.channels * size + $0 / shape.channels] }
  }
}

extension Activation {
  func value(_ x: Double) -> Double {
    switch self {
    case .relu: max(x, 0)
    case .leakyReLU(let slope): x > 0 ? x : Double(slope) * x
    case .elu(let alpha): x > 0 ? x : Double(alpha) * expm1(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .clipped(let lower, let upper): min(max(x, Double(lower)), Double(upper))
    case .silu: x / (1 + exp(-x))
    case .gelu: 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
    case .hardSwish: x * min(max(x + 3, 0), 6) / 6
    }
  }
}
