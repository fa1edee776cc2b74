import Analysis
import Foundation
import Learning
import Synchronization
import Testing

/// A line to learn: four inputs, one output, fresh numbers in every step.
private func job(steps: Int = 24, seed: UInt64 = 3) throws -> TrainingJob<Double> {
  var network = Network()
  let input = network.input("x", .vector(4))
  let hidden = network.append(.activation(.relu), to: network.append(.dense(8), to: input, name: "a"))
  network.output("y", network.append(.dense(1), to: hidden, name: "b"))
  return TrainingJob(
    network: network, start: try Weights(for: network, seed: seed),
    options: Trainer.Options(
      objectives: [Objective("y", .meanSquaredError)], batch: 8,
      schedule: .cosine(peak: 1e-2, warmup: 4, steps: steps), averaging: .exponential(decay: 0.9), seed: seed),
    steps: steps, interval: 6, reporting: 2,
    source: { step, range in
      var (inputs, targets): ([Float], [Float]) = ([], [])
      for position in range {
        let x = (0..<4).map { Float(((step * 31 + position) * 7 + $0 * 13) % 17) / 17 }
        inputs += x
        targets.append(x[0] - 2 * x[1] + x[3])
      }
      return Samples(inputs: ["x": inputs], targets: ["y": targets])
    },
    look: { model in Double(model.weights.arrays.count) })
}

@Suite struct TrainingJobTests {
  private let place = CheckpointFile(
    beside: FileManager.default.temporaryDirectory.appending(path: "ewald-job-\(UUID().uuidString)").path,
    identity: "this one")

  @Test func `a resumed training ends as one that never stopped`() throws {
    defer { place.remove() }
    let whole = try job().run()
    var reports = 0
    let first = try job().run(keeping: place, isCancelled: { reports == 4 }) { _ in reports += 1 }
    #expect(!first.isFinished && first.resumedAt == nil && first.model.weights != whole.model.weights)
    let second = try job().run(keeping: place)
    #expect(second.isFinished && second.resumedAt == 8)
    #expect(second.model.weights == whole.model.weights)
    #expect(second.facts["resumed_at_step"] == .integer(8) && whole.facts["resumed_at_step"] == nil)
    #expect(whole.facts["patterns"] == .integer(24 * 8))
    // What is finished stays so.
    let third = try job().run(keeping: place)
    #expect(third.isFinished && third.resumedAt == 24 && third.model.weights == whole.model.weights)
  }

  @Test func `it tells how far it is, and what a look says`() throws {
    var steps: [Int] = []
    var looks: [Int] = []
    var losses: [Double] = []
    _ = try job().run(isCancelled: { false }) { progress in
      steps.append(progress.step)
      if progress.score != nil { looks.append(progress.step) }
      losses.append(progress.loss)
      #expect(progress.losses["y"] == progress.loss && progress.warning == nil)
    }
    #expect(steps == Array(stride(from: 2, through: 24, by: 2)) && looks == [6, 12, 18, 24])
    #expect(losses.allSatisfy(\.isFinite) && losses[losses.count - 1] < losses[0])
  }

  @Test func `a checkpoint of another training is refused`() throws {
    defer { place.remove() }
    #expect(try place.read() == nil)
    _ = try job().run(keeping: place)
    #expect(try place.read()?.step == 24)
    let other = CheckpointFile(
      beside: String(place.path.dropLast(".checkpoint".count)), identity: "another one")
    #expect(throws: NetworkError.self) { try other.read() }
    #expect(throws: NetworkError.self) { try job().run(keeping: other) }
    place.remove()
    #expect(try other.read() == nil)
  }

  @Test func `a checkpoint that cannot be kept is told, and the training goes on`() throws {
    let nowhere = CheckpointFile(beside: "/nowhere/at/all", identity: "x")
    var warnings = 0
    let output = try job().run(
      keeping: nowhere, isCancelled: { false }, report: { if $0.warning != nil { warnings += 1 } })
    #expect(output.isFinished && warnings == 4)
  }
}
