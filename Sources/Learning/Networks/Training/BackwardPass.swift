import COneDNN

/// Writes the backward steps behind a forward pass: reverse mode, one gradient array a value.
struct BackwardPass {
  /// Where the gradient of a parameter ends up: in the pinned block, in the layout of its primitive.
  struct Gradient {
    var name: String
    /// How the plain values of the parameter are to be read.
    var view: TensorLayout
    var layout: TensorLayout
    var tensor: TensorID
  }

  var forward: ForwardPass
  var gradients: [Gradient] = []
  private var contributions: [Int: [TensorID]] = [:]
  let needsGradient: [Bool]

  init(_ forward: ForwardPass) {
    self.forward = forward
    var needed = Array(repeating: false, count: forward.graph.nodes.count)
    for (index, node) in forward.graph.nodes.enumerated() {
      guard let node else { continue }
      needed[index] = !node.layer.roles.isEmpty || node.inputs.contains { needed[$0] }
    }
    needsGradient = needed
  }

  /// The derivative of the loss with respect to a node's result.
  mutating func seed(_ node: Int, _ gradient: TensorID) {
    contributions[node, default: []].append(gradient)
  }

  mutating func emit() throws(NetworkError) {
    for index in forward.graph.nodes.indices.reversed() where needsGradient[index] {
      guard let node = forward.graph.nodes[index], let record = forward.records[index],
        var gradient = try total(index)
      else { continue }
      if let activation = node.activation, !node.layer.differentiatesItsActivation {
        gradient = try self.activation(activation, from: record.output, gradient)
      }
      try propagate(gradient, through: node, record)
    }
  }

  mutating func total(_ index: Int) throws(NetworkError) -> TensorID? {
    guard let all = contributions[index], var sum = all.first else { return nil }
    for other in all.dropFirst() {
      sum = try forward.builder.binary(dnnl_binary_add, sum, other, "a gradient")
    }
    return sum
  }

  mutating func pass(_ gradient: TensorID, to input: Int) {
    if needsGradient[input] { contributions[input, default: []].append(gradient) }
  }

  mutating func propagate(
    _ gradient: TensorID, through node: LoweredGraph.Node, _ record: ForwardPass.Record
  ) throws(NetworkError) {
    switch node.layer {
    case .input: break
    case .convolution(let options): try convolution(options, node, record, gradient)
    case .dense(let options): try dense(options, node, record, gradient)
    case .batchNormalisation(let options): try normalisation(options, node, record, gradient)
    case .activation(let activation):
      guard let source = record.source else { return }
      let data = activation.hasGradientFromOutput ? record.output : source
      pass(try self.activation(activation, from: data, gradient), to: node.inputs[0])
    case .pooling(let options):
      let geometry = try PoolingGeometry(
        options, input: forward.graph.shape(of: node.inputs[0]), output: node.shape, batch: forward.batch,
        name: node.name)
      try pooling(geometry, node, record, gradient)
    case .globalPooling(let kind):
      let geometry = try PoolingGeometry(
        global: kind, input: forward.graph.shape(of: node.inputs[0]), batch: forward.batch, name: node.name)
      let plain = try forward.builder.plain(gradient)
      let image = forward.builder.alias(plain, try TensorLayout(plain: geometry.destination))
      try pooling(geometry, node, record, image)
    case .upsampling: try upsampling(node, record, gradient)
    case .pixelUnshuffle(let factor, let order): try pixelUnshuffle(factor, order, node, gradient)
    case .dropout:
      guard let mask = record.workspace else { return }
      pass(try forward.builder.binary(dnnl_binary_mul, mask, gradient, node.name), to: node.inputs[0])
    case .flatten(.channelsLast): try unflatten(node, gradient, order: .channelsLast)
    case .flatten(.channelsFirst), .reshape: try unflatten(node, gradient, order: .channelsFirst)
    case .add: for input in node.inputs { pass(gradient, to: input) }
    case .multiply: try product(node, gradient)
    case .concatenate: try split(node, gradient)
    case .softmax:
      throw .description(
        node: node.name, reason: "softmax can be trained at an output with cross-entropy only")
    }
  }

  /// `data` is the activation's result where the derivative follows from it, its argument otherwise.
  mutating func activation(
    _ activation: Activation, from data: TensorID, _ gradient: TensorID
  ) throws(NetworkError) -> TensorID {
    let layout = forward.builder.layout(data)
    let incoming = try forward.builder.converted(gradient, to: layout)
    let function = activation.function(fromOutput: activation.hasGradientFromOutput)
    let primitive = try Primitive("dnnl_eltwise_backward", "\(activation)") { made, engine, attributes in
      odnn_eltwise_backward(
        &made, engine, attributes, function.kind, layout.descriptor, layout.descriptor, function.alpha,
        function.beta)
    }
    let result = forward.builder.planned(layout)
    forward.builder.append(
      primitive,
      [
        (activation.hasGradientFromOutput ? DNNL_ARG_DST : DNNL_ARG_SRC, data),
        (DNNL_ARG_DIFF_DST, incoming), (DNNL_ARG_DIFF_SRC, result),
      ])
    return result
  }

