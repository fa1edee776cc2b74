import Arrays

/// One parameter in training: its values, its gradient and what the optimiser remembers about it.
final class TrainedParameter: @unchecked Sendable {
  enum Kind {
    case trained
    /// Running statistics of batch normalisation: share of the newest batch, parts of a batch, and the
    /// factor from a part's biased variance to the unbiased one.
    case measured(momentum: Float, parts: Int, correction: Float)

    static func == (a: Kind, b: Kind) -> Bool {
      switch (a, b) {
      case (.trained, .trained), (.measured, .measured): true
      default: false
      }
    }
  }

  let name: String
  let shape: [Int]
  let kind: Kind
  let decays: Bool
  let values: AlignedBuffer
  let gradient: UnsafeMutablePointer<Float>
  let moments: [AlignedBuffer]
  var average: AlignedBuffer?
  private let owner: AlignedBuffer
  var count: Int { shape.reduce(1, *) }

  private init(
    name: String, shape: [Int], kind: Kind, decays: Bool, values: AlignedBuffer, owner: AlignedBuffer,
    offset: Int, moments: Int
  ) {
    self.name = name
    self.shape = shape
    self.kind = kind
    self.decays = decays
    self.values = values
    self.owner = owner
    gradient = owner.floats + offset / 4
    let count = shape.reduce(1, *)
    self.moments = (0..<moments).map { _ in AlignedBuffer(byteCount: count * 4) }
  }

  /// All parameters of a worker, and the plan that brings their gradients into plain order.
  static func list(
    for worker: TrainingWorker, bank: ParameterBank, sum: GradientSum, options: Trainer.Options,
    network: Network
  ) throws(NetworkError) -> ([TrainedParameter], Plan) {
    let statistics = try Statistics.of(network, part: options.part)
    let parts = options.batch / options.part
    var builder = PlanBuilder()
    var list: [TrainedParameter] = []
    for (gradient, offset) in zip(worker.gradients, worker.offsets) {
      let entry = bank.entries[try bank.position(of: gradient.name)]
      guard let values = entry.plain else { continue }
      let layout = gradient.layout
      var (owner, start) = (sum.total, offset)
      if layout != gradient.view {
        (owner, start) = (AlignedBuffer(byteCount: gradient.view.byteCount), 0)
        try builder.reorder(
          builder.fixed(layout, sum.total, at: offset), to: builder.fixed(gradient.view, owner))
      }
      let measured = statistics[gradient.name]
      let kind: Kind =
        measured.map {
          .measured(momentum: $0.momentum, parts: parts, correction: $0.correction)
        } ?? .trained
      list.append(
        TrainedParameter(
          name: gradient.name, shape: entry.shape, kind: kind, decays: gradient.name.hasSuffix(".weight"),
          values: values, owner: owner, offset: start,
          moments: measured == nil ? options.optimiser.momentCount : 0))
    }
    return (list, try Plan(builder))
  }

  /// How running statistics are updated, by parameter name.
  private struct Statistics {
    var momentum: Float
    var correction: Float

    static func of(_ network: Network, part: Int) throws(NetworkError) -> [String: Statistics] {
      let shapes = try network.shapes()
      var result: [String: Statistics] = [:]
      for (node, shape) in zip(network.nodes, shapes) {
        guard case .batchNormalisation(let options) = node.layer else { continue }
        let population = Float(part * shape.count / shape.channels)
        result[node.name + ".mean"] = Statistics(momentum: options.momentum, correction: 1)
        result[node.name + ".variance"] = Statistics(
          momentum: options.momentum, correction: population > 1 ? population / (population - 1) : 1)
      }
      return result
    }
  }

  var squaredGradientNorm: Double {
    guard kind == .trained else { return 0 }
    var sum = 0.0
    for i in 0..<count { sum += Double(gradient[i]) * Double(gradient[i]) }
    return sum
  }

  func update(_ step: OptimiserStep, keptAverage: Float?) {
    let w = values.floats
    switch kind {
    case .trained:
      step.apply(w, gradient, moments.map(\.floats), count: count, decays: decays)
    case .measured(let momentum, let parts, let correction):
      let factor = momentum * correction / Float(parts)
      for i in 0..<count { w[i] = (1 - momentum) * w[i] + factor * gradient[i] }
    }
    guard let kept = keptAverage else { return }
    let average = average ?? AlignedBuffer(byteCount: count * 4)
    self.average = average
    let a = average.floats
    for i in 0..<count { a[i] = kept * a[i] + (1 - kept) * w[i] }
  }

  func tensor(_ buffer: AlignedBuffer) -> Tensor { tensor(buffer.floats) }

  func tensor(_ pointer: UnsafeMutablePointer<Float>) -> Tensor {
    Tensor(shape: shape, values: Array(UnsafeBufferPointer(start: pointer, count: count)))
  }
}
