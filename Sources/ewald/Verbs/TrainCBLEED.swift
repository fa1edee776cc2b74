import Analysis
import Arrays
import CBLEED
import Diffraction
import FrameFormats
import Glibc
import JSON
import Learning
import System

/// A reader of CBLEED patterns: an emulator of the simulator, an autoencoder, regressors and what they are
/// worth, as a model folder.
let trainCBLEED = Verb(
  name: "cbleed", operands: "", summary: "a reader of patterns of one surface",
  options: CBLEEDRequest.options + Authorship.options + [
    Verb.Option("--data", "DIR", "patterns of an earlier ewald simulate cbleed, instead of new ones"),
    Verb.Option("--test", "DIR,…", "patterns with known truth: errors and coverage are printed for each"),
    Verb.Option("--latents", "N", "values between the halves of the autoencoder (8)"),
    Verb.Option("--epochs", "N", "of the autoencoder (40)"),
    Verb.Option("--supervision", "N", "how much parameters count beside the image; 0: the image alone (0.1)"),
    Verb.Option("--network", "MODEL", "takes its autoencoder instead of training one"),
    Verb.Option("--rate", "N", "highest learning rate (0.002)"),
    Verb.Option("--threads", "N", "1"),
    Verb.Option("--splits", nil, "also hold out rows at random and whole blocks, and print both"),
    Verb.Option(
      "--foreground", nil, "at normal priority: without it, only where nothing else wants the processor"),
    Verb.Option("--output", "MODEL", "the model's folder; MODEL.checkpoint beside it while it is trained"),
  ],
  run: { arguments in
    guard let output = arguments["--output"] else { throw UsageError("train: --output MODEL is needed") }
    var options = ModelTraining.Options()
    options.latents = Int(try arguments.number("--latents", 8, in: 1...64))
    options.epochs = Int(try arguments.number("--epochs", 40, in: 1...10_000))
    options.learningRate = Float(try arguments.number("--rate", 0.002, in: 1e-6...1))
    options.seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    options.supervision = Float(try arguments.number("--supervision", 0.1, in: 0...1000))
    options.threads = Int(try arguments.number("--threads", 1, in: 1...1024))
    options.priority = arguments.has("--foreground") ? .normal : .background
    let origin = try Authorship.origin(arguments)
    let network = try arguments["--network"].map {
      try ModelLibrary.standard.model($0, of: "cbleed").model(PatternModel.networkFile)
    }
    return try await CBLEEDTraining(
      options: options, output: output, origin: origin, splits: arguments.has("--splits"),
      network: network
    ).run(arguments)
  })

private struct CBLEEDTraining: Sendable {
  let options: ModelTraining.Options
  let output: String
  let origin: ModelOrigin
  let splits: Bool
  let network: TrainedNetwork?

  func run(_ arguments: Arguments) async throws -> ExitCode {
    guard access(output, F_OK) != 0 else { throw UsageError("train: \(output): is there already") }
    let interruption = Interruption()
    let patterns: SurfacePatterns
    do {
      patterns =
        try arguments["--data"].map { try PatternFolder.read($0, arguments) }
        ?? simulate(arguments, interruption)
    } catch let error as CBLEEDError {
      guard error == .cancelled else { throw UsageError("train: \(error)") }
      Console.message("stopped; nothing was written")
      return .interrupted
    }
    let tests = try (arguments["--test"] ?? "").split(separator: ",").map { folder in
      (String(folder), try PatternFolder.read(String(folder), arguments))
    }
    let training = try ModelTraining(patterns, options)
    let place = training.checkpoint(beside: output)
    try Console.tell(place)
    let model: PatternModel
    do {
      model = try training.run(
        network: network, keeping: place, report: { Console.message(Self.sentence($0)) },
        isCancelled: { interruption.came })
    } catch {
      guard error == .cancelled else { throw error }
      return Console.stopped(place)
    }
    var metrics: [String: [String: Double]] = [:]
    let names = model.targets.map(\.name)
    for (folder, test) in tests {
      let label = folder.split(separator: "/").last.map(String.init) ?? folder
      Console.line(
        "\n\(label): \(test.count) patterns, mean absolute errors (share of 95 % intervals that hold)")
      Console.line(Self.line("", model.targets.map { "\($0.name)/\($0.unit)" }))
      for row in try ModelEvaluation.rows(model, test) {
        let cells = zip(row.errors, row.coverage).map { "\(Format.fixed($0, 4)) (\(Format.fixed($1, 2)))" }
        let refused = row.refused > 0 ? "  \(row.refused) not read" : ""
        Console.line(Self.line(row.name, cells) + refused)
        metrics["\(label) \(row.name)"] = Dictionary(uniqueKeysWithValues: zip(names, row.errors))
      }
    }
    if splits {
      Console.line(
        "\nthe same clean patterns: a fifth of the rows held out at random | whole blocks held out")
      Console.line(Self.line("", model.targets.map { "\($0.name)/\($0.unit)" }))
      for row in try training.splitStudy(model) {
        let cells = zip(row.random, row.blocks).map { "\(Format.fixed($0, 4)) | \(Format.fixed($1, 4))" }
        Console.line(Self.line(row.name, cells))
        metrics["random split \(row.name)"] = Dictionary(uniqueKeysWithValues: zip(names, row.random))
        metrics["held-out blocks \(row.name)"] = Dictionary(uniqueKeysWithValues: zip(names, row.blocks))
      }
    }
    let id = output.split(separator: "/").last.map(String.init) ?? output
    let method = patterns.isDynamical ? "dynamical" : "kinematic"
    let energies = model.targets[0].range
    try model.write(
      to: output, id: id,
      summary: "\(patterns.surface.name), \(patterns.count) \(method) patterns, "
        + "\(Format.fixed(energies.lowerBound, 0))-\(Format.fixed(energies.upperBound, 0)) eV",
      origin: origin, metrics: metrics)
    place.remove()
    Console.message("written: \(output)")
    return .ok
  }

