import FrameFiles

/// The process that opens files for another ewald; see `WorkerReader`.
let readWorkerVerb = Verb(
  name: "read-worker", operands: "", summary: "open files for another ewald", options: [FileOptions.raw],
  isHidden: true,
  run: { arguments in WorkerMain.run(raw: try FileOptions.layout(arguments)) })

/// What a user says about files that do not say it themselves.
enum FileOptions {
  static let raw = Verb.Option(
    "--raw", "WxH:TYPE[:HEADER[:GAP]]",
    "files of bare numbers, such as 256x256:uint16 (>uint16: big end first)")

  static func layout(_ arguments: Arguments) throws -> RawLayout? {
    guard let text = arguments["--raw"] else { return nil }
    guard let layout = RawLayout(text) else {
      throw UsageError("--raw \(text): WxH:TYPE is needed, such as 256x256:uint16, and bytes to skip")
    }
    return layout
  }

  /// The reading process with the same description of raw files.
  static func worker(_ arguments: Arguments) throws -> [String] {
    _ = try layout(arguments)
    return [readWorkerVerb.name] + (arguments["--raw"].map { ["--raw", $0] } ?? [])
  }
}
