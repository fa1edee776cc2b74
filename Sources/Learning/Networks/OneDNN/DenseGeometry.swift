import COneDNN

struct DenseGeometry {
  let source: [Int]
  let destination: [Int]
  let weightDimensions: [Int]
  let weightView: TensorLayout
  let bias: TensorLayout
  let name: String

  init(_ options: Layer.Dense, input: Shape, batch: Int, name: String) throws(NetworkError) {
    source = [batch] + input.dimensions
    destination = [batch, options.units]
    weightDimensions = [options.units] + input.dimensions
    if case .image(let channels, let height, let width) = input, options.order == .channelsLast {
      weightView = try TensorLayout(
        weightDimensions, strides: [channels * height * width, 1, width * channels, channels])
    } else {
      weightView = try TensorLayout(plain: weightDimensions)
    }
    bias = options.bias ? try TensorLayout(plain: [options.units]) : .none
    self.name = name
  }

  func forward(isTraining: Bool, fused: [FusedOperation]) throws(NetworkError) -> Primitive {
    let (source, weights) = (try TensorLayout(any: source), try TensorLayout(any: weightDimensions))
    let destination = try TensorLayout(plain: destination)
    return try Primitive("dnnl_inner_product_forward", name, fused: fused) { made, engine, attributes in
      odnn_inner_product_forward(
        &made, engine, attributes, isTraining ? 1 : 0, source.descriptor, weights.descriptor,
        bias.descriptor, destination.descriptor)
    }
  }

  func backwardData(after forward: Primitive) throws(NetworkError) -> Primitive {
    let (source, weights) = (try TensorLayout(any: source), try TensorLayout(any: weightDimensions))
    let destination = try TensorLayout(plain: destination)
    return try Primitive("dnnl_inner_product_backward_data", name) { made, engine, attributes in
      odnn_inner_product_backward_data(
        &made, engine, attributes, forward.descriptor, source.descriptor, weights.descriptor,
        destination.descriptor)
    }
  }

  func backwardWeights(after forward: Primitive) throws(NetworkError) -> Primitive {
    let (source, weights) = (try TensorLayout(any: source), try TensorLayout(any: weightDimensions))
    let destination = try TensorLayout(plain: destination)
    return try Primitive("dnnl_inner_product_backward_weights", name) { made, engine, attributes in
      odnn_inner_product_backward_weights(
        &made, engine, attributes, forward.descriptor, source.descriptor, weights.descriptor,
        bias.descriptor, destination.descriptor)
    }
  }
}
