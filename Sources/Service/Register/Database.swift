import CSQLite
import JSON
import Synchronization
import System

/// A SQLite file that is written whole or not at all. One connection, one statement at a time.
package final class Database: Sendable {
  package enum Value: Sendable, Equatable {
    case null
    case integer(Int)
    case real(Double)
    case text(String)

    package var string: String? { if case .text(let text) = self { text } else { nil } }
    package var int: Int? { if case .integer(let number) = self { number } else { nil } }
    package var double: Double? {
      switch self {
      case .real(let number): number
      case .integer(let number): Double(number)
      default: nil
      }
    }
  }

  package struct Failure: Error, CustomStringConvertible { package let description: String }

  package typealias Row = [String: Value]

  private struct Handle: @unchecked Sendable { var pointer: OpaquePointer? }
  private let handle: Mutex<Handle>

  /// Opens or makes the file and brings its tables up to `schema`, one entry a version.
  package init(path: String, schema: [String]) throws {
    var pointer: OpaquePointer?
    let code = sqlite3_open_v2(
      path, &pointer, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nil)
    handle = Mutex(Handle(pointer: pointer))
    guard code == SQLITE_OK, let pointer else {
      throw Failure(description: "\(path): \(String(cString: sqlite3_errstr(code)))")
    }
    sqlite3_busy_timeout(pointer, 5000)
    // What has been said to a client must outlast a loss of power.
    try run("PRAGMA journal_mode = WAL")
    try run("PRAGMA synchronous = FULL")
    let version = try rows("PRAGMA user_version").first?["user_version"]?.int ?? 0
    guard version <= schema.count else {
      throw Failure(description: "\(path): was written by a later version of the program")
    }
    for (number, text) in schema.enumerated() where number >= version {
      try transaction { database in
        for statement in text.split(separator: ";") where !statement.trimmed.isEmpty {
          try database.run(String(statement))
        }
        try database.run("PRAGMA user_version = \(number + 1)")
      }
    }
  }

  deinit { handle.withLock { _ = sqlite3_close_v2($0.pointer) } }

  @discardableResult
  package func run(_ sql: String, _ values: Value...) throws -> Int {
    try handle.withLock { handle in
      _ = try Self.execute(sql, values, handle.pointer)
      return Int(sqlite3_changes(handle.pointer))
    }
  }

  package func rows(_ sql: String, _ values: Value...) throws -> [Row] {
    try handle.withLock { try Self.execute(sql, values, $0.pointer) }
  }

  /// All of it or nothing.
  private func transaction(_ body: (Database) throws -> Void) throws {
    try run("BEGIN IMMEDIATE")
    do {
      try body(self)
      try run("COMMIT")
    } catch {
      _ = try? run("ROLLBACK")
      throw error
    }
  }

  private static func execute(_ sql: String, _ values: [Value], _ database: OpaquePointer?) throws -> [Row] {
    func failure() -> Failure {
      Failure(description: "the register: \(String(cString: sqlite3_errmsg(database)))")
    }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { throw failure() }
    defer { sqlite3_finalize(statement) }
    for (index, value) in values.enumerated() {
      let at = Int32(index + 1)
      let code =
        switch value {
        case .null: sqlite3_bind_null(statement, at)
        case .integer(let number): sqlite3_bind_int64(statement, at, Int64(number))
        case .real(let number): sqlite3_bind_double(statement, at, number)
        case .text(let text): csqlite_bind_text(statement, at, text, Int32(clamping: text.utf8.count))
        }
      guard code == SQLITE_OK else { throw failure() }
    }
    var rows: [Row] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_DONE: return rows
      case SQLITE_ROW:
        var row: Row = [:]
        for column in 0..<sqlite3_column_count(statement) {
          guard let name = sqlite3_column_name(statement, column) else { continue }
          let value: Value =
            switch sqlite3_column_type(statement, column) {
            case SQLITE_INTEGER: .integer(Int(sqlite3_column_int64(statement, column)))
            case SQLITE_FLOAT: .real(sqlite3_column_double(statement, column))
            case SQLITE_TEXT:
              sqlite3_column_text(statement, column).map { .text(String(cString: $0)) } ?? .null
            default: .null
            }
          row[String(cString: name)] = value
        }
        rows.append(row)
      default: throw failure()
      }
    }
  }
}
