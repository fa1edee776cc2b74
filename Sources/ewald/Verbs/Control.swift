import LiveSession

/// `--control`: commands on standard input, answers as sentences beside the events.
struct Control: Sendable {
  let session: any SessionSource
  private var state = SessionState()

  init(_ session: any SessionSource) { self.session = session }

  /// Until `quit`; true then. Where the input ends before, the session goes on by itself.
  mutating func run(_ current: @Sendable () async -> SessionState) async -> Bool {
    for await line in InputLines.stream() {
      state = await current()
      do {
        guard let request = try ControlLine.read(line, state, Ewald.engines) else { continue }
        if request == .quit { return true }
        for sentence in await answer(request) { Console.line(sentence) }
      } catch {
        Console.line("Refused: \(error)")
      }
    }
    return false
  }

  private func answer(_ request: ControlLine) async -> [String] {
    switch request {
    case .perform(let command):
      guard let reply = await session.perform(command) else { return ["Nothing to do."] }
      return ["\(reply.isProblem ? "Refused" : "Done"): \(reply.text)"]
    case .show(let frames):
      var sentences: [String] = []
      for frame in frames { sentences += await show(frame) }
      return sentences
    case .list(let frames): return frames.compactMap { state[file: $0] }.map(line)
    case .alarms:
      let standing = state.alarms.filter { !$0.isAcknowledged }
      if standing.isEmpty { return ["No alarm stands."] }
      return standing.map { "Alarm \($0.code), \(Format.count($0.count, "frame")): \($0.text)." }
    case .help: return ControlLine.verbs.map { "\($0.form): \($0.meaning)." }
    case .quit: return []
    }
  }

  private func line(_ row: FileRow) -> String {
    var text = "Frame \(row.id) \(row.name)"
    if let run = row.run {
      let name = state.columns[run.engine]?.first.map { "\($0.name) " } ?? ""
      if let value = run.values.first, value.isFinite {
        text += ": \(name)\(Format.value(Double(value), decimals: 2))"
      }
      text += ", \(run.verdict.words)"
      if !run.codes.isEmpty { text += " \(run.codes.joined(separator: " "))" }
    } else {
      text += ": \(row.status?.rawValue ?? "unknown")"
    }
    if row.isMarked { text += ", marked" }
    if row.isExcluded { text += ", excluded" }
    if !row.tags.isEmpty { text += ", tagged \(row.tags.joined(separator: " "))" }
    return text + "."
  }

  private func show(_ frame: Int) async -> [String] {
    guard let row = state[file: frame] else { return ["There is no frame \(frame)."] }
    let detail = await session.detail(of: frame)
    guard let result = detail.result else { return [line(row)] }
    let outputs = Ewald.engines.first { $0.name == result.engine }?.outputs ?? []
    let run = row.accepted.map { "run \($0 + 1) of \(row.runs.count)" } ?? "no run"
    return ["Frame \(frame), \(run):"] + FindingText.lines(result, outputs)
      + row.notes.map { "  note: \($0)" }
  }
}
