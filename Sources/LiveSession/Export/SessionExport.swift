import JSON
import System
import Diffraction

/// Takes a session out of its file: as a table, as a page, as a package for an archive. The session file is
/// only read, and an export's files appear whole or not at all.
package enum SessionExport {
  /// Writes one row a result that counts, as RFC 4180 has it, in UTF-8. Returns the number of rows.
  @discardableResult
  package static func csv(
    _ session: SessionFile, to path: String, overwrite: Overwrite = .refuse
  ) throws(SessionFileError) -> Int {
    try csv(try SessionTable(session), to: path, overwrite).rows
  }

  static func csv(
    _ table: SessionTable, to path: String, _ overwrite: Overwrite
  ) throws(SessionFileError) -> (rows: Int, bytes: Int, sha256: String) {
    let file = try ExportFile(path: path, overwrite: overwrite)
    var line = CSVLine()
    for title in ["file", "file_id", "revision", "frame", "engine", "verdict", "reasons"] { line.text(title) }
    for column in table.columns { line.text(column.title) }
    for title in ["model", "tags", "notes", "marked", "excluded", "time"] { line.text(title) }
    try file.write(line.finish())
    var rows = 0
    try table.forEachRow { row throws(SessionFileError) in
      line.text(SessionTable.display(row.file.path))
      line.integer(row.file.id)
      line.integer(row.file.revision)
      line.integer(row.result.frame)
      line.text(row.result.engine)
      line.text(row.result.verdict.rawValue)
      line.text(row.result.reasons.map { "\($0.code): \($0.text)" }.joined(separator: "; "))
      for column in table.columns { line.number(column.value(in: row.result)) }
      line.text(row.result.model.map { "\($0.id) \($0.sha256)" } ?? "")
      line.text(row.file.tags.joined(separator: "; "))
      line.text(row.file.notes.joined(separator: "\n"))
      line.boolean(row.file.isMarked)
      line.boolean(row.file.isExcluded)
      line.text(Timestamp.text(unixMilliseconds: row.stamp.unixMilliseconds))
      try file.write(line.finish())
      rows += 1
    }
    let sha256 = try file.finish()
    return (rows, file.byteCount, sha256)
  }
}

/// One record of a CSV file.
struct CSVLine {
  private var bytes: [UInt8] = []
  private var isEmpty = true

  /// A spreadsheet runs a text that begins like a formula, and a file's name is anybody's: such texts get
  /// an apostrophe in front.
  mutating func text(_ text: String) {
    separate()
    var cell: [UInt8] = []
    if let first = text.utf8.first, "=+-@\t\r\n".utf8.contains(first) { cell.append(UInt8(ascii: "'")) }
    cell.append(contentsOf: text.utf8.filter { $0 != 0 })
    guard cell.contains(where: { ",\"\r\n".utf8.contains($0) }) else {
      bytes.append(contentsOf: cell)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in cell {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Empty where nothing is known.
  mutating func number(_ value: Double?) {
    separate()
    guard let value, value.isFinite else { return }
    var json = JSONWriter()
    json.number(value)
    bytes.append(contentsOf: json.bytes)
  }

  mutating func integer(_ value: Int?) {
    separate()
    if let value { bytes.append(contentsOf: String(value).utf8) }
  }

  mutating func boolean(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "True" : "False").utf8)
  }

  /// The record with its line end; the next one begins empty.
  mutating func finish() -> [UInt8] {
    defer {
      bytes.removeAll(keepingCapacity: true)
      isEmpty = true
    }
    return bytes + [13, 10]
  }

  private mutating func separate() {
    if !isEmpty { bytes.append(UInt8(ascii: ",")) }
    isEmpty = false
  }
}
