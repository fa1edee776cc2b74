import Diffraction
import FrameFormats
import Glibc
import LiveSession
import System

let runVerb = Verb(
  name: "run", operands: "FILE…", summary: "analyse files and print what they mean",
  options: EngineOptions.options + WorkerOptions.options + [
    Verb.Option("--info", nil, "print what was read and from where, analyse nothing"),
    Verb.Option("--json", nil, "JSON Lines, as in the session file"),
    Verb.Option("--line", nil, "one plain sentence a file"),
    Verb.Option("--output", "DIR", "where engines write their files"),
    Verb.Option("--pictures", "DIR", "every figure as PNG and the validation sheet, a folder a file"),
  ],
  run: { arguments in
    guard !arguments.operands.isEmpty else { throw UsageError("run: a file is needed") }
    let engine = try EngineOptions.engine(arguments)
    var runner = FileRunner(
      analyst: try WorkerOptions(arguments).analyst(
        engine: engine, reports: SessionSetup.dataFolder + "/incidents.txt"),
      settings: try EngineOptions.settings(arguments),
      isJSON: arguments.has("--json"), isSentence: arguments.has("--line"), output: arguments["--output"],
      pictures: arguments["--pictures"])
    if arguments.has("--info") {
      for path in arguments.operands { runner.describe(path) }
    } else {
      runner.analyseAll(arguments.operands)
    }
    return runner.refused > 0 ? .someRefused : .ok
  })

/// One file after the other, without a session.
private struct FileRunner {
  let analyst: Analyst
  let settings: [String: [String: String]]
  let isJSON: Bool
  let isSentence: Bool
  let output: String?
  let pictures: String?
  var refused = 0
  private var count = 0
  private var sequence = 0
  /// The finding on the file before, by engine: drifts run along the command line.
  private var previous: [String: (Identifier, Finding)] = [:]

  init(
    analyst: Analyst, settings: [String: [String: String]], isJSON: Bool, isSentence: Bool,
    output: String?, pictures: String?
  ) {
    self.analyst = analyst
    self.settings = settings
    self.isJSON = isJSON
    self.isSentence = isSentence
    self.output = output
    self.pictures = pictures
  }

  /// Files of one series are one subject, where the chosen engine takes such.
  mutating func analyseAll(_ paths: [String]) {
    guard let engine = analyst.engine(named: analyst.choice), let setting = engine.seriesSetting else {
      for path in paths { analyse(path, settings) }
      return
    }
    for (path, others) in ProjectionName.gathered(paths) {
      var settings = settings
      if !others.isEmpty { settings[engine.name, default: [:]][setting] = others.joined(separator: ",") }
      analyse(path, settings)
    }
  }

  private mutating func analyse(_ path: String, _ settings: [String: [String: String]]) {
    count += 1
    do {
      let answer = try analyst.answer(
        path: path, number: count, settings: settings, before: previous,
        write: output.map { ArtifactFolder($0, for: path).write })
      previous[answer.engine.name] = (answer.result.resultID, answer.finding)
      if answer.finding.verdict == .notAnalysable { refused += 1 }
      say(.result(answer.result))
      draw(answer)
    } catch {
      refuse(path, error)
    }
  }

  /// The finding has been said: pictures that cannot be written are another line, and the exit code.
  private mutating func draw(_ answer: SingleAnswer) {
    guard let pictures else { return }
    let result = answer.result
    let origin = Origin.lines(of: result, answer.summary, content: answer.content)
    guard let sheet = ValidationSheet(answer.detail, answer.engine, origin: origin) else { return }
    do {
      try Folder.make(pictures)
      let folder = try PictureFiles.write(
        sheet, under: "\(pictures)/\(FilePath.stem(of: result.file))_\(result.engine)")
      Console.message("\(folder): figures and sheet")
    } catch {
      refused += 1
      Console.message("\(result.file): its pictures are not written: \(error)")
    }
  }

