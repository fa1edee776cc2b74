import System
import Arrays
import Glibc
import Learning

/// Learns a model of one crystal: the tables, then batches of fresh patterns until the steps are done.
public struct PACBEDTraining: Sendable {
  public var domain: ModelDomain
  public var steps = 6000
  /// Worked on in two halves, each by one thread: two cores learn twice as fast, and the model is the same on
  /// any number of them.
  public var batch = 64
  public var seed: UInt64 = 1
  public var threads = 1
  public var priority = Trainer.Options.Priority.background
  /// Debye-Waller factors, in Å², of the tables that patterns are drawn from: what is not known about a
  /// specimen must not lead the network astray.
  public var motions = [0.0, 0.5]
  /// Steps between two looks at the validation patterns.
  public var interval = 250
  public var widths = [16, 32, 96, 160]
  public var dense = [320, 256]
  public var peakRate: Float = 3e-3
  public var cache: TableCache?
  /// Weights of another material's network to start from: what discs, centres and scales look like need not
  /// be learned again. Arrays of another shape are drawn afresh.
  public var start: Weights?
  /// The text that the crystal was read from: it travels with the model.
  public var cif = ""

  public init(_ domain: ModelDomain) { self.domain = domain }

  public struct Progress: Sendable {
    public var step: Int
    public var steps: Int
    /// Mean loss since the last report.
    public var loss: Double
    public var secondsLeft: Double
    /// On steps that looked: see `PatternScore`.
    public var validation: PatternScore?
  }

  public struct Output: Sendable {
    public var model: Model
    public var isFinished: Bool
    /// Everything to go on with; the next run's answer does not depend on the interruption.
    public var checkpoint: Checkpoint
    /// Seconds of this run.
    public var seconds: Double
  }

  var options: Trainer.Options {
    Trainer.Options(
      objectives: PatternNetwork.objectives, batch: batch, part: max(1, batch / 2),
      optimiser: .adam(decay: 0.02),
      schedule: .cosine(peak: peakRate, warmup: min(200, steps / 10), steps: steps, final: 2e-5),
      averaging: .exponential(decay: 0.999), gradientLimit: 5, seed: seed, threads: threads,
      priority: priority)
  }

  public func tables(
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> [PACBEDTable] {
    var tables: [PACBEDTable] = []
    for (number, b) in motions.enumerated() {
      let request = try domain.tableRequest(.init(b: b))
      let count = motions.count
      let told: @Sendable (Double) -> Void = { progress((Double(number) + $0) / Double(count)) }
      if let cache {
        tables.append(try cache.table(for: request, isCancelled: isCancelled, progress: told).table)
      } else {
        tables.append(try PACBEDTable.make(request, isCancelled: isCancelled, progress: told))
      }
    }
    return tables
  }

  /// Runs, or goes on from a checkpoint, until the steps are done or `report` answers `.stop`.
  public func run(
    tables: [PACBEDTable], resuming checkpoint: Checkpoint? = nil,
    report: (Progress, () -> Checkpoint) -> TrainingDecision = { _, _ in .goOn }
  ) throws(PACBEDError) -> Output {
    do {
      return try train(tables, checkpoint, report)
    } catch let error as PACBEDError {
      throw error
    } catch {
      throw .training("\(error)")
    }
  }

  private func train(
    _ tables: [PACBEDTable], _ checkpoint: Checkpoint?,
    _ report: (Progress, () -> Checkpoint) -> TrainingDecision
  ) throws -> Output {
    var disturbances = TrainingPatterns.Disturbances()
    disturbances.calm = steps * batch / 5
    let patterns = try TrainingPatterns(domain, tables: tables, disturbances: disturbances, seed: seed)
    let network = patterns.heads.network(widths: widths, dense: dense)
    let trainer: Trainer
    if let checkpoint {
      trainer = try Trainer(network, resuming: checkpoint, options)
    } else {
      var weights = try Weights(for: network, seed: seed)
      for (name, array) in start?.arrays ?? [:] where weights[name]?.shape == array.shape {
        weights[name] = array
      }
      trainer = try Trainer(network, weights: weights, options)
    }
    let validation = try PatternScore.Set(
      domain, tables: [tables[0]], count: 384, noise: 0.1, seed: seed &+ 7_777)
    let source = patterns.source(batch: batch)
    let start = SystemClock.monotonic.seconds
    let first = trainer.step
    var lossSum = 0.0
    var lossCount = 0
    var isFinished = true
    while trainer.step < steps {
      lossSum += try trainer.advance(source).loss
      lossCount += 1
      let step = trainer.step
      let looks = step % interval == 0 || step == steps
      guard looks || step % 50 == 0 else { continue }
      let elapsed = SystemClock.monotonic.seconds - start
      var progress = Progress(
        step: step, steps: steps, loss: lossSum / Double(lossCount),
        secondsLeft: elapsed / Double(step - first) * Double(steps - step))
      if looks {
        progress.validation = try validation.score(
          Model(network: network, weights: trainer.averagedWeights))
      }
      (lossSum, lossCount) = (0, 0)
      if report(progress, { trainer.checkpoint() }) == .stop {
        isFinished = step == steps
        break
      }
    }
    return Output(
      model: Model(network: network, weights: trainer.averagedWeights), isFinished: isFinished,
      checkpoint: trainer.checkpoint(), seconds: SystemClock.monotonic.seconds - start)
  }
}
