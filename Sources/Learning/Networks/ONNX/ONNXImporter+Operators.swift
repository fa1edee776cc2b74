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

  // MARK: Element by element

  mutating func activate(_ activation: Activation, _ node: ONNXGraph.Node) throws(NetworkError) {
    try append(.activation(activation), to: [try computed(node)], node)
  }

  mutating func clip(_ node: ONNXGraph.Node) throws(NetworkError) {
    let limit = Float.greatestFiniteMagnitude
    let lower = constant(node, 1)?.floats.first ?? node.number("min", -limit)
    let upper = constant(node, 2)?.floats.first ?? node.number("max", limit)
    guard lower <= upper else { throw unsupported(node, "an empty range") }
    try activate(lower == 0 && upper == limit ? .relu : .clipped(lower: lower, upper: upper), node)
  }

  /// clip(alpha x + beta, 0, 1).
  mutating func hardSigmoid(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    let count = input.shape.channels
    let (layer, parameters) = affine(
      Array(repeating: node.number("alpha", 0.2), count: count),
      Array(repeating: node.number("beta", 0.5), count: count))
    let line = try appended(layer, to: [input], node, parameters: parameters)
    try append(.activation(.clipped(lower: 0, upper: 1)), to: [line], node)
  }

  mutating func arithmetic(_ node: ONNXGraph.Node) throws(NetworkError) {
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

  mutating func arithmeticWithConstant(_ node: ONNXGraph.Node) throws(NetworkError) {
    let isFirst = isConstant(node, 0)
    let input = try computed(node, isFirst ? 1 : 0)
    guard let tensor = constant(node, isFirst ? 0 : 1), let values = tensor.perChannel(input) else {
      throw unsupported(node, "a constant that is not one value a channel")
    }
    let ones = values.map { _ in Float(1) }
    let zeros = values.map { _ in Float(0) }
    let (layer, parameters): (Layer, [WeightArray.Role: Tensor])
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
  var transposedTensor: Tensor { Tensor(transposed()) }
}
