import Arrays

extension ONNXImporter {
  mutating func translate(_ node: ONNXGraph.Node) throws(NetworkError) {
    switch node.operation {
    case "Conv": try convolution(node)
    case "Gemm": try gemm(node)
    case "MatMul": try product(node)
    case "BatchNormalization": try normalisation(node)
    case "Relu": try activate(.relu, node)
    case "LeakyRelu": try activate(.leakyReLU(slope: node.number("alpha", 0.01)), node)
    case "Elu": try activate(.elu(alpha: node.number("alpha", 1)), node)
    case "Sigmoid": try activate(.sigmoid, node)
    case "Tanh": try activate(.tanh, node)
    case "Gelu":
      guard node.attributes["approximate"]?.text ?? "none" == "none" else {
        throw unsupported(node, "approximations of gelu")
      }
      try activate(.gelu, node)
    case "HardSwish": try activate(.hardSwish, node)
    case "HardSigmoid": try hardSigmoid(node)
    case "Clip": try clip(node)
    case "MaxPool": try pooling(node, .max)
    case "AveragePool":
      try pooling(node, node.integer("count_include_pad", 0) == 0 ? .average : .averageWithPadding)
    case "GlobalAveragePool": try globalPooling(node, .average)
    case "GlobalMaxPool": try globalPooling(node, .max)
    case "ReduceMean": try mean(node)
    case "Add", "Sub", "Mul", "Div": try arithmetic(node)
    case "Concat": try concatenation(node)
    case "Softmax": try softmax(node)
    case "Resize", "Upsample": try resize(node)
    case "SpaceToDepth":
      try append(
        .pixelUnshuffle(node.integer("blocksize", 0), .pixelMajor), to: [try computed(node)], node)
    case "Pad": try pad(node)
    default: try rearrange(node)
    }
  }

  // MARK: Layers with weights

  private mutating func convolution(_ node: ONNXGraph.Node) throws(NetworkError) {
    var input = try computed(node)
    guard let weight = constant(node, 1), weight.dimensions.count == 4, input.order == .channelsFirst
    else { throw unsupported(node, "needs constant weights of four dimensions and channels first") }
    var window = try window(node, kernel: [weight.dimensions[2], weight.dimensions[3]])
    if case .padding(let padding) = input.pending {
      window.padding = try sum(window.padding, padding, node)
      input.pending = nil
    }
    let bias = constant(node, 2)
    guard node.inputs.count < 3 || node.inputs[2].isEmpty || bias != nil else {
      throw unsupported(node, "a bias that is computed")
    }
    var parameters = [Parameter.Role.weight: weight.tensor]
    parameters[.bias] = bias?.tensor
    let options = Layer.Convolution(
      channels: weight.dimensions[0], window: window, groups: node.integer("group", 1), bias: bias != nil)
    try append(.convolution(options), to: [input], node, parameters: parameters)
  }

  private mutating func gemm(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard case .vector(let size) = input.shape, let matrix = constant(node, 1),
      matrix.dimensions.count == 2, node.integer("transA", 0) == 0
    else { throw unsupported(node, "needs a vector and a constant matrix") }
    var weight = matrix.tensor
    if node.integer("transB", 0) == 0 { weight = weight.matrix.transposedTensor }
    let alpha = node.number("alpha", 1)
    if alpha != 1 { weight = Tensor(shape: weight.shape, values: weight.values.map { $0 * alpha }) }
    var parameters = [Parameter.Role.weight: weight]
    if let bias = constant(node, 2) {
      let beta = node.number("beta", 1)
      guard let values = bias.spread(over: weight.shape[0]) else { throw unsupported(node, "its bias") }
      parameters[.bias] = Tensor(shape: [values.count], values: values.map { $0 * beta })
    }
    guard weight.shape[1] == size else { throw unsupported(node, "a matrix of another size") }
    let options = Layer.Dense(units: weight.shape[0], bias: parameters[.bias] != nil)
    try append(.dense(options), to: [input], node, parameters: parameters)
  }

