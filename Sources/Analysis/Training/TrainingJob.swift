import JSON
import Learning
import System

/// The training of a network as it goes for every engine: batch after batch until the steps are done, a look now and
/// then, and a checkpoint from which the same training goes on as if it had never stopped, bit for bit.
package struct TrainingJob<Score: Sendable> {
  package var network: Network
  /// Of a training that begins.
  package var start: Weights
  /// With the seed, the threads and their priority.
  package var options: Trainer.Options
  package var steps: Int
  /// Steps between two looks: the averaged weights are scored and a checkpoint is kept.
  package var interval: Int
  /// Steps between two reports.
  package var reporting: Int
  package var source: SampleSource
  package var look: (TrainedNetwork) throws -> Score

  package init(
    network: Network, start: Weights, options: Trainer.Options, steps: Int, interval: Int, reporting: Int,
    source: @escaping SampleSource, look: @escaping (TrainedNetwork) throws -> Score
  ) {
    self.network = network
    self.start = start
    self.options = options
    self.steps = steps
    self.interval = max(1, interval)
    self.reporting = max(1, reporting)
    self.source = source
    self.look = look
  }

  package struct Progress: Sendable {
    package var step: Int
    package var steps: Int
    /// Means since the last report: of the sum, and of every objective.
    package var loss: Double
    package var losses: [String: Double]
    package var seconds: Double
    package var secondsLeft: Double
    /// On steps that looked.
    package var score: Score?
    /// Why the checkpoint could not be kept; the training goes on.
    package var warning: String?
  }

  package struct Output: Sendable {
    /// With the averaged weights.
    package var model: TrainedNetwork
    package var isFinished: Bool
    /// Where this run went on.
    package var resumedAt: Int?
    /// Of this run.
    package var seconds: Double
    /// For the manifest.
    package var facts: [String: JSONValue]
  }

  /// Runs, or goes on from what is kept, until the steps are done or it is cancelled.
  package func run(
    keeping place: CheckpointFile? = nil, isCancelled: () -> Bool = { false },
    report: (Progress) -> Void = { _ in }
  ) throws -> Output {
    let kept = try place?.read()
    let trainer =
      if let kept { try Trainer(network, resuming: kept, options) } else {
        try Trainer(network, weights: start, options)
      }
    var pace = Pace(step: trainer.step)
    while trainer.step < steps, !isCancelled() {
      pace.add(try trainer.advance(source))
      let step = trainer.step
      let looks = step % interval == 0 || step == steps
      guard looks || step % reporting == 0 else { continue }
      var progress = pace.progress(step, of: steps, Score.self)
      if looks {
        progress.score = try look(TrainedNetwork(network: network, weights: trainer.averagedWeights))
        do throws(NetworkError) {
          try place?.write(trainer.checkpoint())
        } catch {
          progress.warning = "\(error)"
        }
      }
      report(progress)
    }
    let isFinished = trainer.step >= steps
    if !isFinished { try place?.write(trainer.checkpoint()) }
    return Output(
      model: TrainedNetwork(network: network, weights: trainer.averagedWeights), isFinished: isFinished,
      resumedAt: kept?.step, seconds: pace.seconds, facts: facts(resumedAt: kept?.step, seconds: pace.seconds)
    )
  }

  private func facts(resumedAt step: Int?, seconds: Double) -> [String: JSONValue] {
    var facts: [String: JSONValue] = [
      "steps": .integer(steps), "batch": .integer(options.batch), "patterns": .integer(steps * options.batch),
      "seed": .integer(Int(clamping: options.seed)), "threads": .integer(options.threads),
      "seconds": .integer(Int(seconds)),
    ]
    if let step { facts["resumed_at_step"] = .integer(step) }
    return facts
  }
}

/// Losses since the last report, and how fast it goes.
private struct Pace {
  private let start = SystemClock.monotonic.seconds
  private let first: Int
  private var losses: [String: Double] = [:]
  private var loss = 0.0
  private var count = 0
  private var before: Double

  init(step: Int) {
    first = step
    before = start
  }

  var seconds: Double { SystemClock.monotonic.seconds - start }

  mutating func add(_ result: Trainer.StepResult) {
    for (name, value) in result.losses { losses[name, default: 0] += value }
    loss += result.loss
    count += 1
  }

  mutating func progress<Score>(_ step: Int, of steps: Int, _: Score.Type) -> TrainingJob<Score>.Progress {
    let now = SystemClock.monotonic.seconds
    defer {
      (losses, loss, count) = ([:], 0, 0)
      before = now
    }
    return TrainingJob<Score>.Progress(
      step: step, steps: steps, loss: loss / Double(max(1, count)),
      losses: losses.mapValues { $0 / Double(max(1, count)) }, seconds: now - before,
      secondsLeft: (now - start) / Double(max(1, step - first)) * Double(steps - step))
  }
}
