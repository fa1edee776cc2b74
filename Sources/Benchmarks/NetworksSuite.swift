import JSON
import System
import Dispatch
import Glibc
import Learning
import Synchronization

/// Networks on one thread: inference, a training step, and the latency of an answer beside a training.
///
/// Where EWALD_NETWORK_MODELS names a folder of exported networks (`Peers/networks/run.sh` makes it), their answers are
/// compared with onnxruntime's, and the times belong to the files that the peers run too.
func networksSuite() async -> [Measurement] {
  do {
    guard let folder = Environment["EWALD_NETWORK_MODELS"] else { return try NetworksSuite.builtIn() }
    return try NetworksSuite.exported(folder)
  } catch {
    return [Measurement("networks failed: \(error)", .nan, "")]
  }
}

private enum NetworksSuite {
  static func exported(_ folder: String) throws -> [Measurement] {
    var rows: [Measurement] = []
    for name in ["pattern_net", "autoencoder_64", "autoencoder_128", "resnet18", "mobilenet_v2", "xception"] {
      let model = try TrainedNetwork(onnxFile: "\(folder)/\(name).onnx")
      rows += try check(model, name, folder)
      let isLarge = ["resnet18", "mobilenet_v2", "xception"].contains(name)
      for batch in [1, isLarge ? 8 : 32] { rows.append(try inference(model, name, batch: batch)) }
    }
    for (name, batch) in [("pattern_net", 64), ("autoencoder_64", 64), ("autoencoder_128", 32)] {
      rows.append(try training(try TrainedNetwork(onnxFile: "\(folder)/\(name).onnx"), name, batch: batch))
    }
    return rows + (try latencyUnderLoad(try TrainedNetwork(onnxFile: "\(folder)/pattern_net.onnx")))
  }

  static func builtIn() throws -> [Measurement] {
    let network = residualNetwork()
    let model = TrainedNetwork(network: network, weights: try Weights(for: network, seed: 1))
    var rows: [Measurement] = []
    for batch in [1, 32] { rows.append(try inference(model, "residual network", batch: batch)) }
    rows.append(try training(model, "residual network", batch: 64))
    return rows + (try latencyUnderLoad(model))
  }

  /// A residual trunk with two heads, of the size that reads diffraction patterns.
  private static func residualNetwork() -> Network {
    var network = Network()
    var x = network.append(
      [
        .pixelUnshuffle(2), .convolution(16, kernel: 3, bias: false), .batchNormalisation, .activation(.relu),
      ],
      to: network.input("image", .image(channels: 2, height: 64, width: 64)))
    for (width, stride) in [(16, 1), (32, 2), (96, 2), (160, 2)] {
      x = network.append(
        [
          .convolution(width, kernel: 3, stride: stride, bias: false), .batchNormalisation,
          .activation(.relu),
        ],
        to: x)
      let branch = network.append(
        [
          .convolution(width, kernel: 3, bias: false), .batchNormalisation, .activation(.relu),
          .convolution(width, kernel: 3, bias: false), .batchNormalisation,
        ], to: x)
      x = network.append(.activation(.relu), to: network.add([x, branch]))
    }
    let angle = network.input("angle", .vector(1))
    let features = [network.append(.flatten, to: x), network.append(.globalPooling(.average), to: x), angle]
    let joint = network.append([.dense(256), .activation(.relu)], to: network.concatenate(features))
    network.output("thickness", network.append([.dense(120), .softmax], to: joint))
    network.output("mistilt", network.append([.dense(40), .softmax], to: joint))
    return network
  }

  // MARK: Cases

  private static func check(_ model: TrainedNetwork, _ name: String, _ folder: String) throws -> [Measurement]
  {
    guard let expected = ExpectedAnswer("\(folder)/\(name).json") else { return [] }
    let inference = try Inference(model.network, weights: model.weights, batch: expected.samples)
    let answer = try inference.run(expected.inputs)
    var worst: Float = 0
    for (output, values) in expected.outputs {
      let scale = values.map(abs).max() ?? 0
      let difference = zip(answer[output] ?? [], values).map { abs($0 - $1) }.max() ?? .infinity
      worst = max(worst, difference / scale)
    }
    return [Measurement("\(name) difference from onnxruntime", Double(worst) * 1e6, "1e-6", goal: "20")]
  }

  private static func inference(_ model: TrainedNetwork, _ name: String, batch: Int) throws -> Measurement {
    let inference = try Inference(model.network, weights: model.weights, batch: batch)
    let inputs = noise(for: model.network, samples: batch)
    return try row("\(name) inference \(batch)") { _ = try inference.run(inputs) }
  }

  private static func training(_ model: TrainedNetwork, _ name: String, batch: Int) throws -> Measurement {
    let (samples, objectives) = try trainingSamples(model.network, batch: batch)
    let trainer = try Trainer(
      model.network, weights: model.weights,
      .init(objectives: objectives, batch: batch, optimiser: .adam(decay: 0.01)))
    return try row("\(name) training step \(batch)") {
      _ = try trainer.advance { _, range in samples[range, of: batch] }
    }
  }

