import COneDNN

/// What the primitives of one convolution share.
struct ConvolutionGeometry {
  let source: [Int]
  let destination: [Int]
  let weightDimensions: [Int]
  /// The plain order of the weights as the library counts dimensions: groups come first.
  let weightView: TensorLayout
  let bias: TensorLayout
  let window: odnn_window
  let name: String

  init(
    _ options: Layer.Convolution, input: Shape, output: Shape, batch: Int, name: String
  ) throws(NetworkError) {
    guard case .image(let channels, let height, let width) = input,
      let placed = PlacedWindow(options.window, height: height, width: width)
    else { throw .description(node: name, reason: "does not fit its input") }
    source = [batch] + input.dimensions
    destination = [batch] + output.dimensions
    let (rows, columns) = (options.window.height, options.window.width)
    let groups = options.groups
    weightDimensions =
      groups == 1
      ? [options.channels, channels, rows, columns]
      : [groups, options.channels / groups, channels / groups, rows, columns]
    weightView = try TensorLayout(plain: weightDimensions)
    bias = options.bias ? try TensorLayout(plain: [options.channels]) : .none
    window = odnn_window(placed)
    self.name = name
  }

  private enum Pass {
    case inference
    case forward
    case backwardData
    case backwardWeights
  }

  func forward(isTraining: Bool, fused: [FusedOperation]) throws(NetworkError) -> Primitive {
    let (source, weights, destination) = try anyLayouts()
    return try preferred(for: isTraining ? .forward : .inference) { (algorithm) throws(NetworkError) in
      try Primitive("dnnl_convolution_forward", name, fused: fused) { made, engine, attributes in
        odnn_convolution_forward(
          &made, engine, attributes, isTraining ? 1 : 0, source.descriptor, weights.descriptor,
          bias.descriptor, destination.descriptor, window, algorithm)
      }
    }
  }

  func backwardData(after forward: Primitive) throws(NetworkError) -> Primitive {
    let (source, weights, destination) = try anyLayouts()
    return try preferred(for: .backwardData) { (algorithm) throws(NetworkError) in
      try Primitive("dnnl_convolution_backward_data", name) { made, engine, attributes in
        odnn_convolution_backward_data(
          &made, engine, attributes, forward.descriptor, source.descriptor, weights.descriptor,
          destination.descriptor, window, algorithm)
      }
    }
  }

  func backwardWeights(after forward: Primitive) throws(NetworkError) -> Primitive {
    let (source, weights, destination) = try anyLayouts()
    return try preferred(for: .backwardWeights) { (algorithm) throws(NetworkError) in
      try Primitive("dnnl_convolution_backward_weights", name) { made, engine, attributes in
        odnn_convolution_backward_weights(
          &made, engine, attributes, forward.descriptor, source.descriptor, weights.descriptor,
          bias.descriptor, destination.descriptor, window, algorithm)
      }
    }
  }

  /// Winograd's algorithm where it was measured to be faster, if the library has it for this processor and
  /// these fused operations; the direct one otherwise. The choice follows from the shapes, never from a
  /// clock: results must not depend on one.
  private func preferred(
    for pass: Pass, _ make: (dnnl_alg_kind_t) throws(NetworkError) -> Primitive
  ) throws(NetworkError) -> Primitive {
    if suitsWinograd(pass), let primitive = try? make(dnnl_convolution_winograd) { return primitive }
    return try make(dnnl_convolution_direct)
  }

  /// It computes tiles of 4 x 4 pixels with 36 instead of 144 products for each pair of channels, and
  /// transforms the weights before: in training at every step, which few tiles do not pay back.
  private func suitsWinograd(_ pass: Pass) -> Bool {
    guard weightDimensions.count == 4, weightDimensions[2] == 3, weightDimensions[3] == 3,
      window.strides == (1, 1), window.dilations == (0, 0),
      min(weightDimensions[0], weightDimensions[1]) >= 32
    else { return false }
    let tiles = destination[0] * ((destination[2] + 3) / 4) * ((destination[3] + 3) / 4)
    switch pass {
    case .inference: return true
    case .forward, .backwardData: return tiles >= 64
    case .backwardWeights: return tiles >= 16
    }
  }

  private func anyLayouts() throws(NetworkError) -> (TensorLayout, TensorLayout, TensorLayout) {
    (
      try TensorLayout(any: source), try TensorLayout(any: weightDimensions),
      try TensorLayout(any: destination)
    )
  }
}

extension odnn_window {
  /// The library counts gaps, not distances, of dilated kernels.
  init(_ placed: PlacedWindow) {
    let (rows, columns) = (placed.rows, placed.columns)
    self.init(
      strides: (Int64(rows.stride), Int64(columns.stride)),
      dilations: (Int64(rows.dilation - 1), Int64(columns.dilation - 1)),
      before: (Int64(rows.before), Int64(columns.before)),
      after: (Int64(rows.after), Int64(columns.after)))
  }
}
