import Testing
import TerminalUI

@Suite struct CapabilitiesTests {
  private static let facts: [String: TerminalFacts] = [
    "dumb": TerminalFacts(colours: -1, rgb: false, canPosition: false),
    "linux": TerminalFacts(colours: 8, rgb: false, canPosition: true),
    "screen": TerminalFacts(colours: 8, rgb: false, canPosition: true),
    "vt100": TerminalFacts(colours: -1, rgb: false, canPosition: true),
    "xterm-16color": TerminalFacts(colours: 16, rgb: false, canPosition: true),
    "xterm-256color": TerminalFacts(colours: 256, rgb: false, canPosition: true),
    "tmux-256color": TerminalFacts(colours: 256, rgb: false, canPosition: true),
    "xterm-direct": TerminalFacts(colours: 1 << 24, rgb: true, canPosition: true),
  ]

  struct Row: Sendable {
    var environment: [String: String]
    var unicode: Bool
    var colours: ColourDepth
    var mode: PictureMode
    var isDumb = false
    init(
      _ environment: [String: String], _ unicode: Bool, _ colours: ColourDepth, _ mode: PictureMode,
      isDumb: Bool = false
    ) {
      self.environment = environment
      self.unicode = unicode
      self.colours = colours
      self.mode = mode
      self.isDumb = isDumb
    }
  }

  @Test(arguments: [
    Row(["TERM": "xterm-256color", "LANG": "en_GB.UTF-8"], true, .palette256, .halfBlock),
    Row(["TERM": "tmux-256color", "LC_CTYPE": "C.utf8", "LANG": "C"], true, .palette256, .halfBlock),
    Row(["TERM": "xterm-256color", "LANG": "en_GB.UTF-8", "LC_ALL": "C"], false, .palette256, .ascii),
    Row(["TERM": "xterm-256color", "LANG": "en_GB.UTF-8", "NO_COLOR": "1"], true, .none, .ascii),
    Row(["TERM": "xterm-256color", "LANG": "en_GB.UTF-8", "NO_COLOR": ""], true, .palette256, .halfBlock),
    Row(
      ["TERM": "xterm-256color", "LANG": "de_DE.UTF-8", "COLORTERM": "truecolor"], true, .trueColour,
      .halfBlock),
    Row(["TERM": "screen", "LANG": "en_GB.UTF-8", "COLORTERM": "truecolor"], true, .ansi8, .ascii),
    Row(["TERM": "xterm-direct", "LANG": "en_GB.UTF-8"], true, .trueColour, .halfBlock),
    Row(["TERM": "xterm-16color", "LANG": "en_GB.UTF-8"], true, .ansi16, .ascii),
    Row(["TERM": "linux", "LANG": "en_GB.UTF-8"], true, .ansi8, .ascii),
    Row(["TERM": "screen", "LANG": "C"], false, .ansi8, .ascii),
    Row(["TERM": "vt100"], false, .none, .ascii),
    Row(["TERM": "dumb", "LANG": "en_GB.UTF-8"], true, .none, .ascii, isDumb: true),
    Row(["TERM": "nosuch"], false, .none, .ascii, isDumb: true),
    Row([:], false, .none, .ascii, isDumb: true),
  ])
  func everyTerminalAndLocaleGetsAReadablePicture(_ row: Row) {
    let term = row.environment["TERM"] ?? ""
    let found = Capabilities(
      environment: row.environment, terminfo: Self.facts[term], direct: Self.facts["xterm-direct"])
    #expect(found.unicode == row.unicode)
    #expect(found.colours == row.colours)
    #expect(found.pictureMode == row.mode)
    #expect(found.isDumb == row.isDumb)
  }

  @Test func trueColourNeedsATerminfoEntryThatCanSendIt() {
    let environment = ["TERM": "xterm-256color", "COLORTERM": "truecolor"]
    #expect(
      Capabilities(environment: environment, terminfo: Self.facts["xterm-256color"]).colours == .palette256)
  }
}
