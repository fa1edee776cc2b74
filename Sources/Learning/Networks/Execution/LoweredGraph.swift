import Arrays

/// A network rewritten for execution: what can be folded or fused is.
struct LoweredGraph {
  struct Node {
    var name: String
    var layer: Layer
    var inputs: [Int]
    var shape: Shape
    /// Applied to the result before it is written.
    var activation: Activation?
    /// Added to the result, before the activation.
    var addend: Int?

    var allInputs: [Int] { inputs + (addend.map { [$0] } ?? []) }
  }

  enum Purpose {
    case inference
    case training
  }

  /// Removed nodes leave a gap, so that positions stay.
  private(set) var nodes: [Node?]
  private(set) var outputs: [(name: String, node: Int)]
  /// Folded parameters differ from the ones that came in.
  private(set) var weights: Weights
  private let purpose: Purpose

  init(_ network: Network, _ weights: Weights, for purpose: Purpose) throws(NetworkError) {
    let shapes = try network.shapes()
    try weights.check(for: network)
    self.weights = weights
    self.purpose = purpose
    nodes = network.nodes.indices.map { index in
      let node = network.nodes[index]
      return Node(name: node.name, layer: node.layer, inputs: node.inputs, shape: shapes[index])
    }
    outputs = network.outputs.map { ($0.name, $0.value.node) }
    removeUnused()
    removeIdentities()
    joinFlattening()
    if purpose == .inference {
      try foldNormalisation()
      fuseSums()
    }
    fuseActivations()
  }

  func shape(of index: Int) -> Shape {
    guard let node = nodes[index] else { preconditionFailure("node \(index) was removed") }
    return node.shape
  }

  func consumers(of index: Int) -> [Int] {
    nodes.indices.filter { nodes[$0]?.allInputs.contains(index) ?? false }
  }

  /// Whether the one reader of `index` is `reader`.
  private func belongs(_ index: Int, to reader: Int) -> Bool {
    !outputs.contains { $0.node == index } && consumers(of: index) == [reader]
      && nodes[reader]?.allInputs.filter { $0 == index }.count == 1
  }

  private mutating func removeUnused() {
    var needed = Set(outputs.map(\.node))
    for index in nodes.indices.reversed() {
      guard let node = nodes[index], needed.contains(index) else {
        nodes[index] = nil
        continue
      }
      needed.formUnion(node.allInputs)
    }
  }

  /// Dropout does nothing outside training; sums and chains of one are their input.
  private mutating func removeIdentities() {
    for index in nodes.indices {
      guard let node = nodes[index] else { continue }
      let isIdentity: Bool
      switch node.layer {
      case .dropout(let rate): isIdentity = purpose == .inference || rate == 0
      case .add, .concatenate: isIdentity = node.inputs.count == 1
      case .upsampling(let factor): isIdentity = factor == 1
      case .reshape, .flatten: isIdentity = nodes[node.inputs[0]]?.shape == node.shape
      default: isIdentity = false
      }
      if isIdentity { redirect(index, to: node.inputs[0]) }
    }
  }

  private mutating func redirect(_ index: Int, to other: Int) {
    for reader in consumers(of: index) {
      let inputs = nodes[reader]?.inputs ?? []
      nodes[reader]?.inputs = inputs.map { $0 == index ? other : $0 }
    }
    for position in outputs.indices where outputs[position].node == index { outputs[position].node = other }
    nodes[index] = nil
  }

  /// A dense layer reads images in the library's own layouts: no need to flatten first.
  private mutating func joinFlattening() {
    for index in nodes.indices {
      guard let node = nodes[index], case .flatten(let order) = node.layer,
        !outputs.contains(where: { $0.node == index })
      else { continue }
      let readers = consumers(of: index)
      var isReadByDenseOnly = true
      for reader in readers {
        guard case .dense = nodes[reader]?.layer else {
          isReadByDenseOnly = false
          break
        }
      }
      guard isReadByDenseOnly else { continue }
      for reader in readers {
        guard case .dense(var options) = nodes[reader]?.layer else { continue }
        options.order = order
        nodes[reader]?.layer = .dense(options)
      }
      redirect(index, to: node.inputs[0])
    }
  }