  private mutating func product(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard case .vector(let size) = input.shape, let matrix = constant(node, 1),
      matrix.dimensions.count == 2, matrix.dimensions[0] == size
    else { throw unsupported(node, "needs a vector and a constant matrix") }
    try append(
      .dense(.init(units: matrix.dimensions[1], bias: false)), to: [input], node,
      parameters: [.weight: matrix.tensor.matrix.transposedTensor])
  }

  private mutating func normalisation(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard input.order == .channelsFirst else { throw unsupported(node, "channels last") }
    var parameters: [Parameter.Role: Tensor] = [:]
    for (index, role) in [Parameter.Role.scale, .shift, .mean, .variance].enumerated() {
      guard let tensor = constant(node, index + 1), tensor.dimensions == [input.shape.channels] else {
        throw unsupported(node, "its \(role.rawValue)")
      }
      parameters[role] = tensor.tensor
    }
    try append(
      .batchNormalisation(.init(epsilon: node.number("epsilon", 1e-5))), to: [input], node,
      parameters: parameters)
  }

  /// y = factor x + shift, channel by channel: a normalisation, which inference folds away.
  private func affine(
    _ factor: [Float], _ shift: [Float]
  ) -> (Layer, [Parameter.Role: Tensor]) {
    let count = factor.count
    return (
      .batchNormalisation(.init(epsilon: 0)),
      [
        .scale: Tensor(shape: [count], values: factor), .shift: Tensor(shape: [count], values: shift),
        .mean: Tensor(shape: [count]), .variance: Tensor(shape: [count], repeating: 1),
      ]
    )
  }

  // MARK: Element by element

  private mutating func activate(_ activation: Activation, _ node: ONNXGraph.Node) throws(NetworkError) {
    try append(.activation(activation), to: [try computed(node)], node)
  }

  private mutating func clip(_ node: ONNXGraph.Node) throws(NetworkError) {
    let limit = Float.greatestFiniteMagnitude
    let lower = constant(node, 1)?.floats.first ?? node.number("min", -limit)
    let upper = constant(node, 2)?.floats.first ?? node.number("max", limit)
    guard lower <= upper else { throw unsupported(node, "an empty range") }
    try activate(lower == 0 && upper == limit ? .relu : .clipped(lower: lower, upper: upper), node)
  }

  /// clip(alpha x + beta, 0, 1).
  private mutating func hardSigmoid(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    let count = input.shape.channels
    let (layer, parameters) = affine(
      Array(repeating: node.number("alpha", 0.2), count: count),
      Array(repeating: node.number("beta", 0.5), count: count))
    let line = try appended(layer, to: [input], node, parameters: parameters)
    try append(.activation(.clipped(lower: 0, upper: 1)), to: [line], node)
  }

  private mutating func arithmetic(_ node: ONNXGraph.Node) throws(NetworkError) {
    if let a = constant(node, 0), let b = constant(node, 1) { return try fold(node, a, b) }
    if isConstant(node, 0) || isConstant(node, 1) { return try arithmeticWithConstant(node) }
    let (a, b) = (try computed(node, 0), try computed(node, 1))
    guard a.order == b.order || a.shape.count == a.shape.channels || b.shape.count == b.shape.channels else {
      throw unsupported(node, "channels first and channels last together")
    }
    switch node.operation {
    case "Add": try append(.add, to: [a, b], node)
    case "Mul": try append(.multiply, to: a.shape.count >= b.shape.count ? [a, b] : [b, a], node)
    default: throw unsupported(node, "of two computed values")
    }
  }

