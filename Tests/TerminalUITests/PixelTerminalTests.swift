import Glibc
import System
import TerminalUI
import Testing

/// Pictures in true pixels on a whole screen: what is left when something goes.
@Suite struct PixelTerminalTests {
  private static let ways: [(String, PixelScreen.Kind, [String: String])] = [
    ("kitty", PixelScreen.Kind(version: "kitty(0.35.2)", knowsKitty: true), [:]),
    ("sixel", PixelScreen.Kind(attributes: "\u{1B}[?62;4c", knowsSixel: true), [:]),
    ("iterm", PixelScreen.Kind(version: "iTerm2 3.5.3", knowsITerm: true), [:]),
    (
      "tmux", PixelScreen.Kind(version: "tmux 3.4", knowsKitty: true, passesThrough: true),
      ["TMUX": "/run/tmux,1,0"]
    ),
  ]

  /// Cells of the probe's picture on 60 x 20.
  private static let whole = 28 * 14

  private func started(
    _ way: (String, PixelScreen.Kind, [String: String]), width: Int = 60, height: Int = 20
  ) throws -> PseudoTerminal {
    let terminal = try PseudoTerminal(way.1, width: width, height: height)
    try terminal.start(
      [PseudoTerminal.probe, "serve"],
      environment: ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8"].merging(way.2) { $1 })
    try terminal.wait("a picture") { $0.tiles > 0 }
    return terminal
  }

  /// The screen of a program that has just begun, with `=` typed.
  private func fresh(
    _ way: (String, PixelScreen.Kind, [String: String]), width: Int = 60, height: Int = 20
  ) throws -> [String] {
    let terminal = try started(way, width: width, height: height)
    terminal.type("=")
    try terminal.wait("the key and a whole picture") { $0.row(1).contains("<=>") && $0.tiles == Self.whole }
    let look = terminal.screen.look
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    #expect(terminal.screen.problems.isEmpty, "\(terminal.screen.problems.prefix(3))")
    return look
  }

  @Test(arguments: ways)
  func nothingIsLeftOfWhatWasThere(_ way: (String, PixelScreen.Kind, [String: String])) throws {
    let expected = try fresh(way)
    let terminal = try started(way)
    for keys in ["nnx", "oxo", "vnv", "oxxo", "nxv", "v", "\u{C}x", "nnnno", "o"] {
      terminal.type(keys)
      terminal.drain()
    }
    terminal.type("0=")
    try terminal.wait("the same screen as at the beginning") { $0.look == expected }
    #expect(terminal.screen.problems.isEmpty, "\(terminal.screen.problems.prefix(3))")
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    #expect(terminal.isRestored)
    #expect(terminal.screen.tiles == 0)
  }

  @Test(arguments: ways)
  func aStormOfResizesLeavesNoGhost(_ way: (String, PixelScreen.Kind, [String: String])) throws {
    let expected = try fresh(way)
    let terminal = try started(way)
    var random = SplitMix64(seed: 3)
    for step in 0..<60 {
      let width = step % 7 == 0 ? 1 : step == 30 ? 500 : Int.random(in: 1...200, using: &random)
      let height = step % 5 == 0 && step != 30 ? 1 : step == 30 ? 200 : Int.random(in: 1...50, using: &random)
      terminal.resize(width: width, height: height)
      if step % 4 == 0 { terminal.type("nx") }
      terminal.drain()
    }
    // Keys and sizes come on different ways: one after the other. What stands in the frame tells the size; the line of
    // the last event may already tell of a key of the storm that took longer.
    for width in [61, 60] {
      terminal.resize(width: width, height: 20)
      try terminal.wait("the size") { $0.row(0).contains(" \(width)x20 ") }
    }
    terminal.type("0=")
    try terminal.wait("the same screen as at the beginning") { $0.look == expected }
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    #expect(terminal.isRestored)
  }

  @Test(arguments: ways)
  func aStoppedProgramTakesItsPicturesAlong(_ way: (String, PixelScreen.Kind, [String: String])) throws {
    let terminal = try PseudoTerminal(way.1, width: 60, height: 20)
    try terminal.start(
      ["/bin/sh", "-i"],
      environment: ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PS1": "ready> "].merging(way.2) { $1 })
    try terminal.wait(for: "ready> ")
    terminal.type("\(PseudoTerminal.probe) serve\n")
    try terminal.wait("a picture") { $0.tiles == Self.whole }
    terminal.type("\u{1A}")
    try terminal.wait("the shell's screen after the stop") { $0.tiles == 0 && $0.text.contains("ready> ") }
    terminal.type("fg\n")
    try terminal.wait("the picture again") { $0.tiles == Self.whole }
    terminal.type("q")
    try terminal.wait("the shell's screen at the end") { $0.tiles == 0 && $0.text.contains("ready> ") }
    // Nothing that the terminal answered reached the shell.
    #expect(!terminal.screen.text.contains("[0n") && !terminal.screen.text.contains("^["))
    terminal.type("exit 3\n")
    #expect(try terminal.end() == .exited(3))
  }

  @Test(arguments: ways)
  func picturesComeBackAfterATerminalWasHeldUp(_ way: (String, PixelScreen.Kind, [String: String])) throws {
    let terminal = try started(way)
    try terminal.wait("a whole picture") { $0.tiles == Self.whole }
    // Each answer is late, up to one after which nothing is left to be drawn.
    terminal.manner = .held
    terminal.type("k")
    for _ in 0..<6 {
      guard (try? terminal.wait("a question", within: 400) { $0.answers.contains("[0n") }) != nil else {
        break
      }
      terminal.holdUp(milliseconds: 150)
      terminal.answer()
    }
    terminal.manner = .atOnce
    terminal.answer()
    try terminal.wait("the whole picture again") { $0.tiles == Self.whole }
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
  }

  @Test func aKeyIsAnsweredWhileAPictureIsOnItsWay() throws {
    // The terminal takes the beginning of a picture and then nothing until the key is typed.
    let terminal = try started(Self.ways[0], width: 200, height: 50)
    terminal.type("nj")
    try terminal.wait("the key's answer") { $0.row(1).contains("<j>") }
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
  }

  @Test func anotherTerminalThatIsAttachedGetsThePictures() throws {
    let terminal = try started(Self.ways[3])
    try terminal.wait("a whole picture") { $0.tiles == Self.whole }
    // What the terminal before knew of pictures is gone with it; the text is tmux's and stays.
    terminal.screen.feed("\u{1B}Ptmux;\u{1B}\u{1B}_Ga=d,d=A,q=2\u{1B}\u{1B}\\\u{1B}\\".utf8)
    #expect(terminal.screen.tiles == 0)
    terminal.type("\u{1B}[I")
    try terminal.wait("the pictures again") { $0.tiles == Self.whole }
    terminal.type("q")
    #expect(try terminal.end() == .exited(0))
    #expect(!terminal.screen.modes.contains(1004))
  }

  @Test func theMouseIsHeardOnlyWhereItIsWantedAndNeverAfterwards() throws {
    for ending in ["q", "!", "\u{3}"] {
      let terminal = try started(Self.ways[0])
      #expect(terminal.screen.modes.isDisjoint(with: [1000, 1002, 1003, 1006]))
      terminal.type("M")
      try terminal.wait("the mouse") { $0.modes.isSuperset(of: [1002, 1006]) }
      terminal.type("\u{1B}[<0;12;5M")
      try terminal.wait("the button") { $0.row(1).contains("<press 11 4>") }
      terminal.type("\u{1B}[<65;300;2M")
      try terminal.wait("the wheel") { $0.row(1).contains("<wheelDown 299 1>") }
      terminal.type(ending)
      _ = try terminal.end()
      #expect(terminal.screen.modes.isDisjoint(with: [1000, 1002, 1003, 1006]), "after \(ending)")
      #expect(terminal.isRestored)
    }
  }

  @Test func aLinkIsOneOnlyAsLongAsItIsShown() throws {
    let terminal = try started(Self.ways[0])
    func linked(_ screen: PixelScreen) -> Int { screen.places.count { !$0.link.isEmpty } }
    terminal.type("L")
    try terminal.wait("the link") { linked($0) == 6 }
    #expect(terminal.screen.places.first { !$0.link.isEmpty }?.link == "file://here/data/a%20file.tif")
    terminal.type("L")
    try terminal.wait("no link") { linked($0) == 0 }
    let plain = try PseudoTerminal(PixelScreen.Kind(version: "XTerm(379)"))
    try plain.start(
      [PseudoTerminal.probe, "serve"], environment: ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8"])
    plain.type("L")
    try plain.wait("the text") { $0.text.contains("a file") }
    #expect(linked(plain.screen) == 0)
  }
}
