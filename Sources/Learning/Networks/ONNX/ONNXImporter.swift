import Arrays

/// Builds a network out of an ONNX graph, node after node.
struct ONNXImporter {
  /// What a name of the graph stands for.
  enum Value {
    case constant(ONNXTensor)
    case computed(Computed)
  }

  struct Computed {
    var value: Network.Value
    var shape: Shape
    /// The graph sees the channels of this image as its last dimension; here they always come first.
    var order = Layer.PixelOrder.channelsFirst
    /// Something that only the next operator makes a layer of.
    var pending: Pending?
  }

  enum Pending {
    /// Zeros around the image, for a convolution.
    case padding(Window.Padding)
    /// (channel, row, row in block, column, column in block), on the way to a pixel unshuffle ...
    case blocks(Int)
    /// ... and after its transposition, with blocks in front of rows and columns.
    case turnedBlocks(Int)
  }

  let graph: ONNXGraph
  var network = Network()
  var weights = Weights()
  private var values: [String: Value] = [:]
  private var usedNames: Set<String> = []

  init(_ graph: ONNXGraph) { self.graph = graph }

  mutating func build() throws(NetworkError) -> TrainedNetwork {
    for (name, tensor) in graph.constants { values[name] = .constant(tensor) }
    for input in graph.inputs { try add(input) }
    for node in graph.nodes {
      guard node.domain.isEmpty || node.domain == "ai.onnx" else {
        throw .model(reason: "\(node.operation) of the domain \(node.domain) is not known")
      }
      try translate(node)
    }
    for name in graph.outputs {
      guard case .computed(let computed) = values[name], computed.pending == nil else {
        throw .model(reason: "the output \(name) is not computed")
      }
      guard computed.order == .channelsFirst || computed.shape.channels == computed.shape.count else {
        throw .model(reason: "the output \(name) has its channels last")
      }
      network.output(name, computed.value)
    }
    let model = TrainedNetwork(network: network, weights: weights)
    try model.weights.check(for: network)
    return model
  }

  /// Images come in channels first, even where the graph begins by turning them so.
  private mutating func add(_ input: ONNXGraph.Input) throws(NetworkError) {
    var sizes: [Int] = []
    for size in input.dimensions.dropFirst() {
      guard let size, size > 0 else { throw .model(reason: "the input \(input.name) has an open size") }
      sizes.append(size)
    }
    let readers = graph.nodes.filter { $0.inputs.contains(input.name) }
    let turns = readers.allSatisfy {
      $0.operation == "Transpose" && $0.attributes["perm"]?.integers == [0, 3, 1, 2]
    }
    let isTurned = sizes.count == 3 && !readers.isEmpty && turns
    guard let shape = Shape(dimensions: isTurned ? [sizes[2], sizes[0], sizes[1]] : sizes),
      shape.isReasonable
    else {
      throw .model(reason: "the input \(input.name) has shape \(sizes)")
    }
    let value = network.input(unique(input.name), shape)
    values[input.name] = .computed(
      Computed(value: value, shape: shape, order: isTurned ? .channelsLast : .channelsFirst))
  }

  // MARK: Used by the operators

  func computed(_ node: ONNXGraph.Node, _ index: Int = 0) throws(NetworkError) -> Computed {
    guard index < node.inputs.count, case .computed(let value) = values[node.inputs[index]] else {
      throw unsupported(node, "input \(index) is not a computed value")
    }
    switch (value.pending, node.operation) {
    case (nil, _), (.padding, "Conv"), (.blocks, "Transpose"), (.turnedBlocks, "Reshape"): return value
    default: throw unsupported(node, "behind padding or blocks")
    }
  }

  func constant(_ node: ONNXGraph.Node, _ index: Int) -> ONNXTensor? {
    guard index < node.inputs.count, case .constant(let tensor) = values[node.inputs[index]] else {
      return nil
    }
    return tensor
  }

  func isConstant(_ node: ONNXGraph.Node, _ index: Int) -> Bool { constant(node, index) != nil }

  func unsupported(_ node: ONNXGraph.Node, _ reason: String) -> NetworkError {
    .model(reason: "\(node.operation) \(node.name): \(reason)")
  }

  mutating func define(_ node: ONNXGraph.Node, _ value: Value) throws(NetworkError) {
    guard let name = node.outputs.first else { throw unsupported(node, "has no output") }
    values[name] = value
  }

  /// Appends a layer, keeping the order of the channels unless told otherwise.
  mutating func append(
    _ layer: Layer, to inputs: [Computed], _ node: ONNXGraph.Node, order: Layer.PixelOrder? = nil,
    parameters: [WeightArray.Role: Tensor] = [:]
  ) throws(NetworkError) {
    try define(node, .computed(try appended(layer, to: inputs, node, order: order, parameters: parameters)))
  }

  mutating func appended(
    _ layer: Layer, to inputs: [Computed], _ node: ONNXGraph.Node, order: Layer.PixelOrder? = nil,
    parameters: [WeightArray.Role: Tensor] = [:]
  ) throws(NetworkError) -> Computed {
    let name = unique(node.name.isEmpty ? node.outputs.first ?? layer.word : node.name)
    let value = network.join(layer, inputs.map(\.value), name: name)
    for (role, tensor) in parameters { weights["\(name).\(role.rawValue)"] = tensor }
    guard let shape = layer.shape(from: inputs.map(\.shape)), shape.isReasonable else {
      throw unsupported(node, "does not fit its input (\(inputs.map(\.shape.description)))")
    }
    return Computed(value: value, shape: shape, order: order ?? inputs[0].order)
  }

  /// Parameters are called "node.role", so a node's name keeps its dots but is used once.
  private mutating func unique(_ name: String) -> String {
    var candidate = name
    var number = 2
    while !usedNames.insert(candidate).inserted {
      candidate = "\(name)_\(number)"
      number += 1
    }
    return candidate
  }
}

extension TrainedNetwork {
  /// Reads a network trained elsewhere from the bytes of an ONNX file; throws where it uses something that
  /// has no counterpart here. Images are channels first, whatever the file does.
  package init(onnx bytes: [UInt8]) throws(NetworkError) {
    var importer = ONNXImporter(try ONNXGraph(bytes))
    self = try importer.build()
  }

  package init(onnxFile path: String) throws(NetworkError) {
    try self.init(onnx: try FileBytes.read(path))
  }
}
