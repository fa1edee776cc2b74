import COneDNN

extension ForwardPass {
  mutating func sum(_ node: LoweredGraph.Node) throws(NetworkError) -> Record {
    var result = output(node.inputs[0])
    for (position, input) in node.inputs.enumerated().dropFirst() {
      let isLast = position == node.inputs.count - 1
      let fused = isLast ? node.activation.map { [FusedOperation.activation($0)] } ?? [] : []
      result = try builder.binary(dnnl_binary_add, result, output(input), fused: fused, node.name)
    }
    return Record(output: result)
  }

  mutating func product(_ node: LoweredGraph.Node) throws(NetworkError) -> Record {
    let (a, b) = (output(node.inputs[0]), output(node.inputs[1]))
    return Record(output: try builder.binary(dnnl_binary_mul, a, b, node.name))
  }

  mutating func concatenation(_ node: LoweredGraph.Node) throws(NetworkError) -> Record {
    var sources = node.inputs.map { output($0) }
    let target: TensorLayout
    let blocks = sources.allSatisfy { builder.layout($0).dimensions[1] % 16 == 0 }
    if case .image = node.shape, blocks {
      target = try TensorLayout(blocked: dimensions(node.shape))
      for i in sources.indices {
        sources[i] = try builder.converted(
          sources[i], to: TensorLayout(blocked: builder.layout(sources[i]).dimensions))
      }
    } else {
      target = try TensorLayout(plain: dimensions(node.shape))
      for i in sources.indices { sources[i] = try builder.plain(sources[i]) }
    }
    let descriptors = sources.map { builder.layout($0).descriptor }
    let primitive = try Primitive("dnnl_concat", node.name) { made, engine, attributes in
      withUnsafePointer(to: target.descriptor) { target in
        dnnl_concat_primitive_desc_create(
          &made, target, Int32(descriptors.count), 1, descriptors, attributes, engine)
      }
    }
    let destination = builder.planned(target)
    var arguments = [(DNNL_ARG_DST, destination)]
    for (i, source) in sources.enumerated() { arguments.append((DNNL_ARG_MULTIPLE_SRC + Int32(i), source)) }
    builder.append(primitive, arguments)
    return Record(output: destination, primitive: primitive)
  }
}
