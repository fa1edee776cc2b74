/// A network as a value: a list of layers, each fed by earlier ones, and the values that leave it.
///
///     var network = Network()
///     let image = network.input("image", .image(channels: 1, height: 64, width: 64))
///     let features = network.append([.convolution(16, kernel: 3), .activation(.relu), .flatten], to: image)
///     let angle = network.input("angle", .vector(1))
///     let trunk = network.append(.dense(32), to: network.concatenate([features, angle]))
///     network.output("thickness", network.append([.dense(100), .softmax], to: trunk))
///
/// Nothing is checked while it is described: `shapes()` does, and everything that compiles a network calls it.
package struct Network: Sendable, Hashable {
  package struct Node: Sendable, Hashable {
    /// Unique; parameters are called after it ("convolution1.weight").
    package var name: String
    package var layer: Layer
    /// Positions of earlier nodes.
    package var inputs: [Int]
  }

  /// What a node computes.
  package struct Value: Sendable, Hashable {
    package let node: Int
  }

  package struct Output: Sendable, Hashable {
    package var name: String
    package var value: Value

    package init(name: String, value: Value) {
      self.name = name
      self.value = value
    }
  }

  package internal(set) var nodes: [Node] = []
  package internal(set) var outputs: [Output] = []

  package init() {}

  /// A chain of layers with the input "input" and the output "output".
  package init(input: Shape, _ layers: [Layer]) {
    let first = self.input("input", input)
    output("output", append(layers, to: first))
  }

  package mutating func input(_ name: String, _ shape: Shape) -> Value {
    add(Node(name: name, layer: .input(shape), inputs: []))
  }

  package mutating func append(_ layer: Layer, to value: Value, name: String? = nil) -> Value {
    join(layer, [value], name: name)
  }

  package mutating func append(_ layers: [Layer], to value: Value) -> Value {
    layers.reduce(value) { append($1, to: $0) }
  }

  package mutating func add(_ values: [Value]) -> Value { join(.add, values) }

  package mutating func concatenate(_ values: [Value]) -> Value { join(.concatenate, values) }

  package mutating func multiply(_ a: Value, _ b: Value) -> Value { join(.multiply, [a, b]) }

  /// A depthwise convolution followed by a pointwise one. `channels` is the number that comes in.
  package mutating func separableConvolution(
    _ outputs: Int, of channels: Int, kernel: Int, stride: Int = 1, padding: Window.Padding = .same,
    bias: Bool = true, to value: Value
  ) -> Value {
    let depthwise = append(
      .convolution(
        channels, kernel: kernel, stride: stride, padding: padding, groups: channels, bias: false), to: value)
    return append(.convolution(outputs, kernel: 1, bias: bias), to: depthwise)
  }

  package mutating func output(_ name: String, _ value: Value) {
    outputs.append(Output(name: name, value: value))
  }

  mutating func join(_ layer: Layer, _ values: [Value], name: String? = nil) -> Value {
    add(Node(name: name ?? freshName(for: layer), layer: layer, inputs: values.map(\.node)))
  }

  private mutating func add(_ node: Node) -> Value {
    nodes.append(node)
    return Value(node: nodes.count - 1)
  }

  /// The layer's word and its position: unique as long as nobody chooses such a name.
  private func freshName(for layer: Layer) -> String { layer.word + String(nodes.count) }

  package var inputs: [(name: String, shape: Shape)] {
    nodes.compactMap { node in
      guard case .input(let shape) = node.layer else { return nil }
      return (node.name, shape)
    }
  }

  /// The network up to some of its values, under new names: an encoder out of an autoencoder.
  package func ending(at outputs: [Output]) -> Network {
    var needed = Set(outputs.map(\.value.node))
    for index in nodes.indices.reversed() where needed.contains(index) {
      needed.formUnion(nodes[index].inputs)
    }
    var result = Network()
    var position: [Int: Int] = [:]
    for index in nodes.indices where needed.contains(index) {
      position[index] = result.nodes.count
      var node = nodes[index]
      node.inputs = node.inputs.compactMap { position[$0] }
      result.nodes.append(node)
    }
    result.outputs = outputs.compactMap { output in
      position[output.value.node].map { Output(name: output.name, value: Value(node: $0)) }
    }
    return result
  }

  package func value(named name: String) -> Value? {
    nodes.firstIndex { $0.name == name }.map(Value.init)
  }
}

extension Layer {
  var word: String {
    switch self {
    case .input: "input"
    case .convolution: "convolution"
    case .dense: "dense"
    case .batchNormalisation: "normalisation"
    case .activation: "activation"
    case .pooling: "pooling"
    case .globalPooling: "globalPooling"
    case .upsampling: "upsampling"
    case .pixelUnshuffle: "pixelUnshuffle"
    case .dropout: "dropout"
    case .flatten: "flatten"
    case .reshape: "reshape"
    case .add: "add"
    case .multiply: "multiply"
    case .concatenate: "concatenate"
    case .softmax: "softmax"
    }
  }
}