  mutating func pooling(
    _ geometry: PoolingGeometry, _ node: LoweredGraph.Node, _ record: ForwardPass.Record,
    _ gradient: TensorID
  ) throws(NetworkError) {
    guard let primitive = record.primitive else { return }
    let backward = try geometry.backward(after: primitive)
    let incoming = try forward.builder.converted(gradient, to: backward.destinationGradient)
    let result = forward.builder.planned(backward.sourceGradient)
    var arguments = [(DNNL_ARG_DIFF_DST, incoming), (DNNL_ARG_DIFF_SRC, result)]
    if let workspace = record.workspace { arguments.append((DNNL_ARG_WORKSPACE, workspace)) }
    forward.builder.append(backward, arguments)
    pass(result, to: node.inputs[0])
  }

  mutating func upsampling(
    _ node: LoweredGraph.Node, _ record: ForwardPass.Record, _ gradient: TensorID
  ) throws(NetworkError) {
    guard let primitive = record.primitive else { return }
    let (source, destination) = (primitive.source, primitive.destination)
    let backward = try Primitive("dnnl_resampling_backward", node.name) { made, engine, attributes in
      odnn_resampling_backward(
        &made, engine, attributes, primitive.descriptor, source.descriptor, destination.descriptor)
    }
    let incoming = try forward.builder.converted(gradient, to: backward.destinationGradient)
    let result = forward.builder.planned(backward.sourceGradient)
    forward.builder.append(backward, [(DNNL_ARG_DIFF_DST, incoming), (DNNL_ARG_DIFF_SRC, result)])
    pass(result, to: node.inputs[0])
  }

  mutating func pixelUnshuffle(
    _ factor: Int, _ order: Layer.ChannelOrder, _ node: LoweredGraph.Node, _ gradient: TensorID
  ) throws(NetworkError) {
    let input = forward.graph.shape(of: node.inputs[0])
    let views = try UnshuffleViews(input, factor: factor, order: order, batch: forward.batch)
    let incoming = try forward.builder.plain(gradient)
    let result = forward.builder.planned(try TensorLayout(plain: forward.dimensions(input)))
    try forward.builder.reorder(
      forward.builder.alias(incoming, views.channels), to: forward.builder.alias(result, views.pixels))
    pass(result, to: node.inputs[0])
  }

  mutating func unflatten(
    _ node: LoweredGraph.Node, _ gradient: TensorID, order: Layer.PixelOrder
  ) throws(NetworkError) {
    let plain = try forward.builder.plain(gradient)
    let dimensions = forward.dimensions(forward.graph.shape(of: node.inputs[0]))
    let layout =
      order == .channelsFirst
      ? try TensorLayout(plain: dimensions) : try TensorLayout(channelsLast: dimensions)
    pass(forward.builder.alias(plain, layout), to: node.inputs[0])
  }

  mutating func product(_ node: LoweredGraph.Node, _ gradient: TensorID) throws(NetworkError) {
    let (a, b) = (node.inputs[0], node.inputs[1])
    guard forward.graph.shape(of: a) == forward.graph.shape(of: b) else {
      throw .description(node: node.name, reason: "a product with one value a channel cannot be trained")
    }
    let (left, right) = (forward.output(a), forward.output(b))
    if needsGradient[a] {
      pass(try forward.builder.binary(dnnl_binary_mul, right, gradient, node.name), to: a)
    }
    if needsGradient[b] {
      pass(try forward.builder.binary(dnnl_binary_mul, left, gradient, node.name), to: b)
    }
  }

  /// The gradient of a chain is cut where its members met.
  mutating func split(_ node: LoweredGraph.Node, _ gradient: TensorID) throws(NetworkError) {
    let plain = try forward.builder.plain(gradient)
    let whole = forward.builder.layout(plain)
    var first = 0
    for input in node.inputs {
      let dimensions = forward.dimensions(forward.graph.shape(of: input))
      defer { first += dimensions[1] }
      guard needsGradient[input] else { continue }
      let part = try TensorLayout(part: dimensions, of: whole, startingAt: first)
      let result = forward.builder.planned(try TensorLayout(plain: dimensions))
      try forward.builder.reorder(forward.builder.alias(plain, part), to: result)
      pass(result, to: input)
    }
  }
}

extension Layer {
  fileprivate var differentiatesItsActivation: Bool {
    if case .batchNormalisation = self { return true }
    return false
  }
}

extension TensorLayout {
  /// Some channels (or values) of an array.
  init(part dimensions: [Int], of whole: TensorLayout, startingAt first: Int) throws(NetworkError) {
    descriptor = dnnl_memory_desc_t()
    let offsets = dimensions.indices.map { Int64($0 == 1 ? first : 0) }
    let status = withUnsafePointer(to: whole.descriptor) { whole in
      dnnl_memory_desc_init_submemory(&descriptor, whole, dimensions.map(Int64.init), offsets)
    }
    try check(status, "dnnl_memory_desc_init_submemory", "\(dimensions) from \(first)")
  }
}
