import COneDNN

/// Writes the backward steps behind a forward pass: reverse mode, one gradient array a value.
struct BackwardPass {
  /// Where the gradient of a parameter ends up: in the pinned block, in the layout of its primitive.
  struct Gradient {
    var name: String
    /// How the plain values of the parameter are to be read.
    var view: Layout
    var layout: Layout
    var tensor: TensorID
  }

  var forward: ForwardPass
  private(set) var gradients: [Gradient] = []
  private var contributions: [Int: [TensorID]] = [:]
  private let needsGradient: [Bool]

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

  private mutating func total(_ index: Int) throws(NetworkError) -> TensorID? {
    guard let all = contributions[index], var sum = all.first else { return nil }
    for other in all.dropFirst() {
      sum = try forward.builder.binary(dnnl_binary_add, sum, other, "a gradient")
    }
    return sum
  }

  private mutating func pass(_ gradient: TensorID, to input: Int) {
    if needsGradient[input] { contributions[input, default: []].append(gradient) }
  }

  private mutating func propagate(
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
      let image = forward.builder.alias(plain, try Layout(plain: geometry.destination))
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

  // MARK: Layers with weights

  private mutating func convolution(
    _ options: Layer.Convolution, _ node: LoweredGraph.Node, _ record: ForwardPass.Record,
    _ gradient: TensorID
  ) throws(NetworkError) {
    guard let primitive = record.primitive, let source = record.source else { return }
    let geometry = try ConvolutionGeometry(
      options, input: forward.graph.shape(of: node.inputs[0]), output: node.shape, batch: forward.batch,
      name: node.name)
    try weights(
      try geometry.backwardWeights(after: primitive), node, source, gradient, view: geometry.weightView,
      bias: geometry.bias)
    guard needsGradient[node.inputs[0]] else { return }
    try data(
      try geometry.backwardData(after: primitive), node, gradient, view: geometry.weightView)
  }

  private mutating func dense(
    _ options: Layer.Dense, _ node: LoweredGraph.Node, _ record: ForwardPass.Record, _ gradient: TensorID
  ) throws(NetworkError) {
    guard let primitive = record.primitive, let source = record.source else { return }
    let geometry = try DenseGeometry(
      options, input: forward.graph.shape(of: node.inputs[0]), batch: forward.batch, name: node.name)
    try weights(
      try geometry.backwardWeights(after: primitive), node, source, gradient, view: geometry.weightView,
      bias: geometry.bias)
    guard needsGradient[node.inputs[0]] else { return }
    try data(
      try geometry.backwardData(after: primitive), node, gradient, view: geometry.weightView)
  }

  private mutating func weights(
    _ primitive: Primitive, _ node: LoweredGraph.Node, _ source: TensorID, _ gradient: TensorID,
    view: Layout, bias: Layout
  ) throws(NetworkError) {
    let result = forward.builder.pinned(primitive.weightGradient)
    gradients.append(
      Gradient(name: node.name + ".weight", view: view, layout: primitive.weightGradient, tensor: result))
    var arguments = [
      (DNNL_ARG_SRC, try forward.builder.converted(source, to: primitive.source)),
      (DNNL_ARG_DIFF_DST, try forward.builder.converted(gradient, to: primitive.destinationGradient)),
      (DNNL_ARG_DIFF_WEIGHTS, result),
    ]
    if !bias.isEmpty {
      let biasResult = forward.builder.pinned(bias)
      gradients.append(Gradient(name: node.name + ".bias", view: bias, layout: bias, tensor: biasResult))
      arguments.append((DNNL_ARG_DIFF_BIAS, biasResult))
    }
    forward.builder.append(primitive, arguments)
  }

  private mutating func data(
    _ primitive: Primitive, _ node: LoweredGraph.Node, _ gradient: TensorID, view: Layout
  ) throws(NetworkError) {
    let weight = try forward.bank.tensor(
      node.name + ".weight", view: view, as: primitive.weights, in: &forward.builder)
    let result = forward.builder.planned(primitive.sourceGradient)
    let incoming = try forward.builder.converted(gradient, to: primitive.destinationGradient)
    forward.builder.append(
      primitive, [(DNNL_ARG_DIFF_DST, incoming), (DNNL_ARG_WEIGHTS, weight), (DNNL_ARG_DIFF_SRC, result)])
    pass(result, to: node.inputs[0])
  }

  private mutating func normalisation(
    _ options: Layer.BatchNormalisation, _ node: LoweredGraph.Node, _ record: ForwardPass.Record,
    _ gradient: TensorID
  ) throws(NetworkError) {
    guard let primitive = record.primitive, let source = record.source, let mean = record.mean,
      let variance = record.variance
    else { return }
    let layout = forward.builder.layout(source)
    let incoming = try forward.builder.converted(gradient, to: layout)
    let flags = NormalisationFlags.value(isTraining: true, fusesReLU: node.activation == .relu)
    let backward = try Primitive("dnnl_batch_normalization_backward", node.name) {
      made, engine, attributes in
      odnn_batch_normalization_backward(
        &made, engine, attributes, primitive.descriptor, layout.descriptor, layout.descriptor,
        options.epsilon, flags)
    }
    let vector = try Layout(plain: [node.shape.channels])
    let scale = try forward.bank.tensor(
      node.name + ".scale", view: vector, as: vector, in: &forward.builder)
    let shift = try forward.bank.tensor(
      node.name + ".shift", view: vector, as: vector, in: &forward.builder)
    let scaleGradient = forward.builder.pinned(vector)
    let shiftGradient = forward.builder.pinned(vector)
    gradients.append(
      Gradient(name: node.name + ".scale", view: vector, layout: vector, tensor: scaleGradient))
    gradients.append(
      Gradient(name: node.name + ".shift", view: vector, layout: vector, tensor: shiftGradient))
    // The batch's statistics travel with the gradients: summed over the parts of the batch, they make the
    // running ones.
    gradients.append(Gradient(name: node.name + ".mean", view: vector, layout: vector, tensor: mean))
    gradients.append(Gradient(name: node.name + ".variance", view: vector, layout: vector, tensor: variance))
    let result = forward.builder.planned(layout)
    var arguments = [
      (DNNL_ARG_SRC, source), (DNNL_ARG_MEAN, mean), (DNNL_ARG_VARIANCE, variance),
      (DNNL_ARG_DIFF_DST, incoming), (DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift),
      (DNNL_ARG_DIFF_SRC, result), (DNNL_ARG_DIFF_SCALE, scaleGradient),
      (DNNL_ARG_DIFF_SHIFT, shiftGradient),
    ]
    if let workspace = record.workspace { arguments.append((DNNL_ARG_WORKSPACE, workspace)) }
    forward.builder.append(backward, arguments)
    pass(result, to: node.inputs[0])
  }

  // MARK: Layers without weights

  /// `data` is the activation's result where the derivative follows from it, its argument otherwise.
  private mutating func activation(
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

  private mutating func pooling(
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

  private mutating func upsampling(
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

  private mutating func pixelUnshuffle(
    _ factor: Int, _ order: Layer.ChannelOrder, _ node: LoweredGraph.Node, _ gradient: TensorID
  ) throws(NetworkError) {
    let input = forward.graph.shape(of: node.inputs[0])
    let views = try UnshuffleViews(input, factor: factor, order: order, batch: forward.batch)
    let incoming = try forward.builder.plain(gradient)
    let result = forward.builder.planned(try Layout(plain: forward.dimensions(input)))
    try forward.builder.reorder(
      forward.builder.alias(incoming, views.channels), to: forward.builder.alias(result, views.pixels))
    pass(result, to: node.inputs[0])
  }

  private mutating func unflatten(
    _ node: LoweredGraph.Node, _ gradient: TensorID, order: Layer.PixelOrder
  ) throws(NetworkError) {
    let plain = try forward.builder.plain(gradient)
    let dimensions = forward.dimensions(forward.graph.shape(of: node.inputs[0]))
    let layout =
      order == .channelsFirst ? try Layout(plain: dimensions) : try Layout(channelsLast: dimensions)
    pass(forward.builder.alias(plain, layout), to: node.inputs[0])
  }

  private mutating func product(_ node: LoweredGraph.Node, _ gradient: TensorID) throws(NetworkError) {
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
  private mutating func split(_ node: LoweredGraph.Node, _ gradient: TensorID) throws(NetworkError) {
    let plain = try forward.builder.plain(gradient)
    let whole = forward.builder.layout(plain)
    var first = 0
    for input in node.inputs {
      let dimensions = forward.dimensions(forward.graph.shape(of: input))
      defer { first += dimensions[1] }
      guard needsGradient[input] else { continue }
      let part = try Layout(part: dimensions, of: whole, startingAt: first)
      let result = forward.builder.planned(try Layout(plain: dimensions))
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

extension Layout {
  /// Some channels (or values) of an array.
  init(part dimensions: [Int], of whole: Layout, startingAt first: Int) throws(NetworkError) {
    descriptor = dnnl_memory_desc_t()
    let offsets = dimensions.indices.map { Int64($0 == 1 ? first : 0) }
    let status = withUnsafePointer(to: whole.descriptor) { whole in
      dnnl_memory_desc_init_submemory(&descriptor, whole, dimensions.map(Int64.init), offsets)
    }
    try check(status, "dnnl_memory_desc_init_submemory", "\(dimensions) from \(first)")
  }
}
