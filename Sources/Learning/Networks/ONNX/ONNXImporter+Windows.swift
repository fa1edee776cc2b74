extension ONNXImporter {
  mutating func pooling(
    _ node: ONNXGraph.Node, _ kind: Layer.Pooling.Kind
  ) throws(NetworkError) {
    let input = try computed(node)
    guard input.order == .channelsFirst, node.outputs.count == 1 else {
      throw unsupported(node, "channels last or positions")
    }
    let window = try window(node, kernel: node.attributes["kernel_shape"]?.integers ?? [])
    try append(
      .pooling(.init(kind, window: window, roundsUp: node.integer("ceil_mode", 0) != 0)), to: [input], node)
  }

  mutating func globalPooling(
    _ node: ONNXGraph.Node, _ kind: Layer.Pooling.Kind, keepsImage: Bool = true
  ) throws(NetworkError) {
    let input = try computed(node)
    guard case .image(_, let height, let width) = input.shape else { throw unsupported(node, "a vector") }
    let layer: Layer =
      keepsImage
      ? .pooling(.init(kind, window: Window(height: height, width: width))) : .globalPooling(kind)
    try append(layer, to: [input], node, order: keepsImage ? input.order : .channelsFirst)
  }

  mutating func mean(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    let axes = (constant(node, 1)?.integers ?? node.attributes["axes"]?.integers ?? [])
      .map { $0 < 0 ? $0 + 4 : $0 }.sorted()
    guard axes == (input.order == .channelsFirst ? [2, 3] : [1, 2]) else {
      throw unsupported(node, "over the axes \(axes)")
    }
    try globalPooling(node, .average, keepsImage: node.integer("keepdims", 1) != 0)
  }

  mutating func resize(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard case .image(_, let height, let width) = input.shape, input.order == .channelsFirst,
      node.attributes["mode"]?.text ?? "nearest" == "nearest"
    else { throw unsupported(node, "only nearest neighbours of images, channels first") }
    var factors: [Float] = []
    if let sizes = constant(node, 3)?.integers, sizes.count == 4 {
      factors = [1, 1, Float(sizes[2]) / Float(height), Float(sizes[3]) / Float(width)]
    } else {
      let scales = constant(node, node.operation == "Resize" && graph.version >= 11 ? 2 : 1)
      factors = scales?.floats ?? node.attributes["scales"]?.numbers ?? []
    }
    guard factors.count == 4, factors[0] == 1, factors[1] == 1, factors[2] == factors[3],
      factors[2] >= 1, factors[2] <= 64, factors[2] == factors[2].rounded()
    else { throw unsupported(node, "factors \(factors)") }
    try append(.upsampling(Int(factors[2])), to: [input], node)
  }

  mutating func pad(_ node: ONNXGraph.Node) throws(NetworkError) {
    var input = try computed(node)
    let pads = constant(node, 1)?.integers ?? node.attributes["pads"]?.integers ?? []
    let value = constant(node, 2)?.floats.first ?? node.number("value", 0)
    guard node.attributes["mode"]?.text ?? "constant" == "constant", value == 0, pads.count == 8,
      input.order == .channelsFirst, [0, 1, 4, 5].allSatisfy({ pads[$0] == 0 }),
      pads.allSatisfy({ $0 >= 0 && $0 < 1 << 16 })
    else { throw unsupported(node, "only zeros around images") }
    input.pending = .padding(.edges(top: pads[2], left: pads[3], bottom: pads[6], right: pads[7]))
    try define(node, .computed(input))
  }

  func sum(
    _ a: Window.Padding, _ b: Window.Padding, _ node: ONNXGraph.Node
  ) throws(NetworkError) -> Window.Padding {
    switch (a, b) {
    case (.none, _): return b
    case (.edges(let t, let l, let bottom, let r), .edges(let t2, let l2, let bottom2, let r2)):
      return .edges(top: t + t2, left: l + l2, bottom: bottom + bottom2, right: r + r2)
    default: throw unsupported(node, "padding twice")
    }
  }

  func window(_ node: ONNXGraph.Node, kernel: [Int]) throws(NetworkError) -> Window {
    let strides = node.attributes["strides"]?.integers ?? [1, 1]
    let dilations = node.attributes["dilations"]?.integers ?? [1, 1]
    let pads = node.attributes["pads"]?.integers ?? [0, 0, 0, 0]
    guard kernel.count == 2, strides.count == 2, dilations.count == 2, pads.count == 4,
      pads.allSatisfy({ $0 >= 0 && $0 < 1 << 16 })
    else { throw unsupported(node, "a window that is not two-dimensional") }
    let padding: Window.Padding
    switch node.attributes["auto_pad"]?.text ?? "NOTSET" {
    case "NOTSET", "":
      padding = .edges(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
    case "VALID": padding = .none
    case "SAME_UPPER": padding = .same
    default: throw unsupported(node, "its padding")
    }
    return Window(
      height: kernel[0], width: kernel[1],
      stride: .init(vertical: strides[0], horizontal: strides[1]),
      dilation: .init(vertical: dilations[0], horizontal: dilations[1]), padding: padding)
  }
}
