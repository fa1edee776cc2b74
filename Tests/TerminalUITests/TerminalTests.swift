import System
import Glibc
import Testing

/// The real terminal code in a pseudo-terminal.
@Suite struct TerminalTests {
  private static let enter = "\u{1B}[?1049h"
  private static let leave = "\u{1B}[?1049l"
  private static let environment = ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8"]

  private func started(
    _ action: String, _ environment: [String: String] = TerminalTests.environment
  ) throws -> PseudoTerminal {
    let terminal = try PseudoTerminal()
    try terminal.start([PseudoTerminal.probe, action], environment: environment)
    return terminal
  }

  /// The modes are the old ones, the old screen is back, and nothing was drawn on it.
  private func expectRestored(
    _ terminal: PseudoTerminal, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(terminal.isRestored, "\(terminal.shown)", sourceLocation: sourceLocation)
    #expect(terminal.count(of: Self.enter) >= 1, sourceLocation: sourceLocation)
    #expect(
      terminal.count(of: Self.enter) == terminal.count(of: Self.leave), "\(terminal.shown)",
      sourceLocation: sourceLocation)
    #expect(terminal.after(last: Self.leave)?.contains("\u{1B}[38") == false, sourceLocation: sourceLocation)
    // Attributes off, cursor on: before the screen is left.
    let last = terminal.after(last: "\u{1B}(B\u{1B}[m") ?? ""
    #expect(last.contains("\u{1B}[?25h"), "\(terminal.shown)", sourceLocation: sourceLocation)
  }

  @Test(
    arguments: [
      ("return", .exited(0)), ("exit", .exited(5)), ("throw", nil), ("trap", nil),
      ("abort", .killed(SIGABRT)),
      ("null", .killed(SIGSEGV)), ("overflow", .killed(SIGSEGV)), ("thread", .killed(SIGQUIT)),
    ] as [(String, PseudoTerminal.Ending?)])
  func theTerminalIsRestoredOnEveryWayOut(_ action: String, _ ending: PseudoTerminal.Ending?) throws {
    let terminal = try started(action)
    let found = try terminal.end()
    if let ending {
      #expect(found == ending)
    } else {
      #expect(found == .killed(SIGILL) || found == .killed(SIGTRAP))
    }
    expectRestored(terminal)
  }

  @Test(arguments: [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGQUIT])
  func aFatalSignalRestoresAndStillKills(_ signal: Int32) throws {
    let terminal = try started("serve")
    try terminal.wait(for: "Probe")
    terminal.send(signal)
    #expect(try terminal.end() == .killed(signal))
    expectRestored(terminal)
  }

  @Test(arguments: [SIGILL, SIGSEGV])
  func theAnswerToACrashedProgramIsNotLeftToTheShell(_ signal: Int32) throws {
    let terminal = try started("serve")
    try terminal.wait("the screen") { $0.text.contains("Probe") }
    terminal.manner = .held
    terminal.type("n")
    try terminal.wait("a question") { $0.answers.contains("[0n") }
    terminal.send(signal)
    while !terminal.readsComeBackAtOnce, !terminal.hasEnded {}
    terminal.answer()
    #expect(try terminal.end() == .killed(signal))
    expectRestored(terminal)
    #expect(terminal.unreadBytes == 0)
  }

  @Test func aTrapInTheMiddleOfTheWorkRestores() throws {
    let terminal = try started("serve")
    try terminal.wait(for: "Probe")
    terminal.type("j!")
    let ending = try terminal.end()
    #expect(ending == .killed(SIGILL) || ending == .killed(SIGTRAP))
    expectRestored(terminal)
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func aRequestToEndIsAnEventFirst(_ signal: Int32) throws {
    let terminal = try started("serve")
    try terminal.wait(for: "Probe")
    terminal.send(signal)
    #expect(try terminal.end() == .exited(7))
    expectRestored(terminal)
  }

  @Test func controlCIsAnEvent() throws {
    let terminal = try started("serve")
    try terminal.wait(for: "Probe")
    terminal.type("\u{3}")
    #expect(try terminal.end() == .exited(7))
    expectRestored(terminal)
  }

  @Test(arguments: [SIGTERM, SIGINT]) func aRepeatedRequestEndsAProgramThatDoesNotListen(_ signal: Int32)
    throws
  {
    let terminal = try started("deaf")
    try terminal.wait(for: "Probe")
    terminal.send(signal)
    // Two that come together are one.
    while !terminal.hasEnded { terminal.send(signal) }
    #expect(try terminal.end() == .killed(signal))
    expectRestored(terminal)
  }

  @Test(arguments: [SIGTERM, SIGHUP]) func aProgramThatDoesNotListenIsEndedByTheDeadline(_ signal: Int32)
    throws
  {
    let terminal = try started("deaf")
    try terminal.wait(for: "Probe")
    terminal.send(signal)
    #expect(try terminal.end() == .killed(signal))
    expectRestored(terminal)
  }

  @Test func aLostConnectionIsAnEvent() throws {
    let terminal = try started("serve")
    try terminal.wait(for: "Probe")
    terminal.cut()
    #expect(try terminal.end() == .exited(7))
  }

  @Test func lastWordsAreReadableAfterTheScreenIsGone() throws {
    let trap = try started("trap")
    _ = try trap.end()
    #expect(trap.after(last: Self.leave)?.contains("the last words of the probe") == true)
    #expect(trap.count(of: "the last words of the probe") == 1)
    let noise = try started("noise")
    #expect(try noise.end() == .exited(0))
    #expect(noise.after(last: Self.leave)?.contains("a library complains") == true)
    #expect(noise.count(of: "a library complains") == 1)
    expectRestored(noise)
  }

  @Test func keysReachTheProgram() throws {
    let terminal = try started("serve")
    try terminal.wait(for: "Probe")
    for (sent, name) in [
      ("\u{1B}[D", "Left"), ("\u{11}", "C-q"), ("\u{1B}", "Esc"), ("\u{16}", "C-v"), ("J", "J"),
    ] {
      terminal.type(sent)
      try terminal.wait(for: name)
    }
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    expectRestored(terminal)
  }

  @Test func aStormOfResizesDownToOneCellIsSurvived() throws {
    let terminal = try started("serve")
    try terminal.wait(for: "Probe")
    var random = SplitMix64(seed: 1)
    for step in 0..<400 {
      let width = step % 7 == 0 ? 1 : Int.random(in: 1...200, using: &random)
      let height = step % 5 == 0 ? 1 : Int.random(in: 1...50, using: &random)
      terminal.resize(width: width, height: height)
      terminal.drain()
    }
    terminal.resize(width: 61, height: 12)
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    expectRestored(terminal)
  }

  @Test func aStoppedProgramGivesTheScreenBackAndReturns() throws {
    let terminal = try PseudoTerminal()
    try terminal.start(["/bin/sh", "-i"], environment: Self.environment.merging(["PS1": "ready> "]) { $1 })
    try terminal.wait(for: "ready> ")
    terminal.type("\(PseudoTerminal.probe) serve\n")
    try terminal.wait(for: Self.enter)
    try terminal.wait(for: "Probe")
    terminal.type("\u{1A}")
    try terminal.wait(for: Self.leave)
    try terminal.wait(for: "ready> ")
    terminal.type("fg\n")
    try terminal.wait(for: Self.enter)
    try terminal.wait(for: "Probe")
    terminal.type("q")
    try terminal.wait(for: Self.leave)
    try terminal.wait(for: "ready> ")
    terminal.type("exit 3\n")
    #expect(try terminal.end() == .exited(3))
    #expect(terminal.count(of: Self.enter) == 2)
    #expect(terminal.count(of: Self.leave) == 2)
  }

  @Test(
    arguments: [
      "xterm-256color", "screen-256color", "tmux-256color", "screen", "linux", "vt100", "xterm-direct",
      "xterm",
    ],
    ["C.UTF-8", "C", "xx_XX.UTF-8"])
  func everyTerminalAndLocaleGetsAScreen(_ term: String, _ locale: String) throws {
    guard PseudoTerminal.knows(term) else { return }
    let terminal = try started("serve", ["TERM": term, "LC_ALL": locale])
    try terminal.wait(for: "Probe")
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    #expect(terminal.isRestored)
    // Nothing but ASCII in the C locale, and whole characters elsewhere.
    if locale == "C" {
      #expect(terminal.output.allSatisfy { $0 < 0x80 })
    } else {
      #expect(terminal.count(of: "厚") == 1)
      #expect(terminal.count(of: "Ångström") == 1)
    }
    // A file name cannot send an escape: the one in the probe's text arrives without its ESC.
    #expect(terminal.count(of: "[31m") == terminal.count(of: "\u{1B}[31m") + 1)
  }

  @Test func noColorMeansNoColour() throws {
    let terminal = try started("serve", Self.environment.merging(["NO_COLOR": "1"]) { $1 })
    try terminal.wait(for: "Probe")
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    for colour in ["[38;", "[48;", "[31", "[39", "[49"] {
      #expect(terminal.count(of: "\u{1B}" + colour) == 0)
    }
    let coloured = try started("serve")
    try coloured.wait(for: "Probe")
    coloured.type("q")
    #expect(try coloured.end() == .exited(0))
    #expect(coloured.count(of: "\u{1B}[38;5;") > 0)
  }

  @Test func trueColoursAreSentWhereTerminfoKnowsHow() throws {
    guard PseudoTerminal.knows("xterm-direct") else { return }
    let terminal = try started("serve", Self.environment.merging(["COLORTERM": "truecolor"]) { $1 })
    try terminal.wait(for: "Probe")
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    #expect(terminal.count(of: "38:2:") + terminal.count(of: "38;2;") > 0)
    expectRestored(terminal)
  }

  @Test(arguments: [["TERM": "dumb"], ["TERM": "no-such-terminal"], [:]])
  func aTerminalWithoutAScreenIsRefusedUntouched(_ environment: [String: String]) throws {
    let terminal = try started("serve", environment)
    #expect(try terminal.end() == .exited(4))
    #expect(terminal.count(of: "line mode: ") == 1)
    #expect(!terminal.output.contains(0x1B))
    #expect(terminal.isRestored)
  }
}
