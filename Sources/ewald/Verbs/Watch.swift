import System
import Diffraction
import FolderWatch
import FrameFormats
import Glibc
import LiveSession
import TerminalUI

let watchVerb = Verb(
  name: "watch", operands: "DIR", summary: "watch a folder, analyse every new frame, keep the session",
  options: EngineOptions.options + WorkerOptions.options + [ScreenOptions.pixels] + [
    Verb.Option("--session", "FILE", "session file: continued if it exists (default: the folder's last one)"),
    Verb.Option("--new-session", nil, "begin a new session, though there is one of this folder"),
    Verb.Option("--existing", "analyse|skip", "files that are there at the start (analyse, newest first)"),
    Verb.Option("--settle", "SECONDS", "how long a file must rest where nothing says that it was closed (2)"),
    Verb.Option(
      "--poll", nil, "look every second instead of waiting for events (network mounts do so by themselves)"),
    Verb.Option("--operator", "NAME", "written into the session"),
    Verb.Option("--sample", "NAME", "written into the session"),
    Verb.Option("--line", nil, "one plain sentence an event, no screen"),
    Verb.Option("--control", nil, "with --line: commands on standard input; help lists them"),
    Verb.Option("--json", nil, "the session's lines on standard output, no screen"),
  ],
  run: { arguments in
    let folder = try realFolder(try arguments.operand("folder"))
    var options = Session.Options()
    options.existing = try arguments.choice("--existing", .analyse)
    options.settings = try EngineOptions.settings(arguments)
    let engine = arguments.has("--engine") ? try EngineOptions.engine(arguments) : nil
    var watch = WatchOptions()
    watch.settle = .milliseconds(Int64(try arguments.number("--settle", 2, in: 0.01...3600) * 1000))
    watch.poll = arguments.has("--poll")
    return try await watchFolder(
      folder, engine: engine, options: options, watch: watch, path: arguments["--session"],
      isNew: arguments.has("--new-session"),
      operatorName: arguments["--operator"], sample: arguments["--sample"],
      surface: Surface(arguments), screen: try ScreenOptions.settings(arguments),
      workers: try WorkerOptions(arguments))
  })

/// Where a session shows itself.
enum Surface {
  case screen, sentences, control, json

  init(_ arguments: Arguments) {
    self =
      arguments.has("--json")
      ? .json : arguments.has("--control") ? .control : arguments.has("--line") ? .sentences : .screen
  }
}

@MainActor
func watchFolder(
  _ folder: String, engine: String?, options: Session.Options, watch: WatchOptions, path: String?,
  isNew: Bool = false, operatorName: String? = nil, sample: String? = nil, surface: Surface,
  screen settings: OperatorSettings, workers: WorkerOptions = WorkerOptions()
) async throws -> ExitCode {
  var options = options
  var surface = surface
  // The terminal comes first: what cannot be shown must be said before a session begins.
  var terminal: NcursesTerminal?
  if surface == .screen {
    do {
      terminal = try NcursesTerminal(pixels: settings.pixels)
    } catch {
      Console.message("\(error); one line an event instead (as with --line)")
      surface = .sentences
    }
  }
  do {
    switch surface {
    case .screen: break
    case .sentences, .control: options.observer = { event, stamp in Sentences.say(event, stamp) }
    case .json: options.observer = { event, stamp in Console.bytes(event.line(stamp)) }
    }
    let setup = try SessionSetup.open(
      folder: folder, path: path, isNew: isNew, engine: engine, options: options, operatorName: operatorName,
      sample: sample)
    options.settings = setup.settings
    var watch = watch
    // The watcher asks on its own thread, and must not wait for a frame that is being read.
    let headers = workers.reader(timeLimit: .seconds(5))
    watch.isComplete = { path in
      guard let source = try? headers.open(path: PathText.text(path.bytes), fetch: .summary) else {
        return nil
      }
      return source.summary.isComplete
    }
    let watcher = DirectoryWatcher(folder: RawPath(folder), options: watch)
    let session = Session(
      log: setup.log, state: setup.state,
      analyst: workers.analyst(engine: setup.engine, reports: SessionSetup.reports(of: setup.log.path)),
      folder: folder, watcher: watcher, options: options)
    let work = Task { await session.run(setup.record, changes: setup.changes) }
    let code: ExitCode
    if let terminal {
      let screen = SessionScreen(
        terminal: terminal, session: session, path: setup.log.path, settings: settings,
        exportWords: workers.words)
      for notice in setup.notices { screen.say(notice) }
      code = await screen.run()
    } else {
      for notice in setup.notices { Console.message(notice) }
      code = surface == .control ? await controlled(session) : await Signals.wait()
    }
    await session.close()
    work.cancel()
    terminal?.stop()
    if surface != .json { Console.message("session: \(setup.log.path)") }
    return code
  } catch {
    terminal?.stop()
    throw error
  }
}

/// Until someone says quit, or a signal comes.
private func controlled(_ session: Session) async -> ExitCode {
  await withTaskGroup(of: ExitCode?.self) { group in
    group.addTask { await Signals.wait() }
    group.addTask {
      var control = Control(session)
      return await control.run { await session.snapshot.state } ? .ok : nil
    }
    while let code = await group.next() {
      guard let code else { continue }
      group.cancelAll()
      return code
    }
    return .ok
  }
}
