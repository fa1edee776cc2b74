import TerminalUI
import Testing

/// What terminals answer when they are asked, and what follows from it.
@Suite struct ProbingTests {
  struct Terminal: Sendable, CustomTestStringConvertible {
    var name: String
    var environment: [String: String]
    var kind: PixelScreen.Kind
    var pixels: String
    var links: Bool
    var testDescription: String { name }

    init(
      _ name: String, _ environment: [String: String] = ["TERM": "xterm-256color"], attributes: String,
      version: String = "", kitty: Bool = false, sixel: Bool = false, iterm: Bool = false,
      tellsCell: Bool = true,
      passesThrough: Bool = false, pixels: String, links: Bool
    ) {
      self.name = name
      self.environment = environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }
      kind = PixelScreen.Kind(
        attributes: "\u{1B}[?\(attributes)c", version: version, knowsKitty: kitty, knowsSixel: sixel,
        knowsITerm: iterm, tellsCell: tellsCell, passesThrough: passesThrough)
      self.pixels = pixels
      self.links = links
    }
  }

  private static let tmux = ["TERM": "tmux-256color", "TMUX": "/run/tmux,1,0"]

  static let terminals = [
    Terminal(
      "kitty", ["TERM": "xterm-kitty"], attributes: "62;52", version: "kitty(0.35.2)", kitty: true,
      pixels: "kitty",
      links: true),
    Terminal(
      "kitty over SSH", attributes: "62", version: "kitty(0.35.2)", kitty: true, pixels: "kitty", links: true),
    Terminal(
      "foot", ["TERM": "foot"], attributes: "62;4;22;28", version: "foot(1.16.2)", sixel: true,
      pixels: "sixel",
      links: true),
    Terminal(
      "WezTerm", attributes: "65;4;6;18;22", version: "WezTerm 20240203-110809-5046fc22", kitty: true,
      sixel: true,
      iterm: true, pixels: "kitty", links: true),
    Terminal(
      "iTerm2", attributes: "64;1;2;4;6;17;18;21;22", version: "iTerm2 3.5.3", sixel: true, iterm: true,
      pixels: "iterm", links: true),
    Terminal(
      "xterm with Sixel", attributes: "63;1;2;4;6;9;15;16;22;28", version: "XTerm(390)", sixel: true,
      pixels: "sixel",
      links: false),
    Terminal(
      "xterm", attributes: "64;1;2;6;9;15;16;17;18;21;22;28", version: "XTerm(379)", pixels: "none",
      links: false),
    Terminal("GNOME Terminal", attributes: "65;1;9", version: "VTE(7600)", pixels: "none", links: true),
    Terminal(
      "Konsole", attributes: "62;1;4", version: "Konsole 23.08.1", kitty: true, sixel: true, pixels: "kitty",
      links: true),
    Terminal(
      "mlterm", ["TERM": "mlterm"], attributes: "63;1;2;3;4;7;29", version: "mlterm(3.9.3)", sixel: true,
      pixels: "sixel", links: true),
    Terminal("Alacritty", ["TERM": "alacritty"], attributes: "6", pixels: "none", links: true),
    Terminal(
      "Windows Terminal", ["TERM": "xterm-256color", "WT_SESSION": "c0ffee"],
      attributes: "61;4;6;7;14;21;22;23",
      sixel: true, pixels: "sixel", links: true),
    Terminal(
      "Windows Terminal of before", ["TERM": "xterm-256color", "WT_SESSION": "c0ffee"],
      attributes: "61;6;7;21;22",
      pixels: "none", links: true),
    Terminal("tmux 3.3", tmux, attributes: "1;2", version: "tmux 3.3a", pixels: "none", links: false),
    Terminal(
      "tmux 3.4 in kitty", tmux, attributes: "1;2;4", version: "tmux 3.4", kitty: true, passesThrough: true,
      pixels: "kitty", links: true),
    Terminal(
      "tmux 3.4 in a Sixel terminal", tmux, attributes: "1;2;4", version: "tmux 3.4", sixel: true,
      pixels: "sixel",
      links: true),
    Terminal("screen", ["TERM": "screen-256color"], attributes: "1;2", pixels: "none", links: false),
    Terminal("the Linux console", ["TERM": "linux"], attributes: "6", pixels: "none", links: false),
    Terminal(
      "Sixel without a size", attributes: "63;4", sixel: true, tellsCell: false, pixels: "none", links: false),
  ]

  private func report(
    _ terminal: Terminal, _ manner: PseudoTerminal.Manner = .atOnce, typed: String = ""
  ) throws -> (PseudoTerminal, String)? {
    guard let term = terminal.environment["TERM"] else { return nil }
    var environment = terminal.environment
    // A name that is not installed here stands for itself only in its beginning.
    if !PseudoTerminal.knows(term) { environment["TERM"] = "xterm-256color" }
    let pseudo = try PseudoTerminal(terminal.kind)
    pseudo.manner = manner
    try pseudo.start([PseudoTerminal.probe, "report"], environment: environment)
    if !typed.isEmpty { pseudo.type(typed) }
    try pseudo.wait("the screen") { $0.text.contains("Probe") }
    if manner == .held { pseudo.answer() }
    pseudo.type("q")
    #expect(try pseudo.end() == .exited(0))
    #expect(pseudo.isRestored)
    #expect(pseudo.screen.problems.isEmpty, "\(pseudo.screen.problems)")
    return (pseudo, pseudo.after(last: "\u{1B}[?1049l") ?? pseudo.shown)
  }

  @Test(arguments: terminals, [PseudoTerminal.Manner.atOnce, .inPieces])
  func everyTerminalIsKnownByItsAnswers(_ terminal: Terminal, _ manner: PseudoTerminal.Manner) throws {
    guard let (pseudo, text) = try report(terminal, manner, typed: "j\u{1B}[AK") else { return }
    // Questions that are drawn are drawn on the program's own screen.
    let output = String(decoding: pseudo.output, as: UTF8.self)
    if let own = output.firstRange(of: "\u{1B}[?1049h") {
      #expect(!output[..<own.lowerBound].contains("\u{1B}[H"))
    }
    #expect(text.contains("pixels=\(terminal.pixels) links=\(terminal.links) "), "\(text)")
    // No answer is a key, and no key is lost to the answers.
    #expect(text.contains("typed=jUpK end"), "\(text)")
  }

  @Test(arguments: terminals.filter { $0.environment["TERM"] != "linux" })
  func anAnswerThatComesLateIsNoKey(_ terminal: Terminal) throws {
    guard let (_, text) = try report(terminal, .held) else { return }
    #expect(text.contains("pixels=none "), "\(text)")
    #expect(text.contains("typed= end"), "\(text)")
  }

  @Test func aTerminalThatSaysNothingGetsItsScreen() throws {
    let silent = Terminal("silent", attributes: "", pixels: "none", links: false)
    var mute = silent
    mute.kind.answers = false
    let (pseudo, text) = try #require(try report(mute))
    #expect(
      text.contains("pixels=none links=false signs=false unicode=true answers=false typed= end"), "\(text)")
    #expect(pseudo.count(of: "Ångström") >= 1)
  }

  @Test(arguments: [1, 2]) func signsThatTakeTwoColumnsAreASCII(_ width: Int) throws {
    var terminal = Terminal("wide", attributes: "62", pixels: "none", links: false)
    terminal.kind.widths = width
    let (_, text) = try #require(try report(terminal))
    #expect(text.contains("signs=\(width == 2) unicode=\(width == 1)"), "\(text)")
    var answers = TerminalAnswers()
    answers.take(.cursor(row: 1, column: 3))
    answers.take(.cursor(row: 1, column: 2))
    #expect(answers.areSignsWide && !answers.areLinesWide)
    #expect(["①", "●", "◆", "▲", "▸"].allSatisfy(PlainCharacters.isSign))
    #expect(["─", "│", "▀", "⠿", "A", "厚"].allSatisfy { !PlainCharacters.isSign($0) })
  }

  @Test func whatIsChosenGoesBeforeWhatIsAnswered() {
    func pixels(_ choice: PixelChoice, _ environment: [String: String] = [:]) -> PixelProtocol? {
      var capabilities = Capabilities(
        environment: ["TERM": "xterm-256color", "LANG": "C.UTF-8"].merging(environment) { $1 },
        terminfo: TerminalFacts(colours: 256, rgb: false, canPosition: true))
      var answers = TerminalAnswers()
      answers.take(.graphics("i=31;OK"))
      answers.take(.attributes([62]))
      capabilities.learn(from: answers, choice)
      return capabilities.pixels
    }
    #expect(pixels(.auto) == .kitty && pixels(.sixel) == .sixel && pixels(.iterm) == .iterm)
    #expect(pixels(.blocks) == nil && pixels(.ascii) == nil)
    #expect(pixels(.auto, ["NO_COLOR": "1"]) == nil)
    #expect(pixels(.iterm, ["TMUX": "x"]) == nil)
  }

  @Test(arguments: [
    ("\u{1B}[?62;4c", TerminalReport.attributes([62, 4])), ("\u{1B}[3;7R", .cursor(row: 3, column: 7)),
    ("\u{1B}[0n", .ready), ("\u{1B}[6;20;10t", .window([6, 20, 10])),
    ("\u{1B}P>|foot(1.16)\u{1B}\\", .version("foot(1.16)")),
    ("\u{1B}_Gi=31;OK\u{1B}\\", .graphics("i=31;OK")), ("\u{1B}[I", .focus),
  ])
  func reportsAreReadHoweverTheyAreCut(_ sent: String, _ expected: TerminalReport) {
    var whole = KeyDecoder()
    let keys = whole.feed("a\(sent)b".utf8)
    let reports = whole.takeReports()
    #expect(keys == [.char("a"), .char("b")] && reports == [expected])
    var bytewise = KeyDecoder()
    let none = sent.utf8.flatMap { bytewise.feed([$0]) }
    let same = bytewise.takeReports()
    #expect(none.isEmpty && same == [expected] && !bytewise.isPending)
  }

  @Test func aControlStringThatNeverEndsSwallowsNoKeys() {
    var decoder = KeyDecoder()
    let nothing = decoder.feed("\u{1B}]11;rgb:".utf8)
    #expect(nothing.isEmpty && decoder.isPending && decoder.isPasting)
    let flushed = decoder.flush()
    let next = decoder.feed("q".utf8)
    #expect(flushed.isEmpty && next == [.char("q")])
    // Esc and a letter, typed one after the other.
    _ = decoder.feed("\u{1B}P".utf8)
    let typed = decoder.flush()
    #expect(typed == [.escape, .char("P")])
  }
}
