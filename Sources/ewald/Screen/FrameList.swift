import LiveSession
import TerminalUI

/// Which frames are listed, in what order, and where the cursor is.
package struct FrameList {
  package enum Order: String, CaseIterable, Sendable { case time, name, value, verdict }

  package var order = Order.time
  /// By engine the value that is listed, sorted by and trended, where it is not the first.
  package var values: [String: String] = [:]
  /// By engine the further values that have a column, where there is room.
  package var further: [String: [String]] = [:]
  package private(set) var filter = Filter()
  package private(set) var filterText = ""
  /// A file's number; the row moves, the file stays.
  package var cursor: Int?
  package var scroll = ListScroll()
  /// Nil while everything is shown by time, newest first: then place and number follow from each other,
  /// and a folder of a hundred thousand files costs nothing.
  private var listed: [Int]?
  private var total = 0

  package init() {}

  package var count: Int { listed?.count ?? total }

  package func id(at place: Int) -> Int { listed?[place] ?? total - place }

  package func place(of id: Int) -> Int? {
    if let listed { return listed.firstIndex(of: id) }
    return 1...max(1, total) ~= id ? total - id : nil
  }

  package mutating func setFilter(_ text: String) throws(Filter.Invalid) {
    filter = try Filter(text)
    filterText = text
  }

  package mutating func refresh(_ state: SessionState) {
    total = state.files.count
    if filter.isEmpty, order == .time, state.fileCount == total {
      listed = nil
    } else {
      let rows = state.files.filter { $0.status != nil && filter.matches($0, state) }
      listed = sorted(rows, state)
    }
    if let id = cursor, place(of: id) == nil { cursor = nil }
    if cursor == nil, count > 0 { cursor = id(at: 0) }
  }

  /// The place of the engine's value among its columns.
  package func column(of engine: String, _ state: SessionState) -> Int {
    values[engine].flatMap { name in state.columns[engine]?.firstIndex { $0.name == name } } ?? 0
  }

  /// What stands in the list for a row; nil where nothing was said.
  package func value(_ run: RunRow, _ state: SessionState) -> Double? {
    let column = column(of: run.engine, state)
    guard run.values.indices.contains(column), !run.values[column].isNaN else { return nil }
    return Double(run.values[column])
  }

  private func sorted(_ rows: [FileRow], _ state: SessionState) -> [Int] {
    switch order {
    case .time: return rows.reversed().map(\.id)
    case .name: return rows.map { ($0.id, $0.path) }.sorted { $0.1 < $1.1 }.map(\.0)
    case .value:
      let keyed = rows.map { row in (row.id, row.run.flatMap { value($0, state) } ?? -.infinity) }
      return keyed.sorted { $0.1 == $1.1 ? $0.0 > $1.0 : $0.1 > $1.1 }.map(\.0)
    case .verdict:
      let keyed = rows.map { ($0.id, Self.rank($0)) }
      return keyed.sorted { $0.1 == $1.1 ? $0.0 > $1.0 : $0.1 > $1.1 }.map(\.0)
    }
  }

  /// Trouble first.
  private static func rank(_ row: FileRow) -> Int {
    if row.status == .refused || row.status == .timedOut { return 5 }
    switch row.run?.verdict {
    case .notAnalysable: return 4
    case .outOfDomain: return 3
    case .doubtful: return 2
    case .accept: return 1
    case nil: return 0
    }
  }
}
