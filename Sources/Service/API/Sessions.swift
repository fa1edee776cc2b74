import Diffraction
import FrameFormats
import JSON
import LiveSession
import System

extension Service {
  static func listSessions(_ service: Service, _ call: Call) throws -> Response {
    .json(
      .object([
        "sessions": .list(
          service.sessions.list().prefix(200).map { entry in
            .object([
              "id": .text(entry.id), "changed": .text(Timestamp.text(unixMilliseconds: entry.modified)),
            ])
          })
      ]))
  }

  /// What a page needs to show a session: counts, alarms, the newest rows.
  static func showSession(_ service: Service, _ call: Call) throws -> Response {
    let count = call.query("rows").flatMap { Int($0) } ?? 100
    guard 0...1000 ~= count else { throw Refusal(422, "rows: a number from 0 to 1000 is needed") }
    return try service.sessions.follow(call["id"]) { follower in
      let state = follower.state
      let rows = state.files.suffix(count).reversed().filter { $0.status != nil }
      return .json(
        .object([
          "id": .text(call["id"]), "folder": .text(state.session?.folders.first ?? ""),
          "sample": .text(state.session?.sample ?? ""), "files": .integer(state.fileCount),
          "results": .integer(state.resultCount), "refused": .integer(state.badCount),
          "last_seq": .integer(state.lastSequence), "is_closed": .bool(state.isClosed),
          "alarms": .list(state.alarms.suffix(50).map(\.json)), "rows": .list(rows.map { $0.json(state) }),
        ]))
    }
  }

  /// Server-sent events: the lines as they come, or from a line on.
  static func sessionEvents(_ service: Service, _ call: Call) throws -> Response {
    let start: LineStream.Start
    if let text = call.query("from") ?? call.request.head.headers["last-event-id"], text != "newest" {
      guard let number = Int(text), number >= 0 else {
        throw Refusal(422, "from: newest, or the number of a line, is needed")
      }
      // The header names the last line that was heard.
      start = .line(call.query("from") == nil ? number + 1 : number)
    } else {
      start = .newest
    }
    return Response(
      type: "text/event-stream", body: .stream(try service.sessions.lines(of: call["id"], from: start)))
  }

  /// A file's whole record: that of the run that counts.
  static func sessionResult(_ service: Service, _ call: Call) throws -> Response {
    let result = try service.sessions.follow(call["id"]) { follower in
      let row = try row(call, follower.state)
      guard let result = follower.result(of: row) else {
        throw Refusal.notFound("result of file \(call["file"])")
      }
      return result
    }
    let line = SessionEvent.result(result).line(
      Stamp(sequence: 1, unixMilliseconds: 0, monotonicNanoseconds: 0))
    return .bytes(line, type: "application/json")
  }

  /// The first frame of a file of the session, as it lies in the folder now.
  static func sessionPicture(_ service: Service, _ call: Call) throws -> Response {
    let (path, engine) = try service.sessions.follow(call["id"]) { follower in
      let row = try row(call, follower.state)
      return (FilePath.absolute(row.path, in: follower.state.session?.folders.first ?? ""), row.run?.engine)
    }
    do throws(FileRefusal) {
      let frame = try service.analyst.files.open(path).frame(at: 0)
      let signal = engine.flatMap { service.analyst.engine(named: $0)?.signal } ?? .other
      return .bytes(service.host.picture(frame.pixels, signal), type: "image/png")
    } catch {
      throw Refusal(404, "file \(call["file"]): \(error.reason)")
    }
  }

  private static func row(_ call: Call, _ state: SessionState) throws -> FileRow {
    guard let number = Int(call["file"]), let row = state[file: number] else {
      throw Refusal.notFound("file \(call["file"].prefix(20))")
    }
    return row
  }
}

extension FileRow {
  fileprivate func json(_ state: SessionState) -> JSONValue {
    var members: [String: JSONValue] = [
      "file_id": .integer(id), "name": .text(RawPath(bytes: PathText.bytes(String(name))).display),
      "state": .text(status?.rawValue ?? ""),
      "time": .text(Timestamp.text(unixMilliseconds: unixMilliseconds)),
      "is_marked": .bool(isMarked), "is_excluded": .bool(isExcluded),
    ]
    if !reason.isEmpty { members["reason"] = .text(reason) }
    guard let run else { return .object(members) }
    members["engine"] = .text(run.engine)
    members["verdict"] = .text(run.verdict.rawValue)
    members["codes"] = .list(run.codes.map { .text($0) })
    if let probability = run.probability { members["probability"] = .number(Double(probability)) }
    var values: [String: JSONValue] = [:]
    for column in state.columns[run.engine] ?? [] {
      guard let value = state.value(column.name, of: run) else { continue }
      values[column.name] = .object([
        "value": .number(Double(Float(value).description) ?? value), "unit": .text(column.unit),
      ])
    }
    members["values"] = .object(values)
    return .object(members)
  }
}

extension Alarm {
  fileprivate var json: JSONValue {
    .object([
      "code": .text(code), "text": .text(text), "severity": .text(severity.rawValue),
      "is_acknowledged": .bool(isAcknowledged),
      "has_ended": .bool(hasEnded),
    ])
  }
}
