import Analysis
import CLinux
import JSON
import System
import Glibc
import Learning
import PACBED
import Scattering

let trainPACBED = Verb(
  name: "pacbed", operands: "",
  summary: "thickness and mistilt of one crystal along one zone axis, from its CIF",
  options: Authorship.options + [
    Verb.Option(
      "--crystal", "FILE.cif|NAME", "a CIF file, or one of \(Crystal.knownNames.joined(separator: ", "))"),
    Verb.Option("--zone", "U,V,W", "zone axis (0,0,1)"),
    Verb.Option("--voltage-kv", "N", "80"),
    Verb.Option("--convergence-mrad", "A..B", "the range to learn (15..25)"),
    Verb.Option("--thickness-nm", "A..B", "0..100"),
    Verb.Option("--mistilt-mrad", "A..B", "0..10"),
    Verb.Option("--steps", "N", "batches of 64 fresh patterns (6000)"),
    Verb.Option("--from", "MODEL", "start from another material's network: a model or a checkpoint"),
    Verb.Option("--seed", "N", "same seed, same model (1)"),
    Verb.Option("--threads", "N", "processor cores to use, 1 or 2 (2)"),
    Verb.Option(
      "--foreground", nil, "at normal priority: without it, only where nothing else wants the processor"),
    Verb.Option("--progress", "PID", "JSON lines for the program of this number, with which this one ends"),
    Verb.Option("--validation", "N", "patterns that each level of noise is measured on, twice (2000)"),
    Verb.Option(
      "--timeless", nil, "the manifest tells no times and no interruptions: same training, same bytes"),
    Verb.Option("--output", "MODEL", "the model's folder; MODEL.checkpoint beside it while it is trained"),
  ],
  check: { arguments in
    _ = try Authorship.origin(arguments)
    let training = try TrainingFlags.training(arguments)
    _ = try PatternNetwork(training.domain)
    _ = try TrainingFlags.validation(arguments)
  },
  run: { arguments in
    guard let output = arguments["--output"], !output.isEmpty else {
      throw UsageError("train: --output MODEL is needed")
    }
    let training = try TrainingFlags.training(arguments)
    if let parent = arguments["--progress"] {
      // With it and at once: two trainings of one model must never go on side by side.
      linux_end_with_parent(SIGKILL)
      guard parent == "\(getppid())" else { return .interrupted }
    }
    let interruption = Interruption()
    do {
      return try TrainingRun(
        training: training, output: output, interruption: interruption,
        said: arguments.has("--progress") ? .lines : .sentences,
        validation: try TrainingFlags.validation(arguments),
        facts: arguments.has("--timeless") ? .lasting : .all,
        origin: try Authorship.origin(arguments, isTimed: !arguments.has("--timeless"))
      ).run()
    } catch PACBEDError.cancelled {
      return .interrupted
    } catch let error as PACBEDError {
      throw Failure("train: \(error)")
    } catch let error as NetworkError {
      throw Failure("train: \(error)")
    }
  })

private struct TrainingRun {
  let training: PACBEDTraining
  let output: String
  let interruption: Interruption
  let said: TrainingProgress
  let validation: Int
  let facts: Facts
  /// As it was typed: the manifest tells how to make the model again.
  let origin: ModelOrigin

  /// What the manifest tells of the training: also how long it took and where it was interrupted, or only what it
  /// would be again.
  enum Facts { case all, lasting }

  func run() throws -> ExitCode {
    guard access(output, F_OK) != 0 else { throw UsageError("train: \(output) is there already") }
    let place = try training.checkpoint(beside: output)
    try Console.tell(place)
    let interruption = interruption
    let said = said
    let tables = try training.tables(isCancelled: { interruption.came }) { said.tables($0) }
    if isatty(2) == 1 { Console.write("\r", to: 2) }
    for table in tables {
      Console.message("table: \(table.byteCount >> 20) MiB, step \((table.step * 100).rounded() / 100) mrad")
    }
    var result = try training.run(
      tables: tables, keeping: place, isCancelled: { interruption.came }
    ) { progress in
      said.step(progress.step, of: progress.steps, secondsLeft: progress.secondsLeft) { Self.line(progress) }
      if let warning = progress.warning { Console.message(warning) }
    }
    guard result.isFinished else { return Console.stopped(place) }
    said.validation()
    let report = try ValidationReport(
      training.domain, result.model, table: tables[0], seed: training.seed, count: validation,
      isCancelled: { interruption.came })
    for row in report.rows { Console.line(row.line) }
    if facts == .lasting {
      for name in ["seconds", "resumed_at_step"] { result.facts[name] = nil }
    }
    let model = try PACBEDModel.write(
      id: output.split(separator: "/").last.map(String.init) ?? output, training: training, result: result,
      report: report, origin: origin, to: output)
    place.remove()
    Console.line("\(output): \(model.sha256)")
    return .ok
  }

