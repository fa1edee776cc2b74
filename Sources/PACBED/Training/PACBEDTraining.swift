import Analysis
import Arrays
import Learning
import System

/// Learns a model of one crystal: the tables, then batches of fresh patterns until the steps are done.
package struct PACBEDTraining: Sendable {
  package var domain: ModelDomain
  package var steps = 6000
  /// Worked on in two halves, each by one thread: two cores learn twice as fast, and the model is the same on
  /// any number of them.
  package var batch = 64
  package var seed: UInt64 = 1
  package var threads = 1
  package var priority = Trainer.Options.Priority.background
  /// Patterns are drawn from tables of atoms at rest and in motion at each of these absorptions: what is not known
  /// about a specimen must not lead the network astray. The first are those that the fit needs as well.
  package var absorptions = [0, 0.04]
  /// Steps between two looks at the validation patterns.
  package var interval = 250
  package var widths = [16, 32, 96, 160]
  package var dense = [320, 256]
  package var peakRate: Float = 3e-3
  package var cache: TableCache?
  /// Weights of another material's network to start from: what discs, centres and scales look like need not
  /// be learned again. Arrays of another shape are drawn afresh.
  package var start: Weights?
  /// Whose they are: the digest of that model, for the manifest.
  package var startedFrom: String?
  /// The text that the crystal was read from: it travels with the model.
  package var cif = ""

  package init(_ domain: ModelDomain) { self.domain = domain }

  package typealias Job = TrainingJob<PatternScore>

  var options: Trainer.Options {
    Trainer.Options(
      objectives: PatternNetwork.objectives, batch: batch, part: max(1, batch / 2),
      optimiser: .adam(decay: 0.02),
      schedule: .cosine(peak: peakRate, warmup: min(200, steps / 10), steps: steps, final: 2e-5),
      averaging: .exponential(decay: 0.999), gradientLimit: 5, seed: seed, threads: threads,
      priority: priority)
  }

  package func tables(
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> [PACBEDTable] {
    let requests = try tableRequests()
    var tables: [PACBEDTable] = []
    for (number, request) in requests.enumerated() {
      let told: @Sendable (Double) -> Void = { progress((Double(number) + $0) / Double(requests.count)) }
      if let cache {
        tables.append(try cache.table(for: request, isCancelled: isCancelled, progress: told).table)
      } else {
        tables.append(try PACBEDTable.make(request, isCancelled: isCancelled, progress: told))
      }
    }
    return tables
  }

  private func tableRequests() throws(PACBEDError) -> [TableRequest] {
    var requests: [TableRequest] = []
    for absorption in absorptions {
      requests += try domain.tableRequests(.init(b: nil, absorption: absorption)).map(\.request)
    }
    return requests
  }

  /// Where it keeps what it needs to go on. The number of steps may change on the way.
  package func checkpoint(beside output: String) throws(PACBEDError) -> CheckpointFile {
    var text = try tableRequests().map(\.identity).joined(separator: " ")
    for range in [domain.convergence, domain.thickness, domain.mistilt] {
      text += " \(range.lowerBound) \(range.upperBound)"
    }
    text += " \(batch) \(seed) \(widths) \(dense) \(peakRate)"
    return CheckpointFile(beside: output, identity: SHA256.hex(text.utf8))
  }

  /// Runs, or goes on from what is kept, until the steps are done or it is cancelled.
  package func run(
    tables: [PACBEDTable], keeping place: CheckpointFile? = nil, isCancelled: () -> Bool = { false },
    report: (Job.Progress) -> Void = { _ in }
  ) throws(PACBEDError) -> Job.Output {
    do {
      return try job(tables).run(keeping: place, isCancelled: isCancelled, report: report)
    } catch let error as PACBEDError {
      throw error
    } catch {
      throw .training("\(error)")
    }
  }

  private func job(_ tables: [PACBEDTable]) throws -> Job {
    var disturbances = TrainingPatterns.Disturbances()
    disturbances.calm = steps * batch / 5
    let patterns = try TrainingPatterns(domain, tables: tables, disturbances: disturbances, seed: seed)
    let network = patterns.heads.network(widths: widths, dense: dense)
    var weights = try Weights(for: network, seed: seed)
    for (name, array) in start?.arrays ?? [:] where weights[name]?.shape == array.shape {
      weights[name] = array
    }
    let validation = try PatternScore.Set(
      domain, tables: [tables[0]], count: 384, noise: 0.1, seed: seed &+ 7_777)
    return Job(
      network: network, start: weights, options: options, steps: steps, interval: interval, reporting: 50,
      source: patterns.source(batch: batch), look: validation.score)
  }
}