  mutating func describe(_ path: String) {
    count += 1
    do {
      let source = try analyst.files.open(path)
      for line in FileDescription.lines(path, source.summary) { Console.line(line) }
    } catch {
      refuse(path, error)
    }
  }

  private mutating func refuse(_ path: String, _ error: any Error) {
    refused += 1
    let refusal = error as? FileRefusal
    say(
      .file(
        FileRecord(
          fileID: count, path: path, status: .refused, reason: "\(error)", kind: refusal?.kind.rawValue,
          offset: refusal?.offset)))
    if !isJSON { Console.message("\(path): \(error)\(refusal?.offset.map { " (byte \($0))" } ?? "")") }
  }

  private mutating func say(_ event: SessionEvent) {
    sequence += 1
    let stamp = Stamp(
      sequence: sequence, unixMilliseconds: SessionClock.system.unixMilliseconds(),
      monotonicNanoseconds: SessionClock.system.monotonicNanoseconds())
    if isJSON {
      Console.bytes(event.line(stamp))
    } else if isSentence {
      if let text = Sentences.sentence(event) { Console.line(text) }
    } else if case .result(let result) = event {
      let outputs = analyst.engine(named: result.engine)?.outputs ?? []
      for line in FindingText.lines(result, outputs) { Console.line(line) }
    }
  }
}

/// What was read and from where.
enum FileDescription {
  static func lines(_ path: String, _ summary: FileSummary) -> [String] {
    var lines = [
      "\(path): \(summary.format), \(summary.width) x \(summary.height) \(summary.sample.rawValue), "
        + "\(summary.frames) of \(summary.declaredFrames) frames"
    ]
    if let scan = summary.scan {
      lines.append("  scan \(scan.value.width) x \(scan.value.height) [\(scan.source)]")
    }
    for (name, axis) in [("pixel x", summary.calibration.x), ("pixel y", summary.calibration.y)] {
      if let axis {
        lines.append(
          "  \(name) \(axis.value.scale) \(axis.value.unit), origin \(axis.value.origin) [\(axis.source)]")
      }
    }
    let beam = summary.beam
    let known: [(String, Sourced<Double>?, String)] = [
      ("voltage", beam.voltageKilovolts, "kV"), ("convergence", beam.convergenceMilliradians, "mrad"),
      ("camera length", beam.cameraLengthMillimetres, "mm"), ("exposure", beam.exposureSeconds, "s"),
    ]
    for (name, value, unit) in known {
      if let value { lines.append("  \(name) \(value.value) \(unit) [\(value.source)]") }
    }
    lines += summary.warnings.map { "  warning: \($0)" }
    lines += summary.metadata.map { "  \($0.name) = \($0.value) \($0.unit) [\($0.source)]" }
    return lines
  }
}

/// A finding for people: verdict and reasons, each value with its interval, its probability and the other answers, to as
/// many digits as are known.
enum FindingText {
  static func lines(_ result: ResultRecord, _ outputs: [Output]) -> [String] {
    var lines = ["\(result.file): \(result.verdict.words) (\(result.engine))"]
    let width = result.values.map { $0.name.count }.max() ?? 0
    for quantity in result.values {
      let decimals = Format.decimals(quantity, outputs)
      let unit = quantity.unit == "1" ? "" : " \(Format.unit(quantity.unit))"
      let name = quantity.name + String(repeating: " ", count: max(0, width - quantity.name.count))
      var line = "  \(name)  \(Format.value(quantity.value, decimals: decimals))\(unit)"
      if let interval = Format.interval(quantity, decimals: decimals) { line += "  [\(interval)]" }
      if let probability = quantity.probability { line += "  p \(Format.probability(probability))" }
      for other in quantity.alternatives {
        line +=
          "; or \(Format.value(other.value, decimals: decimals))\(unit) (\(Format.probability(other.probability)))"
      }
      if let said = quantity.said { line += "  \(said)" }
      lines.append(line)
    }
    return lines + result.reasons.map { "  \($0.code): \($0.text)" }
  }
}
