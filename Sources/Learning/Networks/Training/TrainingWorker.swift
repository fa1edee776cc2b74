/// The compiled forward and backward pass over one part of a batch: one thread at a time.
final class TrainingWorker: @unchecked Sendable {
  let part: Int
  let objectives: [LossPass]
  let gradients: [BackwardPass.Gradient]
  /// Where each gradient starts in the pinned block; the same for every worker of a network.
  let offsets: [Int]
  private let plan: Plan
  private let inputs: [(name: String, buffer: AlignedBuffer, shape: Shape)]
  private let randomness: DropoutSeed

  init(
    _ graph: LoweredGraph, objectives: [Objective], part: Int, batch: Int, bank: ParameterBank
  ) throws(NetworkError) {
    var forward = ForwardPass(graph, batch: part, isTraining: true, bank: bank)
    try forward.emit()
    var backward = BackwardPass(forward)
    var losses: [LossPass] = []
    for objective in objectives {
      guard let output = graph.outputs.first(where: { $0.name == objective.output }) else {
        throw .description(node: objective.output, reason: "is not an output")
      }
      losses.append(try LossPass(objective, node: output.node, samples: batch, in: &backward))
    }
    try backward.emit()
    self.part = part
    self.objectives = losses
    gradients = backward.gradients
    offsets = backward.gradients.map { backward.forward.builder.pinnedOffset($0.tensor) }
    inputs = backward.forward.inputs
    randomness = backward.forward.randomness
    plan = try Plan(backward.forward.builder)
  }

  /// All gradients of the last run, in the primitives' layouts.
  var block: AlignedBuffer { plan.pinned }

  /// Answers one loss an objective.
  func run(_ samples: Samples, seed: UInt64) throws(NetworkError) -> [Double] {
    for input in inputs {
      try Self.copy(samples.inputs[input.name], input.name, to: input.buffer, count: part * input.shape.count)
    }
    for loss in objectives {
      let name = loss.objective.output
      try Self.copy(samples.targets[name], name, to: loss.target, count: part * loss.shape.count)
    }
    randomness.seed = seed
    try plan.run()
    return objectives.map { $0.value.doubles[0] }
  }

  private static func copy(
    _ values: [Float]?, _ name: String, to buffer: AlignedBuffer, count: Int
  ) throws(NetworkError) {
    guard let values else { throw .data(name: name, reason: "missing") }
    guard values.count == count else {
      throw .data(name: name, reason: "\(values.count) values, expected \(count)")
    }
    buffer.floats.update(from: values, count: count)
  }
}
