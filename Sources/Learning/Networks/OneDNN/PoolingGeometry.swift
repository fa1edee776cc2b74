import COneDNN

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

  func forward(isTraining: Bool, source: TensorLayout) throws(NetworkError) -> Primitive {
    let destination = try TensorLayout(any: destination)
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

extension Layer.Pooling.Kind {
  fileprivate var algorithm: dnnl_alg_kind_t {
    switch self {
    case .max: dnnl_pooling_max
    case .average: dnnl_pooling_avg_exclude_padding
    case .averageWithPadding: dnnl_pooling_avg_include_padding
    }
  }
}
