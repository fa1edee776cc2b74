import COneDNN

struct DenseGeometry {
  let source: [Int]
  let destination: [Int]
  let weightDimensions: [Int]
  let weightView: Layout
  let bias: Layout
  let name: String

  init(_ options: Layer.Dense, input: Shape, batch: Int, name: String) throws(NetworkError) {
    source = [batch] + input.dimensions
    destination = [batch, options.units]
    weightDimensions = [options.units] + input.dimensions
    if case .image(let channels, let height, let width) = input, options.order == .channelsLast {
      weightView = try Layout(
        weightDimensions, strides: [channels * height * width, 1, width * channels, channels])
    } else {
      weightView = try Layout(plain: weightDimensions)
    }
    bias = options.bias ? try Layout(plain: [options.units]) : .none
    self.name = name
  }

  func forward(isTraining: Bool, fused: [FusedOperation]) throws(NetworkError) -> Primitive {
    let (source, weights) = (try Layout(any: source), try Layout(any: weightDimensions))
    let destination = try Layout(plain: destination)
    return try Primitive("dnnl_inner_product_forward", name, fused: fused) { made, engine, attributes in
      odnn_inner_product_forward(
        &made, engine, attributes, isTraining ? 1 : 0, source.descriptor, weights.descriptor,
        bias.descriptor, destination.descriptor)
    }
  }

  func backwardData(after forward: Primitive) throws(NetworkError) -> Primitive {
    let (source, weights) = (try Layout(any: source), try Layout(any: weightDimensions))
    let destination = try Layout(plain: destination)
    return try Primitive("dnnl_inner_product_backward_data", name) { made, engine, attributes in
      odnn_inner_product_backward_data(
        &made, engine, attributes, forward.descriptor, source.descriptor, weights.descriptor,
        destination.descriptor)
    }
  }

  func backwardWeights(after forward: Primitive) throws(NetworkError) -> Primitive {
    let (source, weights) = (try Layout(any: source), try Layout(any: weightDimensions))
    let destination = try Layout(plain: destination)
    return try Primitive("dnnl_inner_product_backward_weights", name) { made, engine, attributes in
      odnn_inner_product_backward_weights(
        &made, engine, attributes, forward.descriptor, source.descriptor, weights.descriptor,
        bias.descriptor, destination.descriptor)
    }
  }
}

struct PoolingGeometry {
  let kind: dnnl_alg_kind_t
  let source: [Int]
  let destination: [Int]
  let height: Int
  let width: Int
  let window: odnn_window
  let name: String

  init(
    _ options: Layer.Pooling, input: Shape, output: Shape, batch: Int, name: String
  ) throws(NetworkError) {
    guard case .image(_, let height, let width) = input,
      let placed = PlacedWindow(options.window, height: height, width: width, roundingUp: options.roundsUp)
    else { throw .description(node: name, reason: "does not fit its input") }
    kind = options.kind.algorithm
    source = [batch] + input.dimensions
    destination = [batch] + output.dimensions
    self.height = options.window.height
    self.width = options.window.width
    window = odnn_window(placed)
    self.name = name
  }

  init(global kind: Layer.Pooling.Kind, input: Shape, batch: Int, name: String) throws(NetworkError) {
    guard case .image(let channels, let height, let width) = input else {
      throw .description(node: name, reason: "does not fit its input")
    }
    try self.init(
      Layer.Pooling(kind, window: Window(height: height, width: width)), input: input,
      output: .image(channels: channels, height: 1, width: 1), batch: batch, name: name)
  }

  func forward(isTraining: Bool, source: Layout) throws(NetworkError) -> Primitive {
    let destination = try Layout(any: destination)
    return try Primitive("dnnl_pooling_forward", name) { made, engine, attributes in
      odnn_pooling_forward(
        &made, engine, attributes, isTraining ? 1 : 0, kind, source.descriptor, destination.descriptor,
        Int64(height), Int64(width), window)
    }
  }

  func backward(after forward: Primitive) throws(NetworkError) -> Primitive {
    let (source, destination) = (forward.source, forward.destination)
    return try Primitive("dnnl_pooling_backward", name) { made, engine, attributes in
      odnn_pooling_backward(
        &made, engine, attributes, forward.descriptor, kind, source.descriptor, destination.descriptor,
        Int64(height), Int64(width), window)
    }
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

extension Layer.Pooling.Kind {
  fileprivate var algorithm: dnnl_alg_kind_t {
    switch self {
    case .max: dnnl_pooling_max
    case .average: dnnl_pooling_avg_exclude_padding
    case .averageWithPadding: dnnl_pooling_avg_include_padding
    }
  }
}

/// One image seen as pixels (batch, channel, row, row in block, column, column in block) and the same values as
/// channels of a smaller image.
struct UnshuffleViews {
  let pixels: Layout
  let channels: Layout

  init(_ shape: Shape, factor: Int, order: Layer.ChannelOrder, batch: Int) throws(NetworkError) {
    guard case .image(let channels, let height, let width) = shape else {
      preconditionFailure("pixel unshuffling of a vector")
    }
    let (rows, columns) = (height / factor, width / factor)
    let dimensions = [batch, channels, rows, factor, columns, factor]
    let size = channels * height * width
    pixels = try Layout(dimensions, strides: [size, height * width, factor * width, width, factor, 1])
    let plane = rows * columns
    let (channel, row, column) =
      order == .channelMajor
      ? (factor * factor * plane, factor * plane, plane)
      : (plane, factor * channels * plane, channels * plane)
    self.channels = try Layout(dimensions, strides: [size, channel, columns, row, 1, column])
  }
}
