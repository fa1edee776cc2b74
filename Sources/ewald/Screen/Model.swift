import Diffraction
import LiveSession
import TerminalUI

/// All that the screen shows, and nothing that it does: `update` changes it, `draw` draws it.
package struct Model {
  package enum Mode: Sendable, Equatable {
    case follow
    /// Since so many results: the status line counts the new ones.
    case held(results: Int)
    case replay(position: Int, count: Int)
  }
  package enum Overlay {
    case menu(CommandMenu)
    case prompt(Prompt)
    case form(ReanalysisForm)
    case question(Question)
  }

  package var size: Size
  package var capabilities: Capabilities
  package var theme: Theme
  /// The session file's name, without its path and ending.
  package var title: String
  package var engines: [any AnalysisEngine]
  package var snapshot = Snapshot()
  package var mode = Mode.follow
  /// Each with a state of its own; one is shown.
  package var views: [any ScreenView] = allViews
  package private(set) var viewIndex = 0
  package var overlay: Overlay?
  package var list = FrameList()
  package var looks: [PictureKind: Look] = [:]
  package var pictureMode: PictureMode
  package var isZoomed = false
  /// Which of the finding's answers the pictures show: 0 is the answer itself.
  package var answer = 0
  package var detail: FrameDetail?
  /// Which image of a file with several is looked at.
  package var image = 0
  package var notice: Notice?
  /// Whether the mouse is told to this program instead of to the terminal.
  package var hasMouse: Bool
  /// A button is held over a picture.
  var isDragging = false
  /// Where this program runs, for links that lead to its files.
  package var host = ""
  package var filterHistory: [String] = []
  /// What was done last, the newest first, for the palette: moving about does not count.
  private(set) var lastUsed: [String] = []
  /// What `.` does again.
  var lastChange: SessionCommand?
  /// Milliseconds since 1970: the clock is a parameter of the screen, too.
  package var unixMilliseconds = 0
  /// Rates and delays of the last minutes, a value every two seconds.
  package var health = Health()

  mutating func remember(_ command: Command) {
    guard command.group != .move, command.group != .view, !["palette", "help"].contains(command.id) else {
      return
    }
    lastUsed = Array(([command.id] + lastUsed.filter { $0 != command.id }).prefix(5))
  }

  package struct Notice: Equatable {
    package var text: String
    package var isError: Bool
    /// What it speaks of, to be opened.
    package var file: String?

    package init(text: String, isError: Bool, file: String? = nil) {
      self.text = text
      self.isError = isError
      self.file = file
    }
  }

  package let settings: OperatorSettings

  package init(
    size: Size, capabilities: Capabilities, title: String, engines: [any AnalysisEngine],
    settings: OperatorSettings = OperatorSettings()
  ) {
    self.settings = settings
    self.size = size
    self.capabilities = capabilities
    self.title = title
    self.engines = engines
    theme = Theme(capabilities.colours, settings.theme)
    pictureMode = settings.pictures ?? (settings.pixels == .ascii ? .ascii : capabilities.pictureMode)
    hasMouse = settings.mouse
  }

  package var state: SessionState { snapshot.state }
  package var row: FileRow? { list.cursor.flatMap { state[file: $0] } }
  package var isReplay: Bool { if case .replay = mode { true } else { false } }
  /// Nothing can be changed from here.
  package var isReadOnly: Bool { isReplay || snapshot.live.isLookedOn }
  package var view: any ScreenView { views[viewIndex] }

  /// The detail of the file under the cursor; an older one is still here while a new one is read.
  package var shown: FrameDetail? { detail.flatMap { $0.fileID == list.cursor ? $0 : nil } }

  /// Whether the exhibits of a finding are wanted, which may take its engine as long as the first time.
  package var wantsExhibits: Bool { view.wantsExhibits(size) }

  /// The state of one view, changed.
  mutating func change<V: ScreenView, R>(_ type: V.Type, _ body: (inout V, inout Model) -> R) -> R? {
    guard let index = views.firstIndex(where: { $0 is V }), var view = views[index] as? V else { return nil }
    let result = body(&view, &self)
    views[index] = view
    return result
  }

  mutating func go(toView index: Int) -> [Effect] {
    guard views.indices.contains(index) else { return [] }
    viewIndex = index
    isZoomed = false
    if !(view is LiveView) { hold() }
    return show()
  }

  mutating func go<V: ScreenView>(to type: V.Type) -> [Effect] {
    views.firstIndex { $0 is V }.map { go(toView: $0) } ?? []
  }

  /// What a verb applies to: the marked frames, otherwise the one under the cursor.
  package var selection: FileSelection { .marked(otherwise: list.cursor) }
  /// The same as this screen knows it.
  package var targets: [Int] { state.numbers(of: selection) }

  /// Where a frame lies.
  func path(of row: FileRow) -> String {
    let folder = state.session?.folders.first ?? ""
    return folder.isEmpty ? row.path : "\(folder)/\(row.path)"
  }

  package var targetText: String {
    let marked = state.files.reduce(0) { $0 + ($1.isMarked ? 1 : 0) }
    if marked > 0 { return Format.count(marked, "marked frame") }
    return row.map { String($0.name) } ?? "nothing"
  }

  package func engine(named name: String) -> (any AnalysisEngine)? { engines.first { $0.name == name } }
}

/// What the outside tells the screen.
package enum ScreenMessage {
  case key(Key)
  case resize(Size)
  case snapshot(Snapshot)
  case detail(FrameDetail)
  /// The other side of a comparison.
  case other(FrameDetail)
  case clock(unixMilliseconds: Int)
  case notice(String, isError: Bool, file: String? = nil)
  case position(Int, of: Int)
}

/// What the screen wants done.
package enum Effect: Equatable {
  case perform(SessionCommand)
  case load(file: Int, image: Int)
  /// Another frame, or another run of one, to compare with.
  case loadOther(file: Int, run: Int?)
  case export
  /// The figures and the sheet of the frame that is shown, beside the session.
  case writePictures
  /// The session as one page beside it.
  case writePage
  /// The screen as it looks, beside the session.
  case writeScreen
  /// Into the clipboard of the terminal, wherever it runs.
  case copy(String)
  case redraw
  case mouse(Bool)
  case ring
  /// On the desktop that the terminal is on.
  case announce(String)
  case quit
  case step(Int)
}

/// Rates and delays, remembered for the strip of health.
package struct Health: Sendable, Equatable {
  package private(set) var rate: [Double] = []
  package private(set) var lag: [Double] = []
  package private(set) var queue: [Double] = []
  private var last = 0
  private static let limit = 60

  package init() {}

  package mutating func note(_ live: LiveStatus, at unixMilliseconds: Int) {
    guard unixMilliseconds - last >= 2000 else { return }
    last = unixMilliseconds
    for (path, value) in [
      (\Health.rate, live.rate), (\Health.lag, live.lag), (\Health.queue, Double(live.queued + live.running)),
    ] as [(WritableKeyPath<Health, [Double]>, Double)] {
      self[keyPath: path].append(value)
      if self[keyPath: path].count > Self.limit { self[keyPath: path].removeFirst() }
    }
  }
}