  private static func line(_ progress: PACBEDTraining.Job.Progress) -> String {
    func short(_ x: Double) -> String { String((x * 100).rounded() / 100) }
    var text = "step \(progress.step)/\(progress.steps), loss \(short(progress.loss))"
    if let score = progress.score {
      text += ", thickness error \(short(score.mean)) % (median \(short(score.median)) %)"
      text += ", among three \(short(score.amongThree)), mistilt \(short(score.mistilt)) mrad"
      text += ", scale \(short(score.scale)) %, centre \(short(score.centre)) px"
    }
    return text + ", \(Int(progress.secondsLeft / 60)) min \(Int(progress.secondsLeft) % 60) s left"
  }
}

/// How a training tells how far it is: for people, or for a program that waits for it.
private enum TrainingProgress: Sendable {
  case sentences, lines

  /// Of the whole: tables first, validation last.
  private static let shares = (tables: 0.1, validation: 0.1)

  func tables(_ fraction: Double) {
    if self == .lines {
      line("tables", Self.shares.tables * fraction, secondsLeft: nil)
    } else if isatty(2) == 1 {
      Console.write("\rtables \(Int(fraction * 100)) %", to: 2)
    }
  }

  func step(_ step: Int, of steps: Int, secondsLeft: Double, sentence: () -> String) {
    guard self == .lines else { return Console.message(sentence()) }
    let share = 1 - Self.shares.tables - Self.shares.validation
    line(
      "step \(step) of \(steps)", Self.shares.tables + share * Double(step) / Double(max(1, steps)),
      secondsLeft: secondsLeft)
  }

  func validation() {
    if self == .lines {
      line("validation", 1 - Self.shares.validation, secondsLeft: nil)
    } else {
      Console.message("validation")
    }
  }

  private func line(_ phase: String, _ progress: Double, secondsLeft: Double?) {
    var json = JSONWriter()
    json.object { json in
      json.member("phase", phase)
      json.member("progress", progress)
      json.member("minutes_left", ifPresent: secondsLeft.map { $0 / 60 })
    }
    Console.line(json.text)
  }
}

/// The flags of `train pacbed`.
private enum TrainingFlags {
  static func training(_ arguments: Arguments) throws -> PACBEDTraining {
    guard let name = arguments["--crystal"] else {
      throw UsageError("train: --crystal FILE.cif|NAME is needed")
    }
    let crystal: (Crystal, String)
    do {
      crystal = try CrystalFile.read(name)
    } catch {
      throw UsageError("\(name): \(error)")
    }
    let zone = (arguments["--zone"] ?? "0,0,1").split(separator: ",").compactMap { Int($0) }
    guard zone.count == 3, zone.allSatisfy({ $0.magnitude < 100 }) else {
      throw UsageError("train: --zone: three small whole numbers are needed")
    }
    var training = PACBEDTraining(
      ModelDomain(
        crystal: crystal.0, zone: SIMD3(zone[0], zone[1], zone[2]),
        kilovolts: try arguments.number("--voltage-kv", 80, in: 10...1000),
        convergence: try arguments.range("--convergence-mrad", 15...25),
        thickness: try arguments.range("--thickness-nm", 0...100),
        mistilt: try arguments.range("--mistilt-mrad", 0...10)))
    training.cif = crystal.1
    training.steps = Int(try arguments.number("--steps", 6000, in: 1...1e7))
    training.seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    training.threads = Int(try arguments.number("--threads", 2, in: 1...64))
    training.priority = arguments.has("--foreground") ? .normal : .background
    training.cache = .standard()
    if let from = arguments["--from"] { (training.start, training.startedFrom) = try weights(from) }
    return training
  }

  static func validation(_ arguments: Arguments) throws -> Int {
    Int(try arguments.number("--validation", 2000, in: 20...1e6))
  }

  private static func checkpointWeights(_ path: String) throws -> Weights {
    let checkpoint = try Checkpoint(file: path)
    return Weights(checkpoint.weights.arrays.merging(checkpoint.average.arrays) { $1 })
  }

  private static func weights(_ name: String) throws -> (Weights, digest: String?) {
    do {
      if name.hasSuffix(".checkpoint") { return (try checkpointWeights(name), nil) }
      let model = try ModelLibrary.standard.model(name, of: PACBEDModel.engine)
      return (try model.model(PACBEDModel.networkFile).weights, model.sha256)
    } catch {
      throw UsageError("train: --from \(name): \(error)")
    }
  }
}

/// A crystal by name or by file, with the text it was read from.
enum CrystalFile {
  static func read(_ name: String) throws -> (Crystal, String) {
    if let text = Crystal.knownText(name) { return (try Crystal(known: name), text) }
    guard let text = try? WholeFile.text(name, limit: 16 << 20) else {
      let known = Crystal.knownNames.joined(separator: ", ")
      throw UsageError("neither a file that can be read nor a known crystal (\(known))")
    }
    return (try Crystal(cif: text), text)
  }
}
