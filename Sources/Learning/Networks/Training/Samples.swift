import System
import Synchronization

/// Inputs and targets of some samples in a row, by the names of the network's inputs and outputs.
package struct Samples: Sendable {
  package var inputs: [String: [Float]]
  package var targets: [String: [Float]]

  package init(inputs: [String: [Float]], targets: [String: [Float]]) {
    self.inputs = inputs
    self.targets = targets
  }

  init(from source: SampleSource, _ step: Int, _ range: Range<Int>) throws(NetworkError) {
    do {
      self = try source(step, range)
    } catch let error as NetworkError {
      throw error
    } catch {
      throw .data(name: "samples", reason: "\(error)")
    }
  }
}

/// Makes the samples of a range of one step's batch. Called on several threads at once: what it answers
/// must follow from the step and the sample's position alone, so that training does not depend on the
/// number of threads. Give every sample its own random stream. What it throws ends the training step: a
/// `NetworkError` as it is, anything else as `.data`.
package typealias SampleSource = @Sendable (_ step: Int, _ samples: Range<Int>) throws -> Samples

/// Samples held in memory, shuffled anew for every epoch.
package struct SampleSet: Sendable {
  package let samples: Samples
  package let count: Int

  /// Every array must hold `count` samples.
  package init(_ samples: Samples, count: Int) {
    precondition(count > 0, "no samples")
    for (name, array) in samples.inputs.merging(samples.targets, uniquingKeysWith: { a, _ in a }) {
      precondition(array.count % count == 0, "\(array.count) values of \(name) for \(count) samples")
    }
    self.samples = samples
    self.count = count
  }

  /// Whole batches in random order without repetition; samples that do not fill a last batch wait for
  /// another epoch.
  package func source(batch: Int, seed: UInt64) -> SampleSource {
    let stepsPerEpoch = max(1, count / batch)
    let count = count
    let samples = samples
    let order = ShuffledOrder(count: count, seed: seed)
    return { step, range in
      let permutation = order.permutation(epoch: step / stepsPerEpoch)
      let first = step % stepsPerEpoch * batch
      let picked = range.map { permutation[(first + $0) % count] }
      return Samples(
        inputs: samples.inputs.mapValues { Self.gather(picked, from: $0, count: count) },
        targets: samples.targets.mapValues { Self.gather(picked, from: $0, count: count) })
    }
  }

  private static func gather(_ picked: [Int], from array: [Float], count: Int) -> [Float] {
    let size = array.count / count
    var result: [Float] = []
    result.reserveCapacity(picked.count * size)
    for sample in picked { result.append(contentsOf: array[sample * size..<(sample + 1) * size]) }
    return result
  }
}

/// The last epoch's permutation, shared by the threads that ask for it.
private final class ShuffledOrder: Sendable {
  private let count: Int
  private let numbers: RandomNumbers
  private let last = Mutex<(epoch: Int, permutation: [Int])>((-1, []))

  init(count: Int, seed: UInt64) {
    self.count = count
    numbers = RandomNumbers(seed: seed)
  }

  func permutation(epoch: Int) -> [Int] {
    last.withLock { last in
      if last.epoch != epoch {
        var random = numbers.stream(epoch)
        last = (epoch, random.permutation(count))
      }
      return last.permutation
    }
  }
}