  private func simulate(_ arguments: Arguments, _ interruption: Interruption) throws -> SurfacePatterns {
    let request = try CBLEEDRequest.request(arguments)
    guard request.augmentation == .none else {
      throw UsageError("train: patterns are simulated clean and aligned; the training adds the noise")
    }
    let simulation = try CBLEEDSimulation(request)
    let isTerminal = isatty(2) == 1
    var run = simulation.patterns(isCancelled: { interruption.came }) { fraction in
      if isTerminal { Console.write("\r\(Int(fraction * 100)) %", to: 2) }
    }
    var patterns: [CBLEEDPattern] = []
    while let pattern = try run.next() { patterns.append(pattern) }
    return try SurfacePatterns(
      surface: request.surface, detector: request.detector, isDynamical: request.method != .kinematic,
      patterns)
  }

  private static func sentence(_ stage: ModelTraining.Stage) -> String {
    switch stage {
    case .step(let what): what
    case .epoch(let number, let count, let loss, let fresh, let seconds):
      "epoch \(number)/\(count)  BCE \(Format.fixed(loss, 5))  on fresh noise \(Format.fixed(fresh, 5))  "
        + "\(Format.fixed(seconds, 1)) s"
    }
  }

  private static func line(_ name: String, _ cells: [String]) -> String {
    func pad(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    return pad(name, 20) + cells.map { pad($0, 22) }.joined()
  }
}

/// A folder that `ewald simulate cbleed` wrote.
enum PatternFolder {
  static func read(_ folder: String, _ arguments: Arguments) throws -> SurfacePatterns {
    guard let bytes = try? WholeFile.bytes("\(folder)/cases.json"), let json = try? JSONValue(bytes),
      let cases = json["cases"]?.items, let size = json["n"]?.int, let pixel = json["pixel_invA"]?.double,
      let disc = json["kdisc_invA"]?.double
    else { throw UsageError("train: \(folder): holds no patterns of ewald simulate cbleed") }
    let surface = try CBLEEDRequest.surface(arguments)
    guard json["surface"]?.string == surface.name else {
      throw UsageError("train: \(folder): its patterns are not of \(surface.name); give --surface")
    }
    let detector = Detector(size: size, pixel: pixel, discRadius: disc, rim: .averaged)
    var patterns: [CBLEEDPattern] = []
    for (index, item) in cases.enumerated() {
      guard let name = item["file"]?.string, let energy = item["beam_energy"]?.double else { continue }
      let path = "\(folder)/\(name)"
      // A run that was broken off has fewer patterns than cases.
      guard access(path, F_OK) == 0 else { continue }
      var parameters: [String: Double] = [:]
      for parameter in surface.parameters { parameters[parameter.name] = item[parameter.name]?.double }
      let frame = try FormatList.open(path: path).frame(at: 0)
      patterns.append(
        CBLEEDPattern(
          sample: CBLEEDSample(index: index, energy: energy, parameters: parameters, detector: detector),
          pixels: frame.pixels.matrix()))
    }
    return try SurfacePatterns(
      surface: surface, detector: detector, isDynamical: json["method"]?.string == "dynamical", patterns)
  }
}
