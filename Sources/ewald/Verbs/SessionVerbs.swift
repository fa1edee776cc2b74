import LiveSession
import System
import TerminalUI

let replayVerb = Verb(
  name: "replay", operands: "SESSION", summary: "walk through a recorded session, or compute all of it again",
  options: WorkerOptions.options + [
    ScreenOptions.pixels,
    Verb.Option("--verify", nil, "compute every result again and report any difference"),
    Verb.Option("--folder", "DIR", "where the frames are now, if they were moved"),
    Verb.Option("--json", nil, "the session's lines on standard output, no screen"),
    Verb.Option("--line", nil, "one plain sentence an event, no screen"),
  ],
  run: { arguments in
    let path = try arguments.operand("session file")
    let workers = try WorkerOptions(arguments)
    let analyst = workers.analyst(engine: Analyst.suitable, reports: SessionSetup.reports(of: path))
    if arguments.has("--verify") { return try verify(path, analyst, folder: arguments["--folder"]) }
    switch Surface(arguments) {
    case .json, .sentences, .control: return try say(path, Surface(arguments))
    case .screen: break
    }
    let replay = try Replay(path: path, analyst: analyst, folder: arguments["--folder"])
    let count = await replay.count
    let code = try await look(at: replay, path, arguments, workers) { screen in
      screen.show(position: count, of: count)
      return nil
    }
    return try code ?? say(path, .sentences)
  })

/// A recorded session on the screen; nil where the terminal cannot show it. `begin` may start what goes on beside it.
@MainActor
private func look(
  at replay: Replay, _ path: String, _ arguments: Arguments, _ workers: WorkerOptions,
  begin: (SessionScreen) -> Task<Void, any Error>?
) async throws -> ExitCode? {
  let settings = try ScreenOptions.settings(arguments)
  let terminal: NcursesTerminal
  do {
    terminal = try NcursesTerminal(pixels: settings.pixels)
  } catch {
    Console.message("\(error); one line an event instead (as with --line)")
    return nil
  }
  let screen = SessionScreen(
    terminal: terminal, session: replay, path: path, settings: settings,
    exportWords: workers.words + (arguments["--folder"].map { ["--folder", $0] } ?? []))
  let beside = begin(screen)
  let code = await screen.run()
  beside?.cancel()
  terminal.stop()
  return code
}

let viewVerb = Verb(
  name: "view", operands: "SESSION", summary: "look on while a session is going on; nothing is written",
  options: WorkerOptions.options + [
    ScreenOptions.pixels,
    Verb.Option("--folder", "DIR", "where the frames are, if they are elsewhere from here"),
    Verb.Option("--line", nil, "one plain sentence an event, no screen"),
    Verb.Option("--json", nil, "the session's lines on standard output, no screen"),
  ],
  run: { arguments in
    let path = try arguments.operand("session file")
    let surface = Surface(arguments)
    guard surface == .screen else { return try await lookOn(path, surface) }
    let workers = try WorkerOptions(arguments)
    // What befalls its processes goes nowhere: beside the session only its owner writes.
    let replay = try Replay(
      path: path, analyst: workers.analyst(engine: Analyst.suitable, reports: nil),
      folder: arguments["--folder"])
    let code = try await look(at: replay, path, arguments, workers) { screen in
      screen.say("this only looks on: marks and analyses are for the session's own screen")
      return Task {
        var isLost = false
        while true {
          try await Task.sleep(for: .milliseconds(500))
          let isThere = await replay.follow()
          if !isThere, !isLost {
            screen.say("the session file cannot be read on: it was replaced, or its disk is away")
          }
          isLost = !isThere
        }
      }
    }
    if let code { return code }
    return try await lookOn(path, .sentences)
  })

/// A session's lines as they are written, until someone ends it.
private func lookOn(_ path: String, _ surface: Surface) async throws -> ExitCode {
  let start = try SessionTail(path: path)
  let following = Task {
    var tail = start
    var isLost = false
    while true {
      do {
        try tail.follow { event, stamp in say(event, stamp, surface) }
        isLost = false
      } catch {
        if !isLost { Console.message("\(path): \(error)") }
        isLost = true
      }
      try await Task.sleep(for: .milliseconds(300))
    }
  }
  let code = await Signals.wait()
  following.cancel()
  return code == .interrupted ? .ok : code
}

