import Diffraction
import LiveSession
import TerminalUI

/// The chapters of a session's page that are drawn: the trend of every value, what happened, settings, and the sheets
/// of chosen frames.
enum SessionPage {
  /// A page is for reading: more sheets than these make it a file that no browser opens.
  static let mostSheets = 100

  static func chapters(
    _ state: SessionState, _ file: SessionFile, _ source: any SessionSource, engines: [any AnalysisEngine],
    frames: [Int]
  ) async -> [SessionExport.Chapter] {
    var chapters = trends(state)
    chapters += [events(state), settings(file)].compactMap { $0 }
    if let sheets = await sheets(state, source, engines, frames) { chapters.append(sheets) }
    return chapters
  }

  /// Marked frames, in their order.
  static func marked(_ state: SessionState) -> [Int] { state.files.filter(\.isMarked).map(\.id) }

  private static func trends(_ state: SessionState) -> [SessionExport.Chapter] {
    state.columns.keys.sorted().compactMap { engine in
      let figures = (state.columns[engine] ?? []).indices.prefix(60).compactMap {
        TrendFigure(state, engine: engine, column: $0)
      }
      guard !figures.isEmpty else { return nil }
      let markup = figures.map { $0.plate(width: 900).svg(label: "trend") }.joined()
      return SessionExport.Chapter("Trends, \(engine)", markup)
    }
  }

  private static func events(_ state: SessionState) -> SessionExport.Chapter? {
    let rows = state.events
    guard !rows.isEmpty else { return nil }
    return table(
      "Alarms and events", ["time", "", "code", "frame", "what", "times"],
      rows.map { row in
        [
          Timestamp.text(unixMilliseconds: row.unixMilliseconds),
          row.isStanding ? row.isOver ? "over" : "stands" : row.severity?.rawValue ?? "", row.code,
          row.fileID.map { "\($0)" } ?? "", row.text, row.count > 1 ? "\(row.count)" : "",
        ]
      })
  }

  private static func settings(_ file: SessionFile) -> SessionExport.Chapter? {
    var rows: [[String]] = []
    _ = file.forEach { event, stamp in
      guard case .setting(let record) = event, rows.count < 10_000 else { return }
      rows.append([
        Timestamp.text(unixMilliseconds: stamp.unixMilliseconds), record.engine, record.name, record.old,
        record.new,
      ])
    }
    return rows.isEmpty
      ? nil : table("Settings from then on", ["time", "engine", "setting", "before", "after"], rows)
  }

  private static func sheets(
    _ state: SessionState, _ source: any SessionSource, _ engines: [any AnalysisEngine], _ frames: [Int]
  ) async -> SessionExport.Chapter? {
    var markup = ""
    for id in frames.prefix(mostSheets) {
      guard let row = state[file: id] else { continue }
      var detail = await source.detail(of: id)
      if detail.result != nil { detail.drawn = await source.exhibits(of: detail) }
      let name = HTML.escape("\(id)  \(row.name)")
      let engine = engines.first { $0.name == detail.result?.engine }
      let origin = detail.result.map { result in
        Origin.lines(
          of: result, detail.summary, run: row.accepted.map { ($0 + 1, row.runs.count) },
          session: state.session, row: row)
      }
      guard let sheet = ValidationSheet(detail, engine, origin: origin ?? []) else {
        markup += "<p>\(name): \(HTML.escape(detail.problem ?? "no finding"))</p>\n"
        continue
      }
      markup += "<details><summary>\(name), \(HTML.escape(sheet.result.verdict.words))</summary>\n"
      markup += sheet.plate.svg(label: name) + "</details>\n"
    }
    if frames.count > mostSheets { markup += "<p>The first \(mostSheets) of \(frames.count).</p>\n" }
    return markup.isEmpty ? nil : SessionExport.Chapter("Frames", markup)
  }

  private static func table(_ title: String, _ heads: [String], _ rows: [[String]]) -> SessionExport.Chapter {
    let head = heads.map { "<th>\(HTML.escape($0))</th>" }.joined()
    let body = rows.map { row in "<tr>\(row.map { "<td>\(HTML.escape($0))</td>" }.joined())</tr>\n" }
    return SessionExport.Chapter(title, "<table>\n<tr>\(head)</tr>\n\(body.joined())</table>\n")
  }
}
