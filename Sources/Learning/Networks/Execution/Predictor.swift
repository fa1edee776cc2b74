import Arrays
import Dispatch
import Synchronization

/// Answers for any number of samples, on several threads: the samples are cut into batches of a fixed
/// size, each on one thread, so that the answers do not depend on the number of threads.
///
/// Safe to share. There is one compiled instance a thread; all share the weights.
package final class Predictor: Sendable {
  package let network: Network
  package let batch: Int
  package let outputs: [(name: String, shape: Shape)]
  private let threads: Int
  private let idle: Mutex<[Instance]>
  private let available: DispatchSemaphore

  /// Handed from thread to thread under the lock; an instance is used by one thread at a time.
  private struct Instance: @unchecked Sendable {
    let inference: Inference
  }

  package init(
    _ network: Network, weights: Weights, batch: Int = 1, threads: Int = 1
  ) throws(NetworkError) {
    self.network = network
    self.batch = batch
    self.threads = max(1, threads)
    let graph = try LoweredGraph(network, weights, for: .inference)
    let bank = ParameterBank()
    var instances: [Instance] = []
    for _ in 0..<self.threads {
      instances.append(Instance(inference: try Inference(graph, batch: batch, bank: bank)))
    }
    bank.forgetPlainValues()
    outputs = instances[0].inference.outputs
    idle = Mutex(instances)
    available = DispatchSemaphore(value: instances.count)
  }

  /// Outputs by name, sample after sample.
  package func predict(_ inputs: [String: [Float]]) throws(NetworkError) -> [String: [Float]] {
    let count = try sampleCount(inputs)
    let batches = (count + batch - 1) / batch
    let collected = Collected(batches)
    let work: @Sendable (Int) -> Void = { [self] index in
      let range = index * batch..<min(count, (index + 1) * batch)
      let answer = Result { () throws(NetworkError) in
        try withInstance { (inference) throws(NetworkError) in try inference.run(inputs, samples: range) }
      }
      collected.answers.withLock { $0[index] = answer }
    }
    if batches == 1 || threads == 1 {
      for index in 0..<batches { work(index) }
    } else {
      DispatchQueue.concurrentPerform(iterations: batches, execute: work)
    }
    var result: [String: [Float]] = [:]
    for answer in collected.answers.withLock({ $0 }) {
      guard let values = try answer?.get() else { continue }
      for (name, part) in values { result[name, default: []] += part }
    }
    return result
  }

  /// For networks with one input and one output.
  package func predict(_ values: [Float]) throws(NetworkError) -> [Float] {
    guard let input = network.inputs.first, network.inputs.count == 1, outputs.count == 1 else {
      throw .data(name: "", reason: "the network has several inputs or outputs")
    }
    return try predict([input.name: values])[outputs[0].name] ?? []
  }

  private final class Collected: Sendable {
    let answers: Mutex<[Result<[String: [Float]], NetworkError>?]>
    init(_ count: Int) { answers = Mutex(Array(repeating: nil, count: count)) }
  }

  private func withInstance<Answer>(
    _ body: (Inference) throws(NetworkError) -> Answer
  ) throws(NetworkError) -> Answer {
    available.wait()
    let instance = idle.withLock { $0.removeLast() }
    defer {
      idle.withLock { $0.append(instance) }
      available.signal()
    }
    return try body(instance.inference)
  }

  private func sampleCount(_ inputs: [String: [Float]]) throws(NetworkError) -> Int {
    var count: Int?
    for (name, shape) in network.inputs {
      guard let values = inputs[name] else { throw .data(name: name, reason: "missing") }
      guard values.count % shape.count == 0 else {
        throw .data(name: name, reason: "\(values.count) values for samples of \(shape.count)")
      }
      let samples = values.count / shape.count
      guard samples == count ?? samples else {
        throw .data(name: name, reason: "\(samples) samples, the other inputs have \(count ?? 0)")
      }
      count = samples
    }
    return count ?? 0
  }
}
