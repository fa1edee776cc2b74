import Arrays

extension ONNXImporter {
  mutating func convolution(_ node: ONNXGraph.Node) throws(NetworkError) {
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
    var parameters = [WeightArray.Role.weight: weight.tensor]
    parameters[.bias] = bias?.tensor
    let options = Layer.Convolution(
      channels: weight.dimensions[0], window: window, groups: node.integer("group", 1), bias: bias != nil)
    try append(.convolution(options), to: [input], node, parameters: parameters)
  }

  mutating func gemm(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard case .vector(let size) = input.shape, let matrix = constant(node, 1),
      matrix.dimensions.count == 2, node.integer("transA", 0) == 0
    else { throw unsupported(node, "needs a vector and a constant matrix") }
    var weight = matrix.tensor
    if node.integer("transB", 0) == 0 { weight = weight.matrix.transposedTensor }
    let alpha = node.number("alpha", 1)
    if alpha != 1 { weight = Tensor(shape: weight.shape, values: weight.values.map { $0 * alpha }) }
    var parameters = [WeightArray.Role.weight: weight]
    if let bias = constant(node, 2) {
      let beta = node.number("beta", 1)
      guard let values = bias.spread(over: weight.shape[0]) else { throw unsupported(node, "its bias") }
      parameters[.bias] = Tensor(shape: [values.count], values: values.map { $0 * beta })
    }
    guard weight.shape[1] == size else { throw unsupported(node, "a matrix of another size") }
    let options = Layer.Dense(units: weight.shape[0], bias: parameters[.bias] != nil)
    try append(.dense(options), to: [input], node, parameters: parameters)
  }

  mutating func product(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard case .vector(let size) = input.shape, let matrix = constant(node, 1),
      matrix.dimensions.count == 2, matrix.dimensions[0] == size
    else { throw unsupported(node, "needs a vector and a constant matrix") }
    try append(
      .dense(.init(units: matrix.dimensions[1], bias: false)), to: [input], node,
      parameters: [.weight: matrix.tensor.matrix.transposedTensor])
  }

  mutating func normalisation(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard input.order == .channelsFirst else { throw unsupported(node, "channels last") }
    var parameters: [WeightArray.Role: Tensor] = [:]
    for (index, role) in [WeightArray.Role.scale, .shift, .mean, .variance].enumerated() {
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
  func affine(
    _ factor: [Float], _ shift: [Float]
  ) -> (Layer, [WeightArray.Role: Tensor]) {
    let count = factor.count
    return (
      .batchNormalisation(.init(epsilon: 0)),
      [
        .scale: Tensor(shape: [count], values: factor), .shift: Tensor(shape: [count], values: shift),
        .mean: Tensor(shape: [count]), .variance: Tensor(shape: [count], repeating: 1),
      ]
    )
  }
}
