import Diffraction
import FrameFormats
import Foundation
import LiveSession
import Testing

import ewald

/// The real program in a real terminal.
@Suite(.serialized, .enabled(if: Tmux.isInstalled, "needs tmux"))
struct EndToEndTests {
  let folder: TemporaryFolder
  let frames: String
  let session: String

  init() throws {
    folder = try TemporaryFolder()
    frames = try folder.sub("frames")
    session = "\(folder.path)/day.session.jsonl"
  }

  private func put(_ number: Int, blanked: Bool = false) throws {
    let pixels = SimulatedBeam(size: 64, seed: 3).frame(number, isBlanked: blanked)
    try TIFFWriter.write([TIFFWriter.Page(pixels)], to: "\(frames)/wedge_\(number).tif")
  }

  private func start(
    _ extra: String = "", width: Int = 80, height: Int = 24, environment: [String: String] = [:]
  )
    async throws -> Tmux
  {
    var environment = environment
    environment["TERM"] = environment["TERM"] ?? "tmux-256color"
    return try await Tmux(
      "\(Program.path) watch \(frames) --session \(session) \(extra)", width: width, height: height,
      environment: environment)
  }

  @Test func theScreenStartsAndShowsNewFramesAsTheyCome() async throws {
    let tmux = try await start()
    try await tmux.wait("the empty list") { $0.contains("FOLLOW") && $0.contains("no frames yet") }
    try put(1)
    try await tmux.wait("the first frame") { $0.contains("wedge_1") && $0.contains("accept") }
    try put(2, blanked: true)
    try await tmux.wait("the blanked frame") { $0.contains("BLNK") && $0.contains("▲ 1") }
    try await tmux.send("a")
    try await tmux.wait("the acknowledged alarm") { !$0.contains("▲ 1") }
  }

  @Test func theScreenSurvivesEverySize() async throws {
    try put(1)
    let tmux = try await start()
    try await tmux.wait("the frame") { $0.contains("wedge_1") && $0.contains("accept") }
    for (width, height) in [(200, 50), (1, 1), (120, 40), (20, 3), (500, 100), (80, 24)] {
      try await tmux.resize(width, height)
      if width > 30, height > 5 {
        try await tmux.wait("the screen at \(width)x\(height)") {
          $0.contains("FOLLOW") && $0.contains("wedge_1")
            && $0.split(separator: "\n").contains { $0.count > width * 3 / 4 }
        }
      }
    }
  }

  @Test func aFrameIsAnalysedAgainAsANewRunAndUndone() async throws {
    try put(1)
    let tmux = try await start()
    try await tmux.wait("the frame") { $0.contains("wedge_1") && $0.contains("accept") }
    try await tmux.send("r")
    try await tmux.wait("the form") { $0.contains("Reanalyse") && $0.contains("drift limit") }
    try await tmux.send("BSpace", "9", "Enter")
    try await tmux.wait("the second run") { $0.contains("run 2 of 2") }
    try await tmux.send("u")
    try await tmux.wait("the first run") { $0.contains("run 1 of 2") }
    try await tmux.send("q")
    try await tmux.wait("the end") { $0.contains("exit 0") }
    let check = try await Program.run(["check", session])
    #expect(check.code == 0, "\(check)")
  }

  @Test func quittingGivesTheTerminalBack() async throws {
    let tmux = try await start()
    try await tmux.wait("the screen") { $0.contains("FOLLOW") }
    try await tmux.send("q")
    try await tmux.wait("the shell") {
      $0.contains("exit 0") && $0.contains("session: ") && !$0.contains("FOLLOW")
    }
    try await tmux.send("stty -a", "Enter")
    try await tmux.wait("a sane terminal") { $0.contains(" echo ") && $0.contains(" icanon ") }
  }

  @Test(arguments: [("-INT", 130), ("-TERM", 0), ("-HUP", 0)])
  func aSignalClosesTheSessionAndGivesTheTerminalBack(signal: String, code: Int) async throws {
    try put(1)
    let tmux = try await start()
    try await tmux.wait("the frame") { $0.contains("wedge_1") && $0.contains("accept") }
    if signal == "-INT" {
      try await tmux.send("C-c")
    } else {
      let id = try #require(try await tmux.programID)
      kill(id, signal == "-TERM" ? SIGTERM : SIGHUP)
    }
    try await tmux.wait("the shell") { $0.contains("exit \(code)") }
    guard case .end? = SessionFile.ends(of: session)?.last else {
      Issue.record("the session was not closed")
      return
    }
  }

  @Test(arguments: [SIGSEGV, SIGTRAP, SIGILL, SIGABRT])
  func aCrashGivesTheTerminalBack(signal: Int32) async throws {
    // The runtime would print a trace of every thread behind the screen: useful, and a minute's work.
    let tmux = try await start(environment: ["SWIFT_BACKTRACE": "enable=no"])
    try await tmux.wait("the screen") { $0.contains("FOLLOW") }
    let id = try #require(try await tmux.programID)
    kill(id, signal)
    try await tmux.wait("the shell") { $0.contains("exit \(128 + signal)") && !$0.contains("FOLLOW") }
    try await tmux.send("stty -a", "Enter")
    try await tmux.wait("a sane terminal") { $0.contains(" echo ") && $0.contains(" icanon ") }
  }

