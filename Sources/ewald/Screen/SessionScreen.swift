import Diffraction
import Dispatch
import Glibc
import LiveSession
import System
import TerminalUI
import Workers

/// The loop between terminal and session. Keys come first and are drawn at once; states of the session
/// are drawn at most twenty times a second, and less often over a link that takes long to draw.
@MainActor
final class SessionScreen {
  private let terminal: NcursesTerminal
  private let session: any SessionSource
  private let path: String
  /// What `ewald export` has to be told of this session beside its file.
  private let exportWords: [String]
  /// Ended with the screen.
  private var errands: [String: Task<Void, Never>] = [:]
  private var model: Model
  private var drawIsScheduled = false
  private var lastDrawn = ContinuousClock.now
  private var drawInterval = Duration.milliseconds(50)
  private var finish: CheckedContinuation<ExitCode, Never>?
  private var result: ExitCode?
  private var loading: (file: Int, image: Int)?
  private var drawing: Task<[Exhibit]?, Never>?
  private let requests: AsyncStream<Request>
  private let asking: AsyncStream<Request>.Continuation

  /// What is asked of the session, one after the other: what one key means depends on the keys before it.
  private enum Request {
    case perform(SessionCommand)
    case step(Int)
  }

  init(
    terminal: NcursesTerminal, session: any SessionSource, path: String, settings: OperatorSettings,
    exportWords: [String]
  ) {
    self.terminal = terminal
    self.session = session
    self.path = path
    self.exportWords = exportWords
    (requests, asking) = AsyncStream.makeStream()
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let title = name.hasSuffix(".session.jsonl") ? String(name.dropLast(14)) : name
    model = Model(
      size: terminal.size, capabilities: terminal.capabilities, title: title, engines: Ewald.engines,
      settings: settings)
    model.unixMilliseconds = SessionClock.system.unixMilliseconds()
    model.host = HostName.current
    terminal.hasMouse = model.hasMouse
  }

  /// Shows where a replay stands.
  func show(position: Int, of count: Int) { take(.position(position, of: count)) }

  func say(_ text: String) { model.notice = Model.Notice(text: text, isError: false) }

