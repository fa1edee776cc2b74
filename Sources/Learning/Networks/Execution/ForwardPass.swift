import COneDNN

/// Writes the forward steps of a lowered network into a plan, and remembers what the backward pass needs.
struct ForwardPass {
  /// Of one node.
  struct Record {
    var output: TensorID
    var primitive: Primitive?
    var source: TensorID?
    var workspace: TensorID?
    var mean: TensorID?
    var variance: TensorID?
    /// Before an activation that is its own step.
    var activationSource: TensorID?
  }

  let graph: LoweredGraph
  let batch: Int
  let isTraining: Bool
  let bank: ParameterBank
  var builder = PlanBuilder()
  var records: [Int: Record] = [:]
  /// By node: where the outside writes the input.
  var inputs: [(name: String, buffer: AlignedBuffer, shape: Shape)] = []
  /// Filled by dropout; the trainer sets its seed before each run.
  let randomness = DropoutSeed()

  init(_ graph: LoweredGraph, batch: Int, isTraining: Bool, bank: ParameterBank) {
    self.graph = graph
    self.batch = batch
    self.isTraining = isTraining
    self.bank = bank
  }

  mutating func emit() throws(NetworkError) {
    for index in graph.nodes.indices {
      guard let node = graph.nodes[index] else { continue }
      records[index] = try emit(node, at: index)
    }
  }

  func dimensions(_ shape: Shape) -> [Int] { [batch] + shape.dimensions }

  func output(_ index: Int) -> TensorID {
    guard let record = records[index] else { preconditionFailure("node \(index) is not computed yet") }
    return record.output
  }

  mutating func emit(_ node: LoweredGraph.Node, at index: Int) throws(NetworkError) -> Record {
    switch node.layer {
    case .input(let shape):
      let layout = try TensorLayout(plain: dimensions(shape))
      let buffer = AlignedBuffer(byteCount: layout.byteCount)
      inputs.append((node.name, buffer, shape))
      return Record(output: builder.fixed(layout, buffer))
    case .convolution(let options): return try convolution(options, node, at: index)
    case .dense(let options): return try dense(options, node, at: index)
    case .batchNormalisation(let options): return try normalisation(options, node)
    case .activation(let activation): return try self.activation(activation, output(node.inputs[0]))
    case .pooling(let options): return try pooling(options, node)
    case .globalPooling(let kind): return try globalPooling(kind, node)
    case .upsampling: return try upsampling(node)
    case .pixelUnshuffle(let factor, let order): return try pixelUnshuffle(factor, order, node)
    case .dropout(let rate): return dropout(rate, node)
    case .flatten(let order): return try flatten(order, node)
    case .reshape: return try flatten(.channelsFirst, node)
    case .add: return try sum(node)
    case .multiply: return try product(node)
    case .concatenate: return try concatenation(node)
    case .softmax: return try softmax(node)
    }
  }

