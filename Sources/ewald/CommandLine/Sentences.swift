import LiveSession

/// `--line`: one plain sentence an event, for screen readers and logs. Everything that the screen shows of
/// what happened is said here too.
enum Sentences {
  static func say(_ event: SessionEvent, _ stamp: Stamp) {
    guard let text = sentence(event) else { return }
    Console.line("\(Timestamp.clockText(unixMilliseconds: stamp.unixMilliseconds)) \(text)")
  }

  static func sentence(_ event: SessionEvent) -> String? {
    switch event {
    case .session(let record): "Session \(record.id) watches \(record.folders.joined(separator: ", "))."
    case .resume(let record): "Session \(record.id) continues on \(record.folders.joined(separator: ", "))."
    case .file(let file): sentence(file)
    case .result(let result): sentence(result)
    case .accept(let record): "File \(record.fileID): another run was accepted."
    case .note(let note):
      "File \(note.fileID): \(note.kind.rawValue)\(note.text.isEmpty ? "" : " \"\(note.text)\"")."
    case .setting(let setting): "\(setting.engine): \(setting.name) is now \(setting.new)."
    case .acknowledge(let record): "Alarm \(record.code) was acknowledged."
    case .event(let happening): "\(happening.text)."
    case .checkpoint: nil
    case .end(let end): "Session closed: \(end.files) files, \(end.results) results."
    }
  }

  private static func sentence(_ file: FileRecord) -> String? {
    let name = "File \(file.fileID) \(file.path)"
    switch file.status {
    case .done, .queued, .reading, .settling, .waiting, .skipped: return nil
    case .partial: return "\(name) is growing: \(file.reason ?? "")."
    case .refused: return "\(name) was refused: \(file.reason ?? "")."
    case .timedOut: return "\(name): \(file.reason ?? "")."
    case .gone: return "\(name) is gone."
    case .duplicate: return "\(name): \(file.reason ?? "")."
    }
  }

  private static func sentence(_ result: ResultRecord) -> String {
    let values = result.values.prefix(4).map {
      "\($0.name) \(Format.value($0.value, decimals: 2))\($0.unit == "1" ? "" : " \($0.unit)")"
    }
    var text = "File \(result.fileID) \(result.file): \(result.engine) \(result.verdict.rawValue)"
    if !values.isEmpty { text += ", " + values.joined(separator: ", ") }
    for reason in result.reasons { text += ". \(reason.code): \(reason.text)" }
    return text + "."
  }
}