  /// The hazard: OpenMP's waiting threads on busy cores. The load is a training in the background, one thread
  /// a core. Processor time shows waiting that spins, even where other programs take the wall clock's time.
  private static func latencyUnderLoad(_ model: TrainedNetwork) throws -> [Measurement] {
    var rows: [Measurement] = []
    let inference = try Inference(model.network, weights: model.weights)
    let inputs = noise(for: model.network, samples: 1)
    for isLoaded in [false, true] {
      let load = isLoaded ? Load(try backgroundTrainer(model)) : nil
      for (name, clock) in [("wall", SystemClock.monotonic), ("processor", .thread)] {
        let all = try times(seconds: 3, clock: clock) { _ = try inference.run(inputs) }
        let state = isLoaded ? "beside a training" : "alone"
        rows.append(Measurement("latency \(state), \(name), median", median(all), "ms"))
        rows.append(
          Measurement("latency \(state), \(name), p99", percentile(all, 99), "ms", goal: "3 medians"))
      }
      load?.stop()
    }
    return rows
  }

  private static func backgroundTrainer(_ model: TrainedNetwork) throws -> @Sendable () -> Void {
    let threads = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let (samples, objectives) = try trainingSamples(model.network, batch: 64)
    // Used by the load's thread alone.
    nonisolated(unsafe) let trainer = try Trainer(
      model.network, weights: model.weights,
      .init(objectives: objectives, batch: 64, part: 8, threads: threads, priority: .background))
    return { _ = try? trainer.advance { _, range in samples[range, of: 64] } }
  }

  // MARK: Tools

  /// Targets as in `measure.py`: pixels for one output, bins for several.
  private static func trainingSamples(
    _ network: Network, batch: Int
  ) throws -> (Samples, [Objective]) {
    let shapes = try network.shapes()
    let isAutoencoder = network.outputs.count == 1
    var targets: [String: [Float]] = [:]
    for output in network.outputs {
      let count = shapes[output.value.node].count
      targets[output.name] =
        isAutoencoder
        ? (0..<batch * count).map { Float($0 % 100) / 100 }
        : (0..<batch * count).map { $0 % count == 1 ? 1 : 0 }
    }
    let objectives = network.outputs.map {
      Objective($0.name, isAutoencoder ? .binaryCrossEntropy : .softmaxCrossEntropy)
    }
    return (Samples(inputs: noise(for: network, samples: batch), targets: targets), objectives)
  }

  private static func noise(for network: Network, samples: Int) -> [String: [Float]] {
    var random = RandomNumbers(seed: 1)
    var result: [String: [Float]] = [:]
    for (name, shape) in network.inputs {
      result[name] = (0..<samples * shape.count).map { _ in Float(random.normal()) }
    }
    return result
  }

  /// Processor time of the process: on one thread it is the wall clock's, and other programs do not count.
  private static func row(_ name: String, _ body: () throws -> Void) throws -> Measurement {
    Measurement(name, median(try times(seconds: 2, clock: .process, body)), "ms")
  }

  /// Milliseconds, after two runs to warm up.
  private static func times(
    seconds: Double, clock: SystemClock = .monotonic, _ body: () throws -> Void
  ) throws -> [Double] {
    try body()
    try body()
    var times: [Double] = []
    let start = milliseconds(.monotonic)
    while times.count < 5 || milliseconds(.monotonic) - start < seconds * 1e3 {
      let before = milliseconds(clock)
      try body()
      times.append(milliseconds(clock) - before)
    }
    return times
  }

  private static func milliseconds(_ clock: SystemClock) -> Double { clock.seconds * 1e3 }
}

extension Samples {
  /// Some of `count` samples.
  fileprivate subscript(range: Range<Int>, of count: Int) -> Samples {
    func cut(_ arrays: [String: [Float]]) -> [String: [Float]] {
      arrays.mapValues { array in
        let size = array.count / count
        return Array(array[range.lowerBound * size..<range.upperBound * size])
      }
    }
    return Samples(inputs: cut(inputs), targets: cut(targets))
  }
}

/// Steps of a training until it is stopped.
private final class Load: Sendable {
  private let isOn = Atomic<Bool>(true)
  private let group = DispatchGroup()

  init(_ advance: @escaping @Sendable () -> Void) {
    DispatchQueue.global().async(group: group) { [self] in
      while isOn.load(ordering: .relaxed) { advance() }
    }
  }

  func stop() {
    isOn.store(false, ordering: .relaxed)
    group.wait()
  }
}

/// The JSON beside an exported network: numbers in flat lists under names, and the count of samples.
private struct ExpectedAnswer {
  var samples: Int
  var inputs: [String: [Float]]
  var outputs: [String: [Float]]

  init?(_ path: String) {
    guard let bytes = try? WholeFile.bytes(path), let json = try? JSONValue(bytes),
      let samples = json["samples"]?.int
    else { return nil }
    func lists(_ name: String) -> [String: [Float]] {
      guard case .object(let members)? = json[name] else { return [:] }
      return members.mapValues { ($0.items ?? []).compactMap { $0.double.map { Float($0) } } }
    }
    self.samples = samples
    inputs = lists("inputs")
    outputs = lists("outputs")
  }
}
