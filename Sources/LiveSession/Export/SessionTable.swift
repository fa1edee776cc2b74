import System
import Diffraction
import FrameFormats

/// The results that count, one row a file: accepted, not superseded, read in full one at a time.
struct SessionTable {
  /// A column of values: every name and unit that any engine reported.
  struct ValueColumn: Hashable {
    enum Part: String, Hashable, CaseIterable {
      case value = "", low = "_lo", high = "_hi", probability = "_probability"
    }
    var name: String
    var unit: String
    var part: Part

    /// `thickness_nm`, `thickness_nm_lo`, `thickness_probability`; a plain number has no suffix.
    var title: String {
      part == .probability ? name + part.rawValue : name + Self.suffix(unit) + part.rawValue
    }

    private static func suffix(_ unit: String) -> String {
      if unit.isEmpty || unit == "1" { return "" }
      var text = ""
      for scalar in unit.unicodeScalars {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": text.unicodeScalars.append(scalar)
        case "µ", "μ": text += "u"
        case "Å": text += "A"
        case "°": text += "deg"
        case "%": text += "percent"
        case "/": text += text.isEmpty || text == "1" ? "per_" : "_per_"
        case "²": text += "2"
        default: text += "_"
        }
      }
      return "_" + (text.hasPrefix("1per_") ? String(text.dropFirst()) : text)
    }

    func value(in record: ResultRecord) -> Double? {
      guard let quantity = record.values.first(where: { $0.name == name && $0.unit == unit }) else {
        return nil
      }
      switch part {
      case .value: return quantity.value
      case .low: return quantity.low
      case .high: return quantity.high
      case .probability: return quantity.probability
      }
    }
  }

  struct Row {
    var file: FileRow
    var result: ResultRecord
    var stamp: Stamp
  }

  let session: SessionFile
  let state: SessionState
  let problems: [LineProblem]
  private(set) var columns: [ValueColumn] = []
  /// Every model that spoke.
  private(set) var models: [ModelIdentity] = []
  private(set) var firstTime: Int?
  private(set) var lastTime = 0
  /// Where it was last said what a file holds.
  private var contentLines: [Int: Int] = [:]

  init(_ session: SessionFile) throws(SessionFileError) {
    self.session = session
    var state = SessionState()
    var columns = ColumnList()
    var models: [ModelIdentity] = []
    var times: (first: Int?, last: Int) = (nil, 0)
    var contentLines: [Int: Int] = [:]
    problems = session.forEachEvent(.summary) { recorded, offset in
      guard let event = recorded.event else { return state.skip(recorded.stamp) }
      state.apply(event, recorded.stamp, offset: offset)
      times = (times.first ?? recorded.stamp.unixMilliseconds, recorded.stamp.unixMilliseconds)
      if case .file(let record) = event, record.content != nil { contentLines[record.fileID] = offset }
      guard case .result(let record) = event else { return }
      columns.add(record)
      if let model = record.model, !models.contains(model), models.count < 1000 { models.append(model) }
    }
    guard state.sessionID != nil else {
      throw SessionFileError(.notASession, "\(session.path): not a session file: it has no session line")
    }
    self.state = state
    self.columns = columns.sorted
    self.models = models
    self.contentLines = contentLines
    (firstTime, lastTime) = times
  }

  func content(of row: FileRow) -> String? {
    guard let offset = contentLines[row.id], case .file(let record)? = session.event(at: offset) else {
      return nil
    }
    return record.content
  }

  /// Calls `body` for every row from number `start` on.
  func forEachRow(
    from start: Int = 0, _ body: (Row) throws(SessionFileError) -> Void
  ) throws(SessionFileError) {
    var index = 0
    for file in state.files where file.run != nil {
      defer { index += 1 }
      guard index >= start, let offset = file.run?.offset, let recorded = session.recorded(at: offset),
        case .result(let result)? = recorded.event
      else { continue }
      try body(Row(file: file, result: result, stamp: recorded.stamp))
    }
  }

  /// A file's name for people and tables: stray bytes and control characters spelled out.
  static func display(_ path: String) -> String { RawPath(bytes: PathText.bytes(path)).display }
}

/// Columns in the order in which their values were first reported, the parts of one value together.
private struct ColumnList {
  private var order: [SessionTable.ValueColumn] = []
  private var known: Set<SessionTable.ValueColumn> = []

  mutating func add(_ record: ResultRecord) {
    for value in record.values {
      add(value, .value, true)
      add(value, .low, value.low != nil)
      add(value, .high, value.high != nil)
      add(value, .probability, value.probability != nil)
    }
  }

  private mutating func add(_ value: Quantity, _ part: SessionTable.ValueColumn.Part, _ isThere: Bool) {
    guard isThere else { return }
    let column = SessionTable.ValueColumn(name: value.name, unit: value.unit, part: part)
    // A session of hostile names must not become a table of a million columns.
    if known.count < 1000, known.insert(column).inserted { order.append(column) }
  }

  var sorted: [SessionTable.ValueColumn] {
    let values = order.filter { $0.part == .value }
    return values.flatMap { value in
      SessionTable.ValueColumn.Part.allCases.compactMap { part in
        let column = SessionTable.ValueColumn(name: value.name, unit: value.unit, part: part)
        return known.contains(column) ? column : nil
      }
    }
  }
}