  /// scale (Wx + b - mean) / sqrt(variance + epsilon) + shift is a convolution with other numbers.
  private mutating func foldNormalisation() throws(NetworkError) {
    for index in nodes.indices {
      guard let node = nodes[index], case .batchNormalisation(let options) = node.layer else { continue }
      let source = node.inputs[0]
      guard belongs(source, to: index), var folded = nodes[source],
        let weight = weights[folded.name + ".weight"]
      else { continue }
      let hasBias: Bool
      switch folded.layer {
      case .convolution(var layer):
        hasBias = layer.bias
        layer.bias = true
        folded.layer = .convolution(layer)
      case .dense(var layer):
        hasBias = layer.bias
        layer.bias = true
        folded.layer = .dense(layer)
      default: continue
      }
      let normalisation = try Normalisation(weights, of: node, epsilon: options.epsilon)
      let bias = hasBias ? weights[folded.name + ".bias"]?.values : nil
      let (newWeight, newBias) = normalisation.folded(into: weight, bias: bias)
      // The parameters follow the node, whose name is now the normalisation's.
      folded.name = node.name
      weights[node.name + ".weight"] = newWeight
      weights[node.name + ".bias"] = newBias
      nodes[index] = folded
      nodes[source] = nil
    }
  }

  /// A sum with the result of a convolution or dense layer is added where it is computed.
  private mutating func fuseSums() {
    for index in nodes.indices {
      guard let node = nodes[index], case .add = node.layer, node.inputs.count == 2 else { continue }
      for (source, other) in [(node.inputs[1], node.inputs[0]), (node.inputs[0], node.inputs[1])] {
        guard source != other, belongs(source, to: index), var fused = nodes[source], fused.addend == nil,
          fused.activation == nil, fused.layer.computesProducts
        else { continue }
        fused.addend = other
        nodes[index] = fused
        nodes[source] = nil
        break
      }
    }
  }

  private mutating func fuseActivations() {
    for index in nodes.indices {
      guard let node = nodes[index], case .activation(let activation) = node.layer else { continue }
      let source = node.inputs[0]
      guard belongs(source, to: index), var fused = nodes[source], fused.activation == nil,
        fused.layer.canApply(activation), purpose == .inference || activation.hasGradientFromOutput
      else { continue }
      fused.activation = activation
      nodes[index] = fused
      nodes[source] = nil
    }
  }
}

extension Layer {
  fileprivate var computesProducts: Bool {
    switch self {
    case .convolution, .dense: true
    default: false
    }
  }

  fileprivate func canApply(_ activation: Activation) -> Bool {
    switch self {
    case .convolution, .dense, .add: true
    case .batchNormalisation: activation == .relu
    default: false
    }
  }
}

/// The affine function of a trained batch normalisation, channel by channel.
private struct Normalisation {
  var factor: [Float]
  var mean: [Float]
  var shift: [Float]

  init(_ weights: Weights, of node: LoweredGraph.Node, epsilon: Float) throws(NetworkError) {
    func values(_ role: WeightArray.Role) throws(NetworkError) -> [Float] {
      try weights.values(
        of: WeightArray(node: node.name, role: role, dimensions: [node.shape.channels]))
    }
    let variance = try values(.variance)
    factor = zip(try values(.scale), variance).map { $0 / ($1 + epsilon).squareRoot() }
    mean = try values(.mean)
    shift = try values(.shift)
  }

  func folded(into weight: Tensor, bias: [Float]?) -> (Tensor, Tensor) {
    var values = weight.values
    let size = values.count / factor.count
    for channel in factor.indices {
      for position in channel * size..<(channel + 1) * size { values[position] *= factor[channel] }
    }
    let newBias = factor.indices.map { ((bias?[$0] ?? 0) - mean[$0]) * factor[$0] + shift[$0] }
    return (
      Tensor(shape: weight.shape, values: values), Tensor(shape: [newBias.count], values: newBias)
    )
  }
}
