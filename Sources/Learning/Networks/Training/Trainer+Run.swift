/// Watches over a training run.
package struct Validation: Sendable {
  package var samples: Samples
  package var count: Int
  /// Steps between two looks.
  package var interval: Int
  package var stopping: EarlyStopping?

  package init(_ set: SampleSet, every interval: Int, stopping: EarlyStopping? = nil) {
    samples = set.samples
    count = set.count
    self.interval = interval
    self.stopping = stopping
  }
}

package struct TrainingProgress: Sendable, Equatable {
  package var step: Int
  package var steps: Int
  package var result: Trainer.StepResult
  /// Weighted sum of the losses on the validation samples, with the averaged weights; only on steps that
  /// looked.
  package var validation: Double?
}

package enum TrainingDecision: Sendable {
  case goOn
  case stop
}

package enum TrainingEnd: Sendable, Equatable {
  case finished
  /// The report asked for it, or the task was cancelled; `checkpoint()` holds everything to go on with.
  case stopped
  /// The validation loss no longer fell.
  case noImprovement
}

extension Trainer {
  /// Goes on until `steps` steps are done in all, counting those before a checkpoint.
  ///
  /// `report` hears of every step and may stop the run; so may the cancellation of the task.
  package func run(
    steps: Int, from source: @escaping SampleSource, validation: Validation? = nil,
    report: (TrainingProgress) -> TrainingDecision = { _ in .goOn }
  ) throws(NetworkError) -> TrainingEnd {
    while step < steps {
      if withUnsafeCurrentTask(body: { $0?.isCancelled ?? false }) { return .stopped }
      let result = try advance(source)
      var progress = TrainingProgress(step: step, steps: steps, result: result)
      var isOver = false
      if let validation, step % max(1, validation.interval) == 0 || step == steps {
        let loss = try self.loss(of: validation.samples, count: validation.count)
        progress.validation = loss
        isOver = observe(loss, validation.stopping)
      }
      if report(progress) == .stop { return .stopped }
      if isOver { return .noImprovement }
    }
    return .finished
  }

  /// Keeps the best weights; whether patience is at its end.
  private func observe(_ loss: Double, _ start: EarlyStopping?) -> Bool {
    var stopping = stopping ?? start ?? EarlyStopping(patience: 1 << 50)
    if stopping.observe(loss) { bestWeights = averagedWeights }
    self.stopping = stopping
    return start != nil && stopping.isOver
  }

  /// The weighted losses of these samples with the averaged weights, as at inference: running statistics,
  /// no dropout.
  package func loss(of samples: Samples, count: Int) throws(NetworkError) -> Double {
    let trained = try network.beforeLosses(options.objectives)
    let batch = min(count, options.part)
    let predictor = try Predictor(
      trained, weights: averagedWeights, batch: batch, threads: options.threads)
    let answer = try predictor.predict(samples.inputs)
    var sum = 0.0
    for objective in options.objectives {
      guard let output = answer[objective.output], let target = samples.targets[objective.output],
        output.count == target.count, count > 0
      else { throw .data(name: objective.output, reason: "targets of another size") }
      sum += objective.loss.value(output, target, samples: count) * Double(objective.weight)
    }
    return sum
  }
}
