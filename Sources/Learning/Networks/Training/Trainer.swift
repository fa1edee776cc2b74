import System

/// Trains a network: every batch is cut into parts of a fixed size, each part runs on one thread, and
/// gradients are added in the order of the parts. The result depends on the seed and the size of the parts,
/// not on the number of threads. Batch normalisation normalises each part by itself.
///
/// One step at a time; not for several threads at once.
package final class Trainer {
  package struct Options: Sendable, Hashable {
    package var objectives: [Objective]
    package var batch: Int
    /// Samples that one thread works on at a time; divides the batch.
    package var part: Int
    package var optimiser: Optimiser
    package var schedule: Schedule
    package var averaging: Averaging?
    /// Longer gradients are shortened to this Euclidean norm.
    package var gradientLimit: Float?
    /// For dropout.
    package var seed: UInt64
    package var threads: Int
    package var priority: Priority

    package enum Priority: Sendable, Hashable {
      case normal
      /// Only where nothing else wants the processor.
      case background
    }

    package init(
      objectives: [Objective], batch: Int, part: Int? = nil, optimiser: Optimiser = .adam(),
      schedule: Schedule = .constant(1e-3), averaging: Averaging? = nil, gradientLimit: Float? = nil,
      seed: UInt64 = 0, threads: Int = 1, priority: Priority = .normal
    ) {
      self.objectives = objectives
      self.batch = batch
      self.part = part ?? Self.defaultPart(batch)
      self.optimiser = optimiser
      self.schedule = schedule
      self.averaging = averaging
      self.gradientLimit = gradientLimit
      self.seed = seed
      self.threads = threads
      self.priority = priority
    }

    /// The largest divisor up to 32 that leaves two parts: it should not depend on the machine.
    private static func defaultPart(_ batch: Int) -> Int {
      (1...32).last { batch % $0 == 0 && $0 * 2 <= batch } ?? 1
    }
  }

  /// Of one step: the loss of each objective (weighted) and their sum.
  package struct StepResult: Sendable, Equatable {
    package var step: Int
    package var losses: [String: Double]
    package var loss: Double
    package var learningRate: Float
  }

  package let network: Network
  package let options: Options
  /// Steps done so far.
  package internal(set) var step = 0
  /// The averaged weights at the lowest validation loss of `run`.
  package internal(set) var bestWeights: Weights?
  var stopping: EarlyStopping?

  let bank = ParameterBank()
  let parameters: [TrainedParameter]
  private let parameterNames: [WeightArray]
  private let workers: [TrainingWorker]
  private let sum: GradientSum
  private let team: TrainingTeam
  private let gather: Plan

  package init(_ network: Network, weights: Weights, _ options: Options) throws(NetworkError) {
    guard options.part > 0, options.batch > 0, options.batch % options.part == 0 else {
      throw .data(name: "batch", reason: "parts of \(options.part) do not fill a batch of \(options.batch)")
    }
    self.network = network
    self.options = options
    parameterNames = try network.parameters()
    let trained = try network.beforeLosses(options.objectives)
    let graph = try LoweredGraph(trained, weights, for: .training)
    bank.add(graph)
    let parts = options.batch / options.part
    var workers: [TrainingWorker] = []
    for _ in 0..<max(1, min(options.threads, parts)) {
      workers.append(
        try TrainingWorker(
          graph, objectives: options.objectives, part: options.part, batch: options.batch, bank: bank))
    }
    self.workers = workers
    team = TrainingTeam(count: workers.count, options.priority)
    try bank.refresh()
    sum = GradientSum(byteCount: workers[0].block.count, parts: parts, workers: workers.count)
    (parameters, gather) = try TrainedParameter.list(
      for: workers[0], bank: bank, sum: sum, options: options, network: trained)
    carriedOver = weights
  }

  /// Arrays of the network that this training does not touch (heads without an objective).
  private let carriedOver: Weights

  /// The weights after the last step.
  package var weights: Weights {
    var result = Weights()
    let current = bank.weights
    for parameter in parameterNames {
      result[parameter.name] = current[parameter.name] ?? carriedOver[parameter.name]
    }
    return result
  }

  /// The averaged weights, or the last ones while there is no average.
  package var averagedWeights: Weights {
    var result = weights
    for parameter in parameters {
      if let average = parameter.average { result[parameter.name] = parameter.tensor(average) }
    }
    return result
  }

  /// One batch forward, backward, and a change of the weights.
  package func advance(_ source: @escaping SampleSource) throws(NetworkError) -> StepResult {
    let losses = try runParts(source)
    sum.finish(team)
    try gather.run()
    let rate = options.schedule.rate(at: step)
    update(rate: rate)
    try bank.refresh()
    var result = StepResult(step: step, losses: [:], loss: 0, learningRate: rate)
    for (index, objective) in options.objectives.enumerated() {
      let value = losses.reduce(0) { $0 + $1[index] }
      result.losses[objective.output] = value
      result.loss += value
    }
    step += 1
    return result
  }

  /// The gradient of the losses for a batch, without changing anything: for checks.
  package func gradients(_ source: @escaping SampleSource) throws(NetworkError) -> (
    losses: [Double], gradients: Weights
  ) {
    let losses = try runParts(source)
    sum.finish(team)
    try gather.run()
    var result = Weights()
    for parameter in parameters where parameter.kind == .trained {
      result[parameter.name] = parameter.tensor(parameter.gradient)
    }
    let totals = options.objectives.indices.map { index in losses.reduce(0) { $0 + $1[index] } }
    return (totals, result)
  }

  /// Losses by part and objective.
  private func runParts(_ source: @escaping SampleSource) throws(NetworkError) -> [[Double]] {
    let tasks = PartTasks(options.batch / options.part)
    let (workers, sum, part, step) = (workers, sum, options.part, step)
    let random = RandomNumbers(seed: options.seed).stream(step)
    let work: @Sendable (Int) -> Void = { worker in
      while let index = tasks.next() {
        tasks.finish(
          index,
          Result { () throws(NetworkError) in
            let samples = try Samples(from: source, step, index * part..<(index + 1) * part)
            var numbers = random.stream(index)
            let losses = try workers[worker].run(samples, seed: numbers.next())
            sum.add(workers[worker].block, part: index)
            return losses
          })
      }
    }
    team.onEach(work)
    return try tasks.losses()
  }

  private func update(rate: Float) {
    var scale: Float = 1
    if let limit = options.gradientLimit {
      let norm = parameters.reduce(0) { $0 + $1.squaredGradientNorm }.squareRoot()
      if norm > Double(limit) { scale = Float(Double(limit) / norm) }
    }
    let change = OptimiserStep(options.optimiser, rate: rate, step: step + 1, gradientScale: scale)
    let kept = options.averaging?.kept(at: step)
    let parameters = parameters
    team.forEach(parameters.count) { parameters[$0].update(change, keptAverage: kept) }
  }
}

extension Network {
  /// Outputs that end in softmax or a sigmoid leave before it where their loss includes it; outputs
  /// without an objective are not computed.
  func beforeLosses(_ objectives: [Objective]) throws(NetworkError) -> Network {
    var kept: [Output] = []
    for objective in objectives {
      guard var output = outputs.first(where: { $0.name == objective.output }) else {
        throw .description(node: objective.output, reason: "is not an output")
      }
      guard nodes.indices.contains(output.value.node) else {
        throw .description(node: output.name, reason: "the output is not a node")
      }
      let node = nodes[output.value.node]
      switch (objective.loss, node.layer) {
      case (.softmaxCrossEntropy, .softmax), (.binaryCrossEntropy, .activation(.sigmoid)):
        output.value = Value(node: node.inputs[0])
      default: break
      }
      kept.append(output)
    }
    return ending(at: kept)
  }
}
