import Arrays

/// Everything a training run needs to go on as if it had never stopped, bit for bit.
package struct Checkpoint: Sendable, Equatable {
  package var step: Int
  package var weights: Weights
  /// What the optimiser remembers, by parameter; none for an optimiser without memory.
  package var moments: [Weights]
  /// Only arrays that have an average yet.
  package var average: Weights
  package var best: Weights?
  package var stopping: EarlyStopping?
  /// Free text by key: what training it belongs to.
  package var notes: [String: String] = [:]

  package init(
    step: Int, weights: Weights, moments: [Weights], average: Weights, best: Weights? = nil,
    stopping: EarlyStopping? = nil
  ) {
    self.step = step
    self.weights = weights
    self.moments = moments
    self.average = average
    self.best = best
    self.stopping = stopping
  }
}

extension Trainer {
  package func checkpoint() -> Checkpoint {
    var moments = (0..<options.optimiser.momentCount).map { _ in Weights() }
    var average = Weights()
    for parameter in parameters {
      for (index, moment) in parameter.moments.enumerated() {
        moments[index][parameter.name] = parameter.tensor(moment)
      }
      if let values = parameter.average { average[parameter.name] = parameter.tensor(values) }
    }
    return Checkpoint(
      step: step, weights: weights, moments: moments, average: average, best: bestWeights,
      stopping: stopping)
  }

  /// Goes on where a checkpoint stopped; the network and the options must be those of then.
  package convenience init(
    _ network: Network, resuming checkpoint: Checkpoint, _ options: Options
  ) throws(NetworkError) {
    try self.init(network, weights: checkpoint.weights, options)
    guard checkpoint.step >= 0, checkpoint.moments.count == options.optimiser.momentCount else {
      throw .parameter(name: "optimiser", reason: "the checkpoint belongs to another optimiser")
    }
    step = checkpoint.step
    bestWeights = checkpoint.best
    stopping = checkpoint.stopping
    for parameter in parameters {
      for (index, moment) in parameter.moments.enumerated() {
        try parameter.fill(moment, from: checkpoint.moments[index])
      }
      if checkpoint.average[parameter.name] != nil {
        let average = AlignedBuffer(byteCount: parameter.count * 4)
        try parameter.fill(average, from: checkpoint.average)
        parameter.average = average
      }
    }
  }
}

extension TrainedParameter {
  fileprivate func fill(_ buffer: AlignedBuffer, from weights: Weights) throws(NetworkError) {
    guard let tensor = weights[name], tensor.shape == shape else {
      throw .parameter(name: name, reason: "is not in the checkpoint")
    }
    buffer.floats.update(from: tensor.values, count: count)
  }
}
