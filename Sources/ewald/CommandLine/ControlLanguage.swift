import Diffraction
import LiveSession

/// The operator's day in lines of text: `reanalyse 12-18 convergence_mrad=19.5`. Every action of the screen has a
/// word here, and every answer is one sentence.
package enum ControlLine: Equatable {
  case perform(SessionCommand)
  /// Values, reasons and runs of frames.
  case show([Int])
  case list([Int])
  case alarms
  case help
  case quit

  /// `frames` stand after the verb: `12`, `12-18`, `last`, `last:7`, `marked`, `all`; none is the last one.
  static let verbs: [(word: String, form: String, meaning: String)] = [
    ("show", "show FRAMES", "values with intervals, reasons, runs and settings"),
    ("list", "list FRAMES", "a line each: number, name, first value, verdict"),
    ("mark", "mark FRAMES", "mark them"), ("unmark", "unmark FRAMES", "and unmark them"),
    ("tag", "tag FRAMES TEXT", "tag them"), ("untag", "untag FRAMES TEXT", "remove a tag"),
    ("note", "note FRAMES TEXT", "write a note"),
    ("exclude", "exclude FRAMES", "leave them out"), ("include", "include FRAMES", "take them in again"),
    ("reanalyse", "reanalyse FRAMES [ENGINE] NAME=VALUE…", "a new run with other settings"),
    ("set", "set ENGINE NAME=VALUE…", "settings from now on"),
    ("undo", "undo FRAME", "the run before counts"), ("redo", "redo FRAME", "the run after counts"),
    ("retry", "retry FRAMES", "read refused files again"),
    ("alarms", "alarms", "the alarms that stand"),
    ("acknowledge", "acknowledge [all]", "the oldest alarm, or all"),
    ("help", "help", "these words"), ("quit", "quit", "close the session"),
  ]

  /// Nil for an empty line.
  package static func read(
    _ line: String, _ state: SessionState, _ engines: [any AnalysisEngine]
  ) throws -> ControlLine? {
    var words = line.split(separator: " ").map(String.init)
    guard !words.isEmpty else { return nil }
    let verb = words.removeFirst()
    guard verbs.contains(where: { $0.word == verb }) else {
      throw UsageError(
        "\(verb) is no command\(Spelling.hint(verb, among: verbs.map(\.word))); help lists them")
    }
    switch verb {
    case "help": return .help
    case "quit": return .quit
    case "alarms": return .alarms
    case "acknowledge": return .perform(.acknowledge(words.first == "all" ? .all : .oldest))
    case "set":
      guard let name = words.first else { throw UsageError("set ENGINE NAME=VALUE… is needed") }
      let engine = try engine(name, engines)
      return .perform(
        .setForFuture(
          engine: engine.name,
          settings: try settings(words.dropFirst(), engine, state.settings[engine.name] ?? [:])))
    default: break
    }
    let frames = try frames(&words, state)
    let text = words.joined(separator: " ")
    func note(_ kind: NoteRecord.Kind, needsText: Bool = false) throws -> ControlLine {
      if needsText, text.isEmpty { throw UsageError("\(verb) FRAMES TEXT: the text is missing") }
      return .perform(.note(.these(frames), kind, needsText ? text : ""))
    }
    switch verb {
    case "show": return .show(frames)
    case "list": return .list(frames)
    case "mark": return try note(.mark)
    case "unmark": return try note(.unmark)
    case "tag": return try note(.tag, needsText: true)
    case "untag": return try note(.untag, needsText: true)
    case "note": return try note(.note, needsText: true)
    case "exclude": return try note(.exclude)
    case "include": return try note(.include)
    case "undo", "redo":
      guard frames.count == 1 else { throw UsageError("\(verb): one frame is needed") }
      return .perform(.stepRun(fileID: frames[0], by: verb == "undo" ? -1 : 1))
    case "retry": return .perform(.retry(.these(frames)))
    default:
      let run = frames.last.flatMap { state[file: $0]?.run }
      var name = run?.engine ?? ""
      if let first = words.first, !first.contains("=") {
        name = first
        words.removeFirst()
      }
      guard !name.isEmpty else { throw UsageError("reanalyse: which engine? (\(list(engines)))") }
      let engine = try engine(name, engines)
      return .perform(
        .reanalyse(
          .these(frames), engine: engine.name,
          settings: try settings(words[...], engine, state.settings[engine.name] ?? [:])))
    }
  }

  private static func list(_ engines: [any AnalysisEngine]) -> String {
    engines.map(\.name).joined(separator: ", ")
  }

  private static func engine(_ name: String, _ engines: [any AnalysisEngine]) throws -> any AnalysisEngine {
    guard let engine = engines.first(where: { $0.name == name }) else {
      throw UsageError("\(name) is no engine (\(list(engines)))")
    }
    return engine
  }

  /// All settings of the engine: those in force, changed by what is said.
  private static func settings(
    _ words: ArraySlice<String>, _ engine: any AnalysisEngine, _ now: [String: String]
  ) throws -> [String: String] {
    var settings: [String: String] = [:]
    for parameter in engine.parameters {
      settings[parameter.name] = now[parameter.name] ?? parameter.standard.description
    }
    return settings.merging(try engine.settings(words)) { $1 }
  }

  /// Takes the word that says which frames, if there is one.
  private static func frames(_ words: inout [String], _ state: SessionState) throws -> [Int] {
    let all = state.files.filter { $0.status != nil }.map(\.id)
    func taken(_ frames: [Int]) throws -> [Int] {
      words.removeFirst()
      guard !frames.isEmpty else { throw UsageError("there are no such frames") }
      return frames
    }
    guard let word = words.first else { return try last(all, 1) }
    switch word {
    case "all": return try taken(all)
    case "marked": return try taken(state.files.filter(\.isMarked).map(\.id))
    case "last": return try taken(last(all, 1))
    case _ where word.hasPrefix("last:"):
      guard let count = Int(word.dropFirst(5)), count > 0 else {
        throw UsageError("\(word): last:7 are the last seven")
      }
      return try taken(last(all, count))
    default: break
    }
    let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count <= 2, let low = ends.first ?? nil, let high = ends.last ?? nil else {
      // The next word, then: the frame is the last one.
      return try last(all, 1)
    }
    guard low <= high, state[file: low] != nil, state[file: high] != nil else {
      throw UsageError("\(word): there are frames 1 to \(state.files.count)")
    }
    return try taken((low...high).filter { state[file: $0]?.status != nil })
  }

  private static func last(_ all: [Int], _ count: Int) throws -> [Int] {
    guard !all.isEmpty else { throw UsageError("there is no frame yet") }
    return Array(all.suffix(count))
  }
}
