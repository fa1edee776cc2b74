import System
import Diffraction
import FrameFormats

extension SessionExport {
  /// Rows of the page's table; the whole table is the CSV file's.
  static let summaryRows = 1000

  /// A part of the page that others draw: its markup is taken as it stands.
  package struct Chapter: Sendable {
    package var title: String
    package var markup: String

    package init(_ title: String, _ markup: String) {
      self.title = title
      self.markup = markup
    }
  }

  /// Writes one page that needs nothing beside it: facts, counts, the chapters, a table.
  @discardableResult
  package static func summary(
    _ session: SessionFile, to path: String, overwrite: Overwrite = .refuse, chapters: [Chapter] = []
  ) throws(SessionFileError) -> Int {
    let table = try SessionTable(session)
    let file = try ExportFile(path: path, overwrite: overwrite)
    let title = "Session \(table.state.sessionID?.description ?? "")"
    try file.write(
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <meta http-equiv="Content-Security-Policy" content="\(HTML.policy)">
      <title>\(HTML.escape(title))</title><style>
      body{font:14px sans-serif;margin:2em;color:#222}table{border-collapse:collapse;margin:1em 0}
      td,th{border:1px solid #ccc;padding:2px 8px;text-align:left}td.n{text-align:right}
      svg{display:block;margin:0 0 1em}.bad{color:#a00}
      </style></head><body><h1>\(HTML.escape(title))</h1>

      """)
    try file.write(facts(table))
    for chapter in chapters {
      try file.write("<h2>\(HTML.escape(chapter.title))</h2>\n\(chapter.markup)")
    }
    let count = try writeTable(table, into: file)
    try file.write("</body></html>\n")
    try file.finish()
    return count
  }

  private static func facts(_ table: SessionTable) -> String {
    let state = table.state
    var facts: [(String, String)] = []
    if let session = state.session {
      facts += [
        ("program", "\(session.program) \(session.version) (\(session.commit))"), ("system", session.system),
      ]
      let optional = [
        ("host", session.host), ("user", session.user), ("operator", session.operatorName),
        ("sample", session.sample),
      ]
      for case (let name, let value?) in optional { facts.append((name, value)) }
      facts += session.folders.map { ("folder", SessionTable.display($0)) }
      facts += session.models.map { ("model", "\($0.id) \($0.sha256)") }
      facts += session.settings.sorted { $0.key < $1.key }.map { ("setting \($0.key)", $0.value) }
    }
    facts += [
      ("files", "\(state.fileCount)"), ("results", "\(state.resultCount)"),
      ("bad files", "\(state.badCount)"),
      ("closed", state.isClosed ? "yes" : "no"), ("unreadable lines", "\(table.problems.count)"),
      ("missing line numbers", "\(state.sequenceGaps)"),
    ]
    let rows = facts.map { "<tr><th>\(HTML.escape($0.0))</th><td>\(HTML.escape($0.1))</td></tr>\n" }
    return "<table>\n\(rows.joined())</table>\n" + verdicts(state)
  }

  private static func verdicts(_ state: SessionState) -> String {
    var counts: [String: Int] = [:]
    for row in state.files {
      if let run = row.run { counts["\(run.engine): \(run.verdict.rawValue)", default: 0] += 1 }
    }
    let rows = counts.sorted { $0.key < $1.key }.map {
      "<tr><th>\(HTML.escape($0.key))</th><td class=\"n\">\($0.value)</td></tr>\n"
    }
    return "<h2>Verdicts</h2>\n<table>\n\(rows.joined())</table>\n"
  }

  private static func writeTable(_ table: SessionTable, into file: ExportFile) throws(SessionFileError) -> Int
  {
    let columns = table.columns.filter { $0.part == .value }.prefix(24)
    let total = table.state.files.reduce(0) { $0 + ($1.run == nil ? 0 : 1) }
    try file.write("<h2>Results</h2>\n")
    if total > summaryRows { try file.write("<p>The last \(summaryRows) of \(total).</p>\n") }
    let titles = ["time", "file", "engine", "verdict"] + columns.map(\.title) + ["reasons", "tags", "notes"]
    try file.write("<table>\n<tr>\(titles.map { "<th>\(HTML.escape($0))</th>" }.joined())</tr>\n")
    var index = 0
    try table.forEachRow(from: total - summaryRows) { row throws(SessionFileError) in
      index += 1
      var cells = [
        Timestamp.text(unixMilliseconds: row.stamp.unixMilliseconds), SessionTable.display(row.file.path),
        row.result.engine, row.result.verdict.rawValue,
      ].map { "<td>\(HTML.escape($0))</td>" }
      cells += columns.map { column in
        var line = CSVLine()
        line.number(column.value(in: row.result))
        return "<td class=\"n\">\(String(decoding: line.finish().dropLast(2), as: UTF8.self))</td>"
      }
      let words = [
        row.result.reasons.map { "\($0.code): \($0.text)" }.joined(separator: "; "),
        row.file.tags.joined(separator: "; "), row.file.notes.joined(separator: "; "),
      ]
      cells += words.map { "<td>\(HTML.escape($0))</td>" }
      let isBad = row.result.verdict != .accept
      try file.write("<tr\(isBad ? " class=\"bad\"" : "")>\(cells.joined())</tr>\n")
    }
    try file.write("</table>\n")
    return index
  }
}

package enum HTML {
  /// A page may hold what is in it and fetch nothing.
  package static let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

  /// Safe between tags and in quoted attributes; controls and direction overrides do not pass.
  package static func escape(_ text: String) -> String {
    var result = ""
    for scalar in CleanText.clean(text, limit: 4096).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