  /// Shows the session until someone leaves.
  func run() async -> ExitCode {
    draw()
    let keys = Task { await takeEvents() }
    let states = Task {
      for await snapshot in session.snapshots {
        take(.snapshot(snapshot))
        scheduleDraw()
      }
    }
    let clock = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        let before = (model.ageText, model.clockText, model.isBlinkOn)
        take(.clock(unixMilliseconds: SessionClock.system.unixMilliseconds()))
        // A quiet folder costs nothing: the clock draws only what it changes.
        if (model.ageText, model.clockText, model.isBlinkOn) != before { scheduleDraw() }
      }
    }
    let requested = Task { await takeRequests() }
    let code = await withCheckedContinuation { continuation in
      if let result { continuation.resume(returning: result) } else { finish = continuation }
    }
    for task in [keys, states, clock] + errands.values { task.cancel() }
    for errand in errands.values { await errand.value }
    // What was asked for before leaving is done.
    asking.finish()
    await requested.value
    return code
  }

  private func takeRequests() async {
    for await request in requests {
      switch request {
      case .perform(let command):
        guard let reply = await session.perform(command) else { continue }
        take(.notice(reply.text, isError: reply.isProblem))
      case .step(let count):
        guard let position = await session.step(by: count) else { continue }
        take(.position(position.at, of: position.count))
      }
      scheduleDraw()
    }
  }

  private func takeEvents() async {
    for await event in terminal.events {
      switch event {
      case .key(let key):
        take(.key(key))
        draw(isAnswer: true)
      case .resize(let size):
        take(.resize(size))
        draw()
      case .interrupt:
        TerminalGuard.acknowledge()
        leave(.interrupted)
      case .terminate, .hangup:
        TerminalGuard.acknowledge()
        leave(.ok)
      }
    }
  }

  private func take(_ message: ScreenMessage) {
    for effect in model.update(message) { run(effect) }
  }

  private func run(_ effect: Effect) {
    switch effect {
    case .perform(let command): asking.yield(.perform(command))
    case .load(let file, let image): load(file, image)
    case .loadOther(let file, let run):
      Task {
        take(.other(await session.detail(of: file, run: run, frame: 0)))
        scheduleDraw()
      }
    case .export: export(as: "--csv", to: "\(stem).csv")
    case .writePictures: Task { await writePictures() }
    case .writePage: export(as: "--summary", to: "\(stem).html")
    case .writeScreen: writeScreen()
    case .copy(let text): terminal.copy(text)
    case .redraw: terminal.redrawAll()
    case .mouse(let isOn): terminal.hasMouse = isOn
    case .ring: terminal.bell()
    case .announce(let text): terminal.announce(text)
    case .quit: leave(.ok)
    case .step(let count): asking.yield(.step(count))
    }
  }

  /// One frame is read at a time, and always the one wanted last: holding a key down does not queue a
  /// hundred files. What its engine draws comes after the frame, and is given up when another is wanted.
  private func load(_ file: Int, _ image: Int) {
    let isIdle = loading == nil
    loading = (file, image)
    drawing?.cancel()
    guard isIdle else { return }
    Task {
      while let wanted = loading {
        let detail = await session.detail(of: wanted.file, run: nil, frame: wanted.image)
        take(.detail(detail))
        scheduleDraw()
        if let next = loading, next == wanted {
          if detail.drawn == nil, detail.result != nil, model.wantsExhibits {
            let session = session
            let task = Task { await session.exhibits(of: detail) }
            drawing = task
            if let exhibits = await task.value {
              var explained = detail
              explained.drawn = exhibits
              take(.detail(explained))
              scheduleDraw()
            }
            drawing = nil
          }
          if let next = loading, next == wanted { loading = nil }
        }
      }
    }
  }

  /// The session file's path without its ending: what is written beside it begins so.
  private var stem: String { path.hasSuffix(".session.jsonl") ? String(path.dropLast(14)) : path }

  private func writePictures() async {
    guard var detail = model.shown, let row = model.row else { return }
    if detail.drawn == nil { detail.drawn = await session.exhibits(of: detail) }
    let origin = detail.result.map { result in
      Origin.lines(
        of: result, detail.summary, run: row.accepted.map { ($0 + 1, row.runs.count) },
        session: model.state.session, row: row)
    }
    let (looks, engine) = (model.looks, model.engine(named: detail.result?.engine ?? ""))
    guard
      let sheet = ValidationSheet(
        detail, engine, origin: origin ?? [], look: { looks[$0] ?? Look(for: $0) })
    else { return }
    let under = "\(stem).pictures"
    let name = "\(row.id)_\(FilePath.stem(of: sheet.result.file))"
    let outcome = await Task.detached { () -> Result<String, any Error> in
      Result {
        try Folder.make(under)
        return try PictureFiles.write(sheet, under: "\(under)/\(name)")
      }
    }.value
    switch outcome {
    case .success(let folder):
      take(.notice("figures and sheet written: \(folder)", isError: false, file: folder))
    case .failure(let error): take(.notice("\(error)", isError: true))
    }
    draw()
  }

  /// Under the first name that is free; nothing is replaced.
  private func writeScreen() {
    let file = ScreenPicture.png(ewald.draw(model), isLight: model.settings.theme == .light)
    var number = 1
    while FilePath.exists("\(stem).screen-\(number).png") { number += 1 }
    do {
      try NewFile.write(file, to: "\(stem).screen-\(number).png", durability: .cached)
      take(.notice("picture of the screen: \(stem).screen-\(number).png", isError: false))
    } catch {
      take(.notice("\(error)", isError: true))
    }
  }

  /// In a process of its own: a long session's page takes memory and seconds that are not the screen's to spend.
  private func export(as form: String, to target: String) {
    guard errands[form] == nil else {
      return take(.notice("\(target) is being written", isError: false))
    }
    guard let errand = Errand([exportVerb.name, path, form, target, "--overwrite"] + exportWords) else {
      return take(.notice("\(target): no process could be started to write it", isError: true))
    }
    errands[form] = Task {
      do throws(Errand.Failure) {
        take(.notice(Console.said(try await errand.run()), isError: false, file: target))
      } catch {
        take(.notice(Console.said("\(error)"), isError: true))
      }
      errands[form] = nil
      draw()
    }
  }

  private func leave(_ code: ExitCode) {
    result = code
    finish?.resume(returning: code)
    finish = nil
  }

  private func scheduleDraw() {
    guard !drawIsScheduled else { return }
    drawIsScheduled = true
    let due = lastDrawn + drawInterval
    Task {
      if due > .now { try? await Task.sleep(until: due, clock: .continuous) }
      drawIsScheduled = false
      draw()
    }
  }

  private func draw(isAnswer: Bool = false) {
    let started = ContinuousClock.now
    terminal.draw(ewald.draw(model), cursor: cursor(model), isAnswer: isAnswer)
    terminal.title = model.windowTitle
    lastDrawn = .now
    drawInterval = lastDrawn - started > .milliseconds(50) ? .milliseconds(500) : .milliseconds(50)
  }
}
