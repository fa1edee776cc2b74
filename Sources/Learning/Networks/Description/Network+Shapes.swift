extension Network {
  /// The shape every node computes; throws where the description does not hold together.
  package func shapes() throws(NetworkError) -> [Shape] {
    var shapes: [Shape] = []
    var names: Set<String> = []
    for (index, node) in nodes.enumerated() {
      guard names.insert(node.name).inserted else {
        throw .description(node: node.name, reason: "the name is used twice")
      }
      guard node.inputs.allSatisfy({ $0 >= 0 && $0 < index }) else {
        throw .description(node: node.name, reason: "an input is not an earlier node")
      }
      let inputs = node.inputs.map { shapes[$0] }
      guard node.layer.accepts(inputs.count) else {
        throw .description(node: node.name, reason: "\(inputs.count) inputs")
      }
      guard let shape = node.layer.shape(from: inputs), shape.isReasonable else {
        let list = inputs.map(\.description).joined(separator: ", ")
        throw .description(node: node.name, reason: "does not fit its input (\(list))")
      }
      shapes.append(shape)
    }
    guard !outputs.isEmpty else { throw .description(node: "", reason: "nothing leaves the network") }
    guard Set(outputs.map(\.name)).count == outputs.count else {
      throw .description(node: "", reason: "two outputs have one name")
    }
    for output in outputs where !nodes.indices.contains(output.value.node) {
      throw .description(node: output.name, reason: "the output is not a node")
    }
    return shapes
  }
}

extension Shape {
  /// At most 1 GB a sample.
  var isReasonable: Bool {
    var count = 1
    for size in dimensions {
      guard size > 0, size <= 1 << 28 else { return false }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, product <= 1 << 28 else { return false }
      count = product
    }
    return true
  }
}

extension Layer {
  fileprivate func accepts(_ inputs: Int) -> Bool {
    switch self {
    case .input: inputs == 0
    case .add, .concatenate: inputs >= 1
    case .multiply: inputs == 2
    default: inputs == 1
    }
  }

  /// `nil` when the layer cannot take these shapes.
  func shape(from inputs: [Shape]) -> Shape? {
    guard let first = inputs.first else {
      guard case .input(let shape) = self, shape.dimensions.allSatisfy({ $0 > 0 }) else { return nil }
      return shape
    }
    switch self {
    case .input: return nil
    case .activation: return first
    case .batchNormalisation(let options): return options.epsilon >= 0 ? first : nil
    case .dropout(let rate): return rate >= 0 && rate < 1 ? first : nil
    case .flatten: return .vector(first.count)
    case .reshape(let shape):
      return shape.dimensions.allSatisfy({ $0 > 0 }) && shape.isReasonable && shape.count == first.count
        ? shape : nil
    case .dense(let options): return options.units > 0 ? .vector(options.units) : nil
    case .softmax:
      guard case .vector = first else { return nil }
      return first
    case .add: return inputs.allSatisfy { $0 == first } ? first : nil
    case .multiply: return Self.product(first, inputs[1])
    case .concatenate: return Self.concatenation(inputs)
    case .convolution, .pooling, .globalPooling, .upsampling, .pixelUnshuffle:
      guard case .image(let channels, let height, let width) = first else { return nil }
      return imageShape(channels, height, width)
    }
  }

  private func imageShape(_ channels: Int, _ height: Int, _ width: Int) -> Shape? {
    switch self {
    case .convolution(let options):
      guard options.channels > 0, options.groups > 0, channels % options.groups == 0,
        options.channels % options.groups == 0,
        let placed = PlacedWindow(options.window, height: height, width: width)
      else { return nil }
      return .image(
        channels: options.channels, height: placed.rows.outputs, width: placed.columns.outputs)
    case .pooling(let options):
      guard options.window.dilation == Window.Size(1),
        let placed = PlacedWindow(options.window, height: height, width: width, roundingUp: options.roundsUp)
      else { return nil }
      return .image(channels: channels, height: placed.rows.outputs, width: placed.columns.outputs)
    case .globalPooling: return .vector(channels)
    case .upsampling(let factor):
      guard factor > 0, factor <= 64 else { return nil }
      return .image(channels: channels, height: height * factor, width: width * factor)
    case .pixelUnshuffle(let factor, _):
      guard factor > 0, factor <= 64, height % factor == 0, width % factor == 0 else { return nil }
      return .image(channels: channels * factor * factor, height: height / factor, width: width / factor)
    default: return nil
    }
  }

  private static func product(_ a: Shape, _ b: Shape) -> Shape? {
    if a == b { return a }
    guard case .image(let channels, _, _) = a, case .image(channels: channels, height: 1, width: 1) = b
    else { return nil }
    return a
  }

  private static func concatenation(_ shapes: [Shape]) -> Shape? {
    var total = 0
    for shape in shapes {
      switch (shape, shapes[0]) {
      case (.vector(let count), .vector): total += count
      case (.image(let channels, let height, let width), .image(_, let firstHeight, let firstWidth))
      where height == firstHeight && width == firstWidth: total += channels
      default: return nil
      }
    }
    if case .image(_, let height, let width) = shapes[0] {
      return .image(channels: total, height: height, width: width)
    }
    return .vector(total)
  }
}
