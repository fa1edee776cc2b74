import System
import Dispatch
import FolderWatch
import FrameFormats
import Glibc
import LiveSession

let demoVerb = Verb(
  name: "demo", operands: "", summary: "a simulated microscope and the live screen on its folder: no set-up",
  options: [
    Verb.Option(
      "--engine", "NAME", "whose specimen: \(specimens.map(\.name).joined(separator: ", ")), all (pacbed)"),
    Verb.Option("--rate", "N", "frames a second (2; of frame-scaling 0.1)"),
    Verb.Option("--size", "N", "pixels along an edge (256)"),
    ScreenOptions.pixels,
    Verb.Option("--line", nil, "one plain sentence an event, no screen"),
    Verb.Option("--json", nil, "the session's lines on standard output, no screen"),
    Verb.Option("--keep", nil, "leave the frames and the session where they are"),
  ],
  run: { arguments in
    let specimen = arguments["--engine"] ?? "pacbed"
    let own = specimens.first { $0.name == specimen }?.rate ?? 2
    let rate = try arguments.number("--rate", own, in: 0.01...1000)
    let size = try arguments.number("--size", 256, in: 16...4096)
    guard specimen == "all" || specimens.contains(where: { $0.name == specimen }) else {
      throw UsageError(
        "--engine \(specimen): is none of \(specimens.map(\.name).joined(separator: ", ")), all")
    }
    let folder = try Folder.makeTemporary("ewald-demo")
    defer { if !arguments.has("--keep") { Folder.removeTree(folder) } }
    let frames = folder + "/acquisition"
    try Folder.make(frames)
    let microscope = try Child.start([
      "simulated-microscope", frames, "--rate", String(rate), "--size", String(Int(size)),
      "--specimen", specimen,
    ])
    defer { microscope.stop() }
    var options = Session.Options()
    for piece in specimens { options.settings[piece.name] = piece.settings(Int(size)) }
    let code = try await watchFolder(
      frames, engine: specimen == "all" ? Analyst.suitable : specimen, options: options,
      watch: WatchOptions(),
      path: folder + "/demo.session.jsonl", sample: "simulated: \(specimen)", surface: Surface(arguments),
      screen: try ScreenOptions.settings(arguments))
    if arguments.has("--keep") { Console.message("kept: \(folder)") }
    return code
  })
