import Arrays

/// A network compiled for inference on batches of a fixed size: batch normalisation folded, activations
/// and sums fused, weights in the layouts the processor likes. One instance works on one thread at a time;
/// `Predictor` uses several.
package final class Inference {
  package let batch: Int
  package let inputs: [(name: String, shape: Shape)]
  package let outputs: [(name: String, shape: Shape)]

  private let plan: Plan
  private let sources: [AlignedBuffer]
  private let results: [AlignedBuffer]

  package convenience init(
    _ network: Network, weights: Weights, batch: Int = 1
  ) throws(NetworkError) {
    try self.init(LoweredGraph(network, weights, for: .inference), batch: batch)
  }

  convenience init(_ graph: LoweredGraph, batch: Int) throws(NetworkError) {
    let bank = ParameterBank()
    try self.init(graph, batch: batch, bank: bank)
    bank.forgetPlainValues()
  }

  /// Instances with one bank share their weights.
  init(_ graph: LoweredGraph, batch: Int, bank: ParameterBank) throws(NetworkError) {
    precondition(batch > 0, "a batch of \(batch)")
    bank.add(graph)
    var pass = ForwardPass(graph, batch: batch, isTraining: false, bank: bank)
    try pass.emit()
    self.batch = batch
    inputs = pass.inputs.map { ($0.name, $0.shape) }
    sources = pass.inputs.map(\.buffer)
    var outputs: [(name: String, shape: Shape)] = []
    var results: [AlignedBuffer] = []
    for output in graph.outputs {
      let tensor = pass.output(output.node)
      let layout = try TensorLayout(plain: pass.builder.layout(tensor).dimensions)
      let buffer = AlignedBuffer(byteCount: layout.byteCount)
      try pass.builder.reorder(tensor, to: pass.builder.fixed(layout, buffer))
      results.append(buffer)
      outputs.append((output.name, graph.shape(of: output.node)))
    }
    self.outputs = outputs
    self.results = results
    plan = try Plan(pass.builder)
    try bank.refresh()
  }

  /// Values of every input for `batch` samples in a row; answers the outputs likewise.
  package func run(_ values: [String: [Float]]) throws(NetworkError) -> [String: [Float]] {
    try run(values, samples: 0..<batch)
  }

  /// For networks with one input and one output.
  package func run(_ values: [Float]) throws(NetworkError) -> [Float] {
    guard inputs.count == 1, outputs.count == 1 else {
      throw .data(name: "", reason: "the network has \(inputs.count) inputs and \(outputs.count) outputs")
    }
    return try run([inputs[0].name: values])[outputs[0].name] ?? []
  }

  /// Of `values`, the samples of this range, at most `batch`.
  func run(_ values: [String: [Float]], samples: Range<Int>) throws(NetworkError) -> [String: [Float]] {
    precondition(samples.count <= batch, "\(samples.count) samples in a batch of \(batch)")
    for (input, buffer) in zip(inputs, sources) {
      guard let array = values[input.name] else { throw .data(name: input.name, reason: "missing") }
      let size = input.shape.count
      guard array.count >= samples.upperBound * size else {
        throw .data(
          name: input.name, reason: "\(array.count) values for samples of \(size) up to \(samples.upperBound)"
        )
      }
      array.withUnsafeBufferPointer { source in
        guard let start = source.baseAddress else { return }
        buffer.floats.update(from: start + samples.lowerBound * size, count: samples.count * size)
      }
    }
    try plan.run()
    var answer: [String: [Float]] = [:]
    for (output, buffer) in zip(outputs, results) {
      answer[output.name] = Array(
        UnsafeBufferPointer(start: buffer.floats, count: samples.count * output.shape.count))
    }
    return answer
  }
}

extension ParameterBank {
  /// The parameters of the nodes that were kept, once.
  func add(_ graph: LoweredGraph) {
    for node in graph.nodes.compactMap({ $0 }) {
      for role in node.layer.roles {
        let name = "\(node.name).\(role.rawValue)"
        if !contains(name), let tensor = graph.weights[name] { add(name, tensor) }
      }
    }
  }
}

extension Layer {
  var roles: [WeightArray.Role] {
    switch self {
    case .convolution(let options): options.bias ? [.weight, .bias] : [.weight]
    case .dense(let options): options.bias ? [.weight, .bias] : [.weight]
    case .batchNormalisation: [.scale, .shift, .mean, .variance]
    default: []
    }
  }
}
