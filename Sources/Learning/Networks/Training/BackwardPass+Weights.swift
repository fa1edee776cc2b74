import COneDNN

extension BackwardPass {
  mutating func convolution(
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

  mutating func dense(
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

  mutating func weights(
    _ primitive: Primitive, _ node: LoweredGraph.Node, _ source: TensorID, _ gradient: TensorID,
    view: TensorLayout, bias: TensorLayout
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

  mutating func data(
    _ primitive: Primitive, _ node: LoweredGraph.Node, _ gradient: TensorID, view: TensorLayout
  ) throws(NetworkError) {
    let weight = try forward.bank.tensor(
      node.name + ".weight", view: view, as: primitive.weights, in: &forward.builder)
    let result = forward.builder.planned(primitive.sourceGradient)
    let incoming = try forward.builder.converted(gradient, to: primitive.destinationGradient)
    forward.builder.append(
      primitive, [(DNNL_ARG_DIFF_DST, incoming), (DNNL_ARG_WEIGHTS, weight), (DNNL_ARG_DIFF_SRC, result)])
    pass(result, to: node.inputs[0])
  }

  mutating func normalisation(
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
    let vector = try TensorLayout(plain: [node.shape.channels])
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
}
