import Diffraction

/// Everything the screen shows of a session, folded from its events and from nothing else.
package struct SessionState: Sendable, Equatable {
  package internal(set) var sessionID: Identifier?
  package internal(set) var session: SessionRecord?
  /// Row n is file n + 1.
  package internal(set) var files = Chunked<FileRow>()
  /// For each engine, which values it reports, in the order first seen.
  package internal(set) var columns: [String: [Column]] = [:]
  package internal(set) var alarms: [Alarm] = []
  package internal(set) var lines: [LogLine] = []
  /// Settings that hold for new frames: engine, name, value.
  package internal(set) var settings: [String: [String: String]] = [:]
  package internal(set) var lastSequence = 0
  package internal(set) var sequenceGaps = 0
  package internal(set) var isClosed = false

  package internal(set) var fileCount = 0
  /// Files of which the session file has a line: what a checkpoint counts.
  package internal(set) var recordedFileCount = 0
  package internal(set) var resultCount = 0
  package internal(set) var badCount = 0
  /// The newest file that has a result: what FOLLOW shows.
  package internal(set) var newestResult: Int?

  // What rows hold many of, in few places.
  private var texts = Packer<UInt8>()
  private var numbers = Packer<Float>()
  private var codeLists: [[String]: [String]] = [:]

  /// The events pane holds this many lines; all of them are in the session file.
  static let lineLimit = 200

  package init() {}

  package subscript(file id: Int) -> FileRow? {
    guard id >= 1, id <= files.count, files[id - 1].status != nil else { return nil }
    return files[id - 1]
  }

  package func value(_ name: String, of run: RunRow) -> Double? {
    guard let index = columns[run.engine]?.firstIndex(where: { $0.name == name }), index < run.values.count,
      !run.values[index].isNaN
    else { return nil }
    return Double(run.values[index])
  }

  /// Folds one event. Pure: the same events give the same state, live or replayed.
  ///
  /// `offset` is where the event's line begins in the session file.
  package mutating func apply(_ event: SessionEvent, _ stamp: Stamp, offset: Int? = nil) {
    if event.isDurable { skip(stamp) }
    switch event {
    case .session(let record):
      sessionID = record.id
      session = record
      isClosed = false
    case .resume(let record):
      session = record
      isClosed = false
      say(stamp, "RSUM", "session continued")
    case .file(let record): apply(record, stamp)
    case .result(let record): apply(record, stamp, offset)
    case .accept(let record):
      modify(record.fileID) { row in
        if let index = row.runs.firstIndex(where: { $0.id == record.resultID }) { row.accepted = index }
      }
    case .note(let record): modify(record.fileID) { $0.apply(record) }
    case .setting(let record): settings[record.engine, default: [:]][record.name] = record.new
    case .acknowledge(let record):
      for index in alarms.indices
      where alarms[index].code == record.code || record.code == AcknowledgeRecord.everyAlarm {
        alarms[index].isAcknowledged = true
      }
      alarms.removeAll { $0.isAcknowledged && $0.hasEnded }
    case .event(let record): apply(record, stamp)
    case .checkpoint: break
    case .end: isClosed = true
    }
  }

  /// Counts a line whose content is not for this version.
  mutating func skip(_ stamp: Stamp) {
    if lastSequence > 0, stamp.sequence != lastSequence + 1 { sequenceGaps += 1 }
    lastSequence = max(lastSequence, stamp.sequence)
  }

  private mutating func apply(_ record: FileRecord, _ stamp: Stamp) {
    guard record.fileID <= files.count + 1_000_000 else { return }  // a hostile number must not eat memory
    while files.count < record.fileID { files.append(FileRow(id: files.count + 1)) }
    let index = record.fileID - 1
    let before = files[index].status
    if before == nil { fileCount += 1 }
    if !record.status.isTransient, !files[index].isRecorded {
      files[index].isRecorded = true
      recordedFileCount += 1
    }
    if record.status == .refused || record.status == .timedOut {
      if before != .refused, before != .timedOut { badCount += 1 }
      say(stamp, "BAD", "\(record.path): \(record.reason ?? "refused")", .bad, record.fileID)
    } else if before == .refused || before == .timedOut {
      badCount -= 1
    }
    for warning in record.warnings.prefix(FileRecord.warningLimit) {
      say(stamp, "NOTE", "\(record.path): \(warning)", nil, record.fileID)
    }
    files[index].setPath(record.path, &texts)
    files[index].apply(record, stamp)
  }

  private mutating func apply(_ record: ResultRecord, _ stamp: Stamp, _ offset: Int?) {
    guard record.fileID >= 1, record.fileID <= files.count else { return }
    resultCount += 1
    let index = record.fileID - 1
    let row = arrange(record.finding.values, record.engine)
    let run = RunRow(
      id: record.resultID, engine: record.engine, verdict: record.finding.verdict,
      codes: shared(record.finding.reasons.map(\.code)),
      numbers: numbers.pack(row.numbers), width: row.width,
      probability: record.finding.values.first?.probability.flatMap { $0.isFinite ? Float($0) : nil },
      offset: offset, frame: record.frame)
    files[index].runs.append(run)
    files[index].accepted = files[index].runs.count - 1
    files[index].unixMilliseconds = stamp.unixMilliseconds
    // Old files are analysed too, and when there is time: their results are not the newest frame's.
    newestResult = max(newestResult ?? record.fileID, record.fileID)
    raise(record, stamp)
  }

  private mutating func apply(_ record: IncidentRecord, _ stamp: Stamp) {
    say(stamp, record.name, record.text, IncidentRecord.Kind(rawValue: record.name)?.severity)
  }

  private mutating func modify(_ id: Int, _ body: (inout FileRow) -> Void) {
    guard id >= 1, id <= files.count else { return }
    body(&files[id - 1])
  }

  /// A line that waited for a full disk has its place now.
  mutating func place(_ placed: SessionLog.Placed) {
    modify(placed.fileID) { row in
      if let index = row.runs.firstIndex(where: { $0.id == placed.resultID }) {
        row.runs[index].offset = placed.offset
      }
    }
  }

  /// Puts values into the engine's columns, adding a column for a name not met before; behind them the ends of their
  /// intervals, where there is any.
  private mutating func arrange(_ values: [Quantity], _ engine: String) -> (numbers: [Float], width: Int) {
    var known = columns[engine] ?? []
    var places = Array(values.indices)
    // The usual case: the same names in the same order as always.
    if known.count != values.count || !zip(known, values).allSatisfy({ $0.name == $1.name }) {
      for (index, value) in values.enumerated() {
        if let column = known.firstIndex(where: { $0.name == value.name }) {
          places[index] = column
        } else {
          places[index] = known.count
          known.append(Column(name: value.name, unit: value.unit))
        }
      }
      columns[engine] = known
    }
    let width = known.count
    let hasIntervals = values.contains { $0.hasInterval }
    var numbers = [Float](repeating: .nan, count: (hasIntervals ? 3 : 1) * width)
    for (place, value) in zip(places, values) {
      numbers[place] = value.value.known
      if value.hasInterval, let low = value.low, let high = value.high {
        numbers[width + place] = low.known
        numbers[2 * width + place] = high.known
      }
    }
    return (numbers, width)
  }

  /// The same list for all rows that have it; engines know a few dozen codes.
  private mutating func shared(_ codes: [String]) -> [String] {
    if let known = codeLists[codes] { return known }
    if codeLists.count < 1000 { codeLists[codes] = codes }
    return codes
  }

  mutating func say(
    _ stamp: Stamp, _ code: String, _ text: String, _ severity: Alarm.Severity? = nil, _ fileID: Int? = nil
  ) {
    lines.append(
      LogLine(
        unixMilliseconds: stamp.unixMilliseconds, severity: severity, code: code, fileID: fileID, text: text))
    // Dropped in bulk, so that a million lines do not shift the array a million times.
    if lines.count >= 2 * Self.lineLimit { lines.removeFirst(lines.count - Self.lineLimit) }
  }
}

extension Quantity {
  /// Both ends are known, as a replay knows them: an infinity is written as unknown.
  fileprivate var hasInterval: Bool { low?.isFinite == true && high?.isFinite == true }
}

extension Double {
  /// As a replay reads it: an infinity is written as unknown.
  fileprivate var known: Float { isFinite ? Float(self) : .nan }
}

extension FileRow {
  mutating func apply(_ record: FileRecord, _ stamp: Stamp) {
    revision = record.revision
    size = record.size
    modifiedNanoseconds = record.modifiedNanoseconds
    device = record.device
    inode = record.inode
    status = record.status
    reason = record.reason ?? ""
    frames = record.frames ?? frames
    declaredFrames = record.declaredFrames ?? declaredFrames
    unixMilliseconds = stamp.unixMilliseconds
  }

  mutating func apply(_ record: NoteRecord) {
    switch record.kind {
    case .note: notes.append(record.text)
    case .tag: if !tags.contains(record.text) { tags.append(record.text) }
    case .untag: tags.removeAll { $0 == record.text }
    case .mark: isMarked = true
    case .unmark: isMarked = false
    case .exclude: isExcluded = true
    case .include: isExcluded = false
    }
  }
}
