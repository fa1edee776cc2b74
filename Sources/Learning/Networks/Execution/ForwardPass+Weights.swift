import COneDNN

extension ForwardPass {
  mutating func convolution(
    _ options: Layer.Convolution, _ node: LoweredGraph.Node, at index: Int
  ) throws(NetworkError) -> Record {
    let geometry = try ConvolutionGeometry(
      options, input: graph.shape(of: node.inputs[0]), output: node.shape, batch: batch, name: node.name)
    return try weighted(
      geometry.forward(isTraining: isTraining, fused: fusedOperations(node)), geometry.weightView,
      bias: options.bias ? options.channels : nil, node, at: index)
  }

  mutating func dense(
    _ options: Layer.Dense, _ node: LoweredGraph.Node, at index: Int
  ) throws(NetworkError) -> Record {
    let geometry = try DenseGeometry(
      options, input: graph.shape(of: node.inputs[0]), batch: batch, name: node.name)
    return try weighted(
      geometry.forward(isTraining: isTraining, fused: fusedOperations(node)), geometry.weightView,
      bias: options.bias ? options.units : nil, node, at: index)
  }

  /// A primitive with weights in the layout that it likes best, and so many biases.
  private mutating func weighted(
    _ primitive: Primitive, _ view: TensorLayout, bias: Int?, _ node: LoweredGraph.Node, at index: Int
  ) throws(NetworkError) -> Record {
    let source = try builder.converted(output(node.inputs[0]), to: primitive.source)
    let weight = try bank.tensor(node.name + ".weight", view: view, as: primitive.weights, in: &builder)
    var arguments = [(DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, weight)]
    if let bias {
      let layout = try TensorLayout(plain: [bias])
      arguments.append(
        (DNNL_ARG_BIAS, try bank.tensor(node.name + ".bias", view: layout, as: layout, in: &builder)))
    }
    let destination = try destination(of: primitive, from: source, node, at: index)
    arguments.append((DNNL_ARG_DST, destination))
    builder.append(primitive, arguments)
    return Record(output: destination, primitive: primitive, source: source)
  }

  func fusedOperations(_ node: LoweredGraph.Node) -> [FusedOperation] {
    (node.addend == nil ? [] : [.sum]) + (node.activation.map { [.activation($0)] } ?? [])
  }

  /// A fused sum is computed in place: over the addend if this is its last reader, the primitive does not
  /// read it as its source too, and it has the right layout; over a copy otherwise.
  mutating func destination(
    of primitive: Primitive, from source: TensorID, _ node: LoweredGraph.Node, at index: Int
  ) throws(NetworkError) -> TensorID {
    let layout = primitive.destination
    guard let addend = node.addend else { return builder.planned(layout) }
    let tensor = output(addend)
    if builder.layout(tensor) == layout, builder.isPlanned(tensor), isLastReader(index, of: tensor),
      builder.root(source) != builder.root(tensor)
    {
      return builder.alias(tensor, layout)
    }
    let copy = builder.planned(layout)
    try builder.reorder(tensor, to: copy)
    return copy
  }

  func isLastReader(_ index: Int, of tensor: TensorID) -> Bool {
    let root = builder.root(tensor)
    for (other, record) in records where builder.root(record.output) == root {
      if graph.outputs.contains(where: { $0.node == other }) { return false }
      if graph.consumers(of: other).contains(where: { $0 > index }) { return false }
    }
    return true
  }

  mutating func normalisation(
    _ options: Layer.BatchNormalisation, _ node: LoweredGraph.Node
  ) throws(NetworkError) -> Record {
    let source = output(node.inputs[0])
    let layout = builder.layout(source)
    let flags = NormalisationFlags.value(isTraining: isTraining, fusesReLU: node.activation == .relu)
    let primitive = try Primitive("dnnl_batch_normalization", node.name) { made, engine, attributes in
      odnn_batch_normalization_forward(
        &made, engine, attributes, isTraining ? 1 : 0, layout.descriptor, options.epsilon, flags)
    }
    let vector = try TensorLayout(plain: [node.shape.channels])
    func parameter(_ role: WeightArray.Role) throws(NetworkError) -> TensorID {
      try bank.tensor("\(node.name).\(role.rawValue)", view: vector, as: vector, in: &builder)
    }
    let scale = try parameter(.scale)
    let shift = try parameter(.shift)
    let mean = isTraining ? builder.pinned(vector) : try parameter(.mean)
    let variance = isTraining ? builder.pinned(vector) : try parameter(.variance)
    let destination = builder.planned(layout)
    var arguments = [
      (DNNL_ARG_SRC, source), (DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift), (DNNL_ARG_MEAN, mean),
      (DNNL_ARG_VARIANCE, variance), (DNNL_ARG_DST, destination),
    ]
    let workspace = primitive.workspace.isEmpty ? nil : builder.planned(primitive.workspace)
    if let workspace { arguments.append((DNNL_ARG_WORKSPACE, workspace)) }
    builder.append(primitive, arguments)
    return Record(
      output: destination, primitive: primitive, source: source, workspace: workspace, mean: mean,
      variance: variance)
  }
}