  private mutating func arithmeticWithConstant(_ node: ONNXGraph.Node) throws(NetworkError) {
    let isFirst = isConstant(node, 0)
    let input = try computed(node, isFirst ? 1 : 0)
    guard let tensor = constant(node, isFirst ? 0 : 1), let values = tensor.perChannel(input) else {
      throw unsupported(node, "a constant that is not one value a channel")
    }
    let ones = values.map { _ in Float(1) }
    let zeros = values.map { _ in Float(0) }
    let (layer, parameters): (Layer, [Parameter.Role: Tensor])
    switch (node.operation, isFirst) {
    case ("Add", _): (layer, parameters) = affine(ones, values)
    case ("Sub", false): (layer, parameters) = affine(ones, values.map { -$0 })
    case ("Sub", true): (layer, parameters) = affine(ones.map { -$0 }, values)
    case ("Mul", _): (layer, parameters) = affine(values, zeros)
    case ("Div", false) where !values.contains(0): (layer, parameters) = affine(values.map { 1 / $0 }, zeros)
    default: throw unsupported(node, "of a constant")
    }
    try append(layer, to: [input], node, parameters: parameters)
  }

  // MARK: Windows

  private mutating func pooling(
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

  private mutating func globalPooling(
    _ node: ONNXGraph.Node, _ kind: Layer.Pooling.Kind, keepsImage: Bool = true
  ) throws(NetworkError) {
    let input = try computed(node)
    guard case .image(_, let height, let width) = input.shape else { throw unsupported(node, "a vector") }
    let layer: Layer =
      keepsImage
      ? .pooling(.init(kind, window: Window(height: height, width: width))) : .globalPooling(kind)
    try append(layer, to: [input], node, order: keepsImage ? input.order : .channelsFirst)
  }

  private mutating func mean(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    let axes = (constant(node, 1)?.integers ?? node.attributes["axes"]?.integers ?? [])
      .map { $0 < 0 ? $0 + 4 : $0 }.sorted()
    guard axes == (input.order == .channelsFirst ? [2, 3] : [1, 2]) else {
      throw unsupported(node, "over the axes \(axes)")
    }
    try globalPooling(node, .average, keepsImage: node.integer("keepdims", 1) != 0)
  }

  private mutating func resize(_ node: ONNXGraph.Node) throws(NetworkError) {
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

  private mutating func pad(_ node: ONNXGraph.Node) throws(NetworkError) {
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

  private func sum(
    _ a: Window.Padding, _ b: Window.Padding, _ node: ONNXGraph.Node
  ) throws(NetworkError) -> Window.Padding {
    switch (a, b) {
    case (.none, _): return b
    case (.edges(let t, let l, let bottom, let r), .edges(let t2, let l2, let bottom2, let r2)):
      return .edges(top: t + t2, left: l + l2, bottom: bottom + bottom2, right: r + r2)
    default: throw unsupported(node, "padding twice")
    }
  }

  private func window(_ node: ONNXGraph.Node, kernel: [Int]) throws(NetworkError) -> Window {
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

extension ONNXGraph.Node {
  func integer(_ name: String, _ standard: Int) -> Int { attributes[name]?.integer ?? standard }
  func number(_ name: String, _ standard: Float) -> Float { attributes[name]?.number ?? standard }
}

extension ONNXTensor {
  var tensor: Tensor { Tensor(shape: dimensions, values: floats) }

  /// One value for all, or one each.
  func spread(over count: Int) -> [Float]? {
    let values = floats
    if values.count == count { return values }
    return values.count == 1 ? Array(repeating: values[0], count: count) : nil
  }

  /// As broadcasting would apply it to the channels.
  func perChannel(_ input: ONNXImporter.Computed) -> [Float]? {
    let channels = input.shape.channels
    if floats.count == 1 { return spread(over: channels) }
    var sizes = dimensions
    while sizes.first == 1 { sizes.removeFirst() }
    let expected: [Int]
    switch (input.shape, input.order) {
    case (.image, .channelsFirst): expected = [channels, 1, 1]
    default: expected = [channels]
    }
    return sizes == expected ? floats : nil
  }
}

extension Matrix {
  fileprivate var transposedTensor: Tensor { Tensor(transposed()) }
}
