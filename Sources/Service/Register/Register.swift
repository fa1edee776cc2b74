import JSON
import LiveSession
import System

/// What the service remembers: every request with its answer, and every ticket.
package struct Register: Sendable {
  let database: Database

  private static let schema = [
    """
    CREATE TABLE requests (
      id TEXT PRIMARY KEY, time INTEGER NOT NULL, token TEXT NOT NULL, client TEXT NOT NULL, path TEXT NOT NULL,
      status INTEGER NOT NULL, milliseconds REAL NOT NULL, input TEXT, name TEXT, engine TEXT, settings TEXT,
      model TEXT, result TEXT, error TEXT
    );
    CREATE INDEX requests_by_time ON requests (time);
    CREATE TABLE tickets (
      id TEXT PRIMARY KEY, created INTEGER NOT NULL, changed INTEGER NOT NULL, token TEXT NOT NULL,
      state TEXT NOT NULL, request TEXT NOT NULL, model TEXT NOT NULL, progress REAL NOT NULL, minutes_left REAL,
      message TEXT NOT NULL, inquiry TEXT, seconds REAL NOT NULL
    )
    """
  ]

  package init(path: String) throws { database = try Database(path: path, schema: Self.schema) }

  static func newIdentifier() -> Identifier {
    var random = SystemRandomNumberGenerator()
    return Identifier(
      unixMilliseconds: SessionClock.system.unixMilliseconds(), random: (random.next(), random.next()))
  }

  static var now: Int { SessionClock.system.unixMilliseconds() }
}

/// One request that was answered, with all that it takes to answer it again.
package struct LoggedRequest: Sendable {
  package var id: String
  package var unixMilliseconds: Int
  package var token: String
  package var client: String
  package var path: String
  package var status: Int
  package var milliseconds: Double
  /// SHA-256 of the file that was sent, under which it is kept.
  package var input: String?
  package var name: String?
  package var engine: String?
  package var settings: String?
  package var model: String?
  /// The result's line.
  package var result: String?
  package var error: String?
}

extension Register {
  package func add(_ request: LoggedRequest) throws {
    func text(_ text: String?) -> Database.Value { text.map { .text($0) } ?? .null }
    try database.run(
      "INSERT INTO requests VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", .text(request.id),
      .integer(request.unixMilliseconds), .text(request.token), .text(request.client), .text(request.path),
      .integer(request.status), .real(request.milliseconds), text(request.input), text(request.name),
      text(request.engine), text(request.settings), text(request.model), text(request.result),
      text(request.error))
  }

  package func request(_ id: String) throws -> LoggedRequest? {
    try database.rows("SELECT * FROM requests WHERE id = ?", .text(id)).first.map(Self.request)
  }

  /// The newest first.
  package func requests(limit: Int) throws -> [LoggedRequest] {
    try database.rows("SELECT * FROM requests ORDER BY time DESC LIMIT ?", .integer(limit)).map(Self.request)
  }

  private static func request(_ row: Database.Row) -> LoggedRequest {
    LoggedRequest(
      id: row["id"]?.string ?? "", unixMilliseconds: row["time"]?.int ?? 0, token: row["token"]?.string ?? "",
      client: row["client"]?.string ?? "", path: row["path"]?.string ?? "", status: row["status"]?.int ?? 0,
      milliseconds: row["milliseconds"]?.double ?? 0, input: row["input"]?.string, name: row["name"]?.string,
      engine: row["engine"]?.string, settings: row["settings"]?.string, model: row["model"]?.string,
      result: row["result"]?.string, error: row["error"]?.string)
  }
}

extension LoggedRequest {
  var json: JSONValue {
    var members: [String: JSONValue] = [
      "id": .text(id), "time": .text(Timestamp.text(unixMilliseconds: unixMilliseconds)),
      "token": .text(token),
      "client": .text(client), "path": .text(path), "status": .integer(status),
      "milliseconds": .number(milliseconds),
    ]
    for (key, value) in [
      ("input", input), ("file", name), ("engine", engine), ("model", model), ("error", error),
    ] {
      if let value { members[key] = .text(value) }
    }
    if let settings, let parsed = try? JSONValue(settings.utf8) { members["settings"] = parsed }
    if let result, let parsed = try? JSONValue(result.utf8) { members["result"] = parsed }
    return .object(members)
  }
}