  mutating func activation(_ activation: Activation, _ source: TensorID) throws(NetworkError) -> Record {
    let layout = builder.layout(source)
    let function = activation.function(fromOutput: isTraining && activation.hasGradientFromOutput)
    let primitive = try Primitive("dnnl_eltwise", "\(activation)") { made, engine, attributes in
      odnn_eltwise_forward(
        &made, engine, attributes, isTraining ? 1 : 0, function.kind, layout.descriptor, function.alpha,
        function.beta)
    }
    let destination = builder.planned(layout)
    builder.append(primitive, [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, destination)])
    return Record(output: destination, primitive: primitive, source: source)
  }

  mutating func pooling(
    _ options: Layer.Pooling, _ node: LoweredGraph.Node
  ) throws(NetworkError) -> Record {
    let geometry = try PoolingGeometry(
      options, input: graph.shape(of: node.inputs[0]), output: node.shape, batch: batch, name: node.name)
    return try pool(geometry, output(node.inputs[0]))
  }

  mutating func pool(
    _ geometry: PoolingGeometry, _ source: TensorID
  ) throws(NetworkError) -> Record {
    let primitive = try geometry.forward(isTraining: isTraining, source: builder.layout(source))
    let destination = builder.planned(primitive.destination)
    var arguments = [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, destination)]
    let workspace = primitive.workspace.isEmpty ? nil : builder.planned(primitive.workspace)
    if let workspace { arguments.append((DNNL_ARG_WORKSPACE, workspace)) }
    builder.append(primitive, arguments)
    return Record(output: destination, primitive: primitive, source: source, workspace: workspace)
  }

  mutating func globalPooling(
    _ kind: Layer.Pooling.Kind, _ node: LoweredGraph.Node
  ) throws(NetworkError) -> Record {
    let geometry = try PoolingGeometry(
      global: kind, input: graph.shape(of: node.inputs[0]), batch: batch, name: node.name)
    var record = try pool(geometry, output(node.inputs[0]))
    let plain = try builder.plain(record.output)
    record.output = builder.alias(plain, try TensorLayout(plain: dimensions(node.shape)))
    return record
  }

  mutating func upsampling(_ node: LoweredGraph.Node) throws(NetworkError) -> Record {
    let source = output(node.inputs[0])
    let target = try TensorLayout(any: dimensions(node.shape))
    let layout = builder.layout(source)
    let primitive = try Primitive("dnnl_resampling", node.name) { made, engine, attributes in
      odnn_resampling_forward(
        &made, engine, attributes, isTraining ? 1 : 0, layout.descriptor, target.descriptor)
    }
    let destination = builder.planned(primitive.destination)
    builder.append(primitive, [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, destination)])
    return Record(output: destination, primitive: primitive, source: source)
  }

  mutating func pixelUnshuffle(
    _ factor: Int, _ order: Layer.ChannelOrder, _ node: LoweredGraph.Node
  ) throws(NetworkError) -> Record {
    let source = try builder.plain(output(node.inputs[0]))
    let views = try UnshuffleViews(
      graph.shape(of: node.inputs[0]), factor: factor, order: order, batch: batch)
    let destination = builder.planned(try TensorLayout(plain: dimensions(node.shape)))
    try builder.reorder(builder.alias(source, views.pixels), to: builder.alias(destination, views.channels))
    return Record(output: destination, source: source)
  }

  mutating func dropout(_ rate: Float, _ node: LoweredGraph.Node) -> Record {
    let source = output(node.inputs[0])
    let layout = builder.layout(source)
    let mask = builder.planned(layout)
    let destination = builder.planned(layout)
    let randomness = randomness
    let stream = randomness.addLayer()
    let count = layout.count
    builder.append(native: [source, mask, destination]) { arrays in
      randomness.fill(arrays[1], count: count, rate: rate, layer: stream)
      for i in 0..<count { arrays[2][i] = arrays[0][i] * arrays[1][i] }
    }
    return Record(output: destination, source: source, workspace: mask)
  }

  mutating func flatten(
    _ order: Layer.PixelOrder, _ node: LoweredGraph.Node
  ) throws(NetworkError) -> Record {
    let source = output(node.inputs[0])
    let dimensions = builder.layout(source).dimensions
    let layout =
      order == .channelsFirst
      ? try TensorLayout(plain: dimensions) : try TensorLayout(channelsLast: dimensions)
    let ordered = try builder.converted(source, to: layout)
    return Record(
      output: builder.alias(ordered, try TensorLayout(plain: self.dimensions(node.shape))), source: source)
  }

  mutating func softmax(_ node: LoweredGraph.Node) throws(NetworkError) -> Record {
    let source = try builder.plain(output(node.inputs[0]))
    let layout = builder.layout(source)
    let primitive = try Primitive("dnnl_softmax", node.name) { made, engine, attributes in
      odnn_softmax_forward(&made, engine, attributes, layout.descriptor, 1)
    }
    let destination = builder.planned(layout)
    builder.append(primitive, [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, destination)])
    return Record(output: destination, primitive: primitive, source: source)
  }
}

enum NormalisationFlags {
  static func value(isTraining: Bool, fusesReLU: Bool) -> UInt32 {
    var flags = dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
    if !isTraining { flags |= dnnl_use_global_stats.rawValue }
    if fusesReLU { flags |= dnnl_fuse_norm_relu.rawValue }
    return UInt32(flags)
  }
}

extension PlanBuilder {
  /// Element by element, in the layout of `a`; `b` may be one value a channel.
  mutating func binary(
    _ kind: dnnl_alg_kind_t, _ a: TensorID, _ b: TensorID, fused: [FusedOperation] = [], _ name: String
  ) throws(NetworkError) -> TensorID {
    let first = layout(a)
    let second =
      layout(b).dimensions == first.dimensions ? try converted(b, to: first) : try plain(b)
    let other = layout(second)
    let primitive = try Primitive("dnnl_binary", name, fused: fused) { made, engine, attributes in
      odnn_binary(&made, engine, attributes, kind, first.descriptor, other.descriptor, first.descriptor)
    }
    let destination = planned(first)
    append(
      primitive, [(DNNL_ARG_SRC_0, a), (DNNL_ARG_SRC_1, second), (DNNL_ARG_DST, destination)])
    return destination
  }
}