private func say(_ event: SessionEvent, _ stamp: Stamp, _ surface: Surface) {
  if surface == .json { Console.bytes(event.line(stamp)) } else { Sentences.say(event, stamp) }
}

private func say(_ path: String, _ surface: Surface) throws -> ExitCode {
  let problems = try SessionFile(path: path).forEach { event, stamp in
    say(event, stamp, surface)
  }
  for problem in problems { Console.message("\(path): \(problem)") }
  return problems.isEmpty ? .ok : .someRefused
}

private func verify(_ path: String, _ analyst: Analyst, folder: String?) throws -> ExitCode {
  var verification = ReplayVerification(try SessionFile(path: path), analyst: analyst, folder: folder)
  let totals = verification.run { entry in
    guard entry.outcome != .same else { return }
    Console.line("file \(entry.fileID) \(entry.file): \(entry.outcome)")
  }
  Console.write(totals.text, to: 1)
  return totals.isVerified ? .ok : .someRefused
}

let exportVerb = Verb(
  name: "export", operands: "SESSION", summary: "a session as a table, as a page, as an archive's package",
  options: WorkerOptions.options + [
    Verb.Option("--csv", "FILE", "one row a result that counts; - is standard output"),
    Verb.Option("--summary", "FILE.html", "one page: trends, alarms, settings, table, sheets of frames"),
    Verb.Option("--frames", "LIST", "whose sheets are on the page: 3,7-9; else the marked frames"),
    Verb.Option("--folder", "DIR", "where the frames are now, if they were moved"),
    Verb.Option("--crate", "DIR", "an RO-Crate: session, table, page and what they were made from"),
    Verb.Option("--overwrite", nil, "replace what is there"),
  ],
  run: { arguments in
    let session = try SessionFile(path: try arguments.operand("session file"))
    let overwrite: Overwrite = arguments.has("--overwrite") ? .replace : .refuse
    guard arguments.has("--csv") || arguments.has("--summary") || arguments.has("--crate") else {
      throw UsageError("export: --csv FILE, --summary FILE.html or --crate DIR is needed")
    }
    if arguments["--csv"] == "-" {
      let folder = try Folder.makeTemporary("ewald-export")
      defer { Folder.removeTree(folder) }
      _ = try SessionExport.csv(session, to: folder + "/table.csv", overwrite: .refuse)
      Console.bytes(try WholeFile.bytes(folder + "/table.csv"))
    } else if let file = arguments["--csv"] {
      let rows = try SessionExport.csv(session, to: file, overwrite: overwrite)
      Console.message("\(rows) rows written: \(file)")
    }
    guard arguments.has("--summary") || arguments.has("--crate") else { return .ok }
    let chosen = try arguments["--frames"].map { try FrameNumbers.read($0) }
    let analyst = try WorkerOptions(arguments).analyst(
      engine: Analyst.suitable, reports: SessionSetup.reports(of: session.path))
    let replay = try Replay(path: session.path, analyst: analyst, folder: arguments["--folder"])
    let state = await replay.state
    let chapters = await SessionPage.chapters(
      state, session, replay, engines: analyst.engines, frames: chosen ?? SessionPage.marked(state))
    if let file = arguments["--summary"] {
      try SessionExport.summary(session, to: file, overwrite: overwrite, chapters: chapters)
      Console.message("page written: \(file)")
    }
    if let folder = arguments["--crate"] {
      try SessionExport.crate(session, to: folder, overwrite: overwrite, chapters: chapters)
      Console.message("package written: \(folder)")
    }
    return .ok
  })

let checkVerb = Verb(
  name: "check", operands: "SESSION",
  summary: "is a session file whole: gaps, digests, counts, damaged lines",
  options: [],
  run: { arguments in
    let report = try SessionCheck.check(path: try arguments.operand("session file"))
    Console.write(report.text, to: 1)
    return report.isSound ? .ok : .someRefused
  })

/// Frames by their numbers: `3,7-9`.
package enum FrameNumbers {
  package static func read(_ text: String) throws -> [Int] {
    var numbers: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends.first ?? nil, let last = ends.last ?? nil,
        first >= 1, last >= first, last - first < 10_000
      else { throw UsageError("--frames \(text): numbers and ranges are needed, such as 3,7-9") }
      numbers += first...last
    }
    return numbers
  }
}