  @Test func aKilledSessionGoesOnWhereItWas() async throws {
    try put(1)
    var tmux = try await start()
    try await tmux.wait("the frame") { $0.contains("wedge_1") && $0.contains("accept") }
    try await tmux.send("m")
    try await tmux.wait("the mark") { $0.contains("▸●") }
    let id = try #require(try await tmux.programID)
    kill(id, SIGKILL)
    try await tmux.wait("the shell") { $0.contains("exit 137") }
    try put(2)
    tmux = try await start()
    try await tmux.wait("both frames, each once") {
      $0.contains("wedge_2") && $0.contains("wedge_1") && $0.contains("●")
    }
    try await tmux.send("q")
    try await tmux.wait("the end") { $0.contains("exit 0") }
    let check = try await Program.run(["check", session])
    #expect(check.code == 0)
  }

  @Test func aSessionCanBeReplayed() async throws {
    try put(1)
    try put(2)
    let watch = try await start()
    try await watch.wait("both frames") {
      $0.contains("wedge_1") && $0.contains("wedge_2") && $0.contains("accept")
    }
    try await watch.send("q")
    try await watch.wait("the end") { $0.contains("exit 0") }
    let tmux = try await Tmux("\(Program.path) replay \(session)", environment: ["TERM": "tmux-256color"])
    try await tmux.wait("the replay") {
      $0.contains("REPLAY") && $0.contains("wedge_1") && $0.contains("accept")
    }
    try await tmux.send(",")
    try await tmux.wait("one event back") { screen in
      guard let mode = screen.firstMatch(of: /REPLAY (\d+)\/(\d+)/) else { return false }
      return mode.1 != mode.2
    }
    let verified = try await Program.run(["replay", session, "--verify"])
    #expect(verified.code == 0, "\(verified)")
  }

  @Test(arguments: ["xterm-256color", "screen", "linux", "tmux-256color", "vt100"])
  func everyTerminalShowsAReadablePicture(term: String) async throws {
    try put(1)
    let tmux = try await start(environment: ["TERM": term, "LC_ALL": "C.UTF-8"])
    try await tmux.wait("the frame on \(term)") {
      $0.contains("wedge_1") && $0.contains("Measured 1") && $0.contains("accept")
    }
  }

  @Test func withoutColourAndUnicodeThePictureIsASCII() async throws {
    try put(1)
    let tmux = try await start(environment: ["NO_COLOR": "1", "LC_ALL": "C"])
    try await tmux.wait("the frame") { $0.contains("wedge_1") && $0.contains("accept") }
    let screen = try await tmux.screen
    let isASCII = screen.unicodeScalars.allSatisfy { $0.isASCII }
    #expect(isASCII)
  }

  @Test func aTerminalThatCannotPlaceTextGetsSentences() async throws {
    try put(1)
    let tmux = try await start(environment: ["TERM": "dumb"])
    try await tmux.wait("a sentence") { $0.contains("File 1 wedge_1.tif: frame accept") }
  }

  @Test func aSessionIsHeldByLinesAlone() async throws {
    try put(1)
    try put(2)
    let tmux = try await Tmux(
      "\(Program.path) watch \(frames) --session \(session) --line --control",
      environment: ["TERM": "dumb"])
    try await tmux.wait("results") { $0.contains("File 1") && $0.contains("File 2") }
    try await tmux.send("note last:2 both are good", "Enter")
    try await tmux.wait("an answer") { $0.contains("Done: ") }
    try await tmux.send("shwo 1", "Enter")
    try await tmux.wait("a hint") { $0.contains("is show meant?") }
    try await tmux.send("quit", "Enter")
    try await tmux.wait("the end") { $0.contains("exit 0") }
    let state = try SessionFile(path: session).state().state
    #expect(state.isClosed && state.files.allSatisfy { $0.notes == ["both are good"] })
  }

  @Test func theDemoNeedsNoSetUp() async throws {
    let tmux = try await Tmux(
      "\(Program.path) demo --engine frame --rate 10 --size 64", environment: ["TERM": "tmux-256color"])
    try await tmux.wait("frames of the simulated microscope") {
      $0.contains("disc_0003") && $0.contains("accept")
    }
    try await tmux.wait("its accidents") { $0.contains("BAD") && $0.contains("SAT") }
    try await tmux.send("q")
    try await tmux.wait("the end or the question") { $0.contains("exit 0") || $0.contains("Quit? y/n") }
    try await tmux.send("y")
    try await tmux.wait("the end") { $0.contains("exit 0") }
  }
}
