import Diffraction
import LiveSession
import TerminalUI

/// All that the screen shows, and nothing that it does: `update` changes it, `view` draws it.
package struct Model {
  package enum View: Sendable, Equatable { case live, frame, map, latent, segments }
  package enum Mode: Sendable, Equatable {
    case follow
    /// Since so many results: the status line counts the new ones.
    case held(results: Int)
    case replay(position: Int, count: Int)
  }
  package enum Pane: Sendable, Equatable { case frames, events }
  package enum Overlay {
    case menu(CommandMenu)
    case prompt(Prompt)
    case form(ReanalysisForm)
    case question(Question)
  }

  package var size: Size
  package var capabilities: Capabilities
  /// The session file's name, without its path and ending.
  package var title: String
  package var engines: [any AnalysisEngine]
  package var snapshot = Snapshot()
  package var mode = Mode.follow
  package var view = View.live
  package var focus = Pane.frames
  package var overlay: Overlay?
  package var list = FrameList()
  package var look: PictureLook
  package var contrast = ContrastState()
  package var isZoomed = false
  /// Column and row in the frame, while the cross-hair is on.
  package var crosshair: (column: Int, row: Int)?
  /// Which of the finding's answers the pictures show: 0 is the answer itself.
  package var candidate = 0
  /// One picture of the frame view alone.
  package var alone: Int?
  /// The measured and the predicted pattern in one place, in turns.
  package var blinks = false
  package var isBlinkOn = false
  /// Which map of a scan is shown, and the position that is looked at.
  package var map = 0
  /// The crystal that another one is to be joined to.
  package var joining: String?
  /// Which axes and which colour the latent map has.
  package var scatterAxes = 0
  package var scatterShade = 0
  package var eventScroll = 0
  package var detail: FrameDetail?
  /// Which image of a file with several is looked at.
  package var image = 0
  package var notice: Notice?
  package var filterHistory: [String] = []
  /// Milliseconds since 1970: the clock is a parameter of the screen, too.
  package var unixMilliseconds = 0

  package struct Notice: Equatable {
    package var text: String
    package var isError: Bool
  }

  package init(size: Size, capabilities: Capabilities, title: String, engines: [any AnalysisEngine]) {
    self.size = size
    self.capabilities = capabilities
    self.title = title
    self.engines = engines
    look = PictureLook(
      mode: capabilities.pictureMode, map: .grey, depth: capabilities.colours, contrast: Contrast())
  }

  package var state: SessionState { snapshot.state }
  package var row: FileRow? { list.cursor.flatMap { state[file: $0] } }
  package var isReplay: Bool { if case .replay = mode { true } else { false } }

  package var context: Context {
    switch view {
    case .live: .live
    case .frame: .frame
    case .map: .map
    case .latent: .latent
    case .segments: .segments
    }
  }

  package func makesPictures(_ detail: FrameDetail) -> Bool {
    view != .live && detail.result.flatMap { engine(named: $0.engine)?.makesPictures } ?? false
  }

  /// What a verb applies to: the marked frames, otherwise the one under the cursor.
  package var selection: FileSelection { .marked(otherwise: list.cursor) }
  /// The same as this screen knows it.
  package var targets: [Int] { state.numbers(of: selection) }

  package var targetText: String {
    let marked = state.files.reduce(0) { $0 + ($1.isMarked ? 1 : 0) }
    if marked > 0 { return "\(marked) marked" }
    return row.map { String($0.name) } ?? "nothing"
  }

  package func engine(named name: String) -> (any AnalysisEngine)? { engines.first { $0.name == name } }
}

/// What the outside tells the screen.
package enum Message {
  case key(Key)
  case resize(Size)
  case snapshot(Snapshot)
  case detail(FrameDetail)
  case clock(unixMilliseconds: Int)
  case notice(String, isError: Bool)
  case position(Int, of: Int)
}

/// What the screen wants done.
package enum Effect: Equatable {
  case perform(SessionCommand)
  case load(file: Int, image: Int)
  case export
  case redraw
  case quit
  case step(Int)
}
