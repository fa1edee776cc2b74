import System

/// Goes through a session file once and says whether everything that was recorded is there, unchanged.
package enum SessionCheck {
  package static func check(path: String) throws(SessionFileError) -> CheckReport {
    check(try SessionFile(path: path))
  }

  package static func check(_ file: SessionFile) -> CheckReport {
    var pass = CheckPass(file)
    let failure = file.forEachPiece(.full) { pass.take($0) }
    return pass.finish(failure)
  }
}

/// What is remembered on the way through: a few words, and one bit a file.
private struct CheckPass {
  private let file: SessionFile
  private var report: CheckReport
  private var hash = SHA256()
  private var hashed = 0
  private var lastSequence = 0
  private var files = NumberSet()
  private var isInsideOverlong = false
  /// Lines that look torn. Harmless if the numbers go on behind them without a gap: a full disk tears a
  /// line and the whole line follows; a killed program tears one that no one was told of.
  private var torn: [CheckReport.Problem] = []

  init(_ file: SessionFile) {
    self.file = file
    report = CheckReport(path: file.path)
    report.byteCount = file.byteCount
  }

  mutating func take(_ piece: SessionPiece) {
    report.lineCount += piece.newlines
    if piece.isOverlong, !isInsideOverlong {
      add(.unreadable, report.lineCount + 1, piece.offset, "longer than any line of a session")
    }
    isInsideOverlong = piece.isOverlong
    for line in piece.lines {
      switch line.outcome {
      case .success(let recorded): take(recorded, line, piece)
      case .failure(let error): take(error, line, piece)
      }
    }
    hash(upTo: piece.offset + piece.bytes.count, piece)
  }

  private mutating func take(_ error: LineError, _ line: SessionPiece.Line, _ piece: SessionPiece) {
    let rest = UnsafeRawBufferPointer(rebasing: piece.bytes[(line.offset - piece.offset)...])
    let end = rest.firstIndex(of: UInt8(ascii: "\n"))
    let text = UnsafeRawBufferPointer(rebasing: rest[..<(end ?? rest.count)])
    let finding = CheckReport.Problem(
      kind: .unreadable, line: line.number, offset: line.offset, text: error.description)
    guard error.isAtEnd(of: text) else {
      report.add(finding)
      return
    }
    if end == nil {
      report.tornTail = line.offset
    } else if torn.count < CheckReport.listLimit {
      torn.append(finding)
    } else {
      report.tornLines += 1
    }
  }

  private mutating func take(_ recorded: RecordedEvent, _ line: SessionPiece.Line, _ piece: SessionPiece) {
    follow(recorded.stamp.sequence, line)
    report.isClosed = false
    switch recorded.event {
    case .session: report.hasSessionLine = true
    case .resume: report.resumeCount += 1
    case .file(let record):
      if files.insert(record.fileID) { report.fileCount += 1 }
    case .result(let record):
      report.resultCount += 1
      need(record.fileID, line, "a result")
    case .accept(let record): need(record.fileID, line, "a choice between results")
    // A note may be put on a file that still waits, of which nothing was recorded yet.
    case .note, .setting, .acknowledge, .event: break
    case .checkpoint(let record): verify(record.files, record.results, record.sha256, line, piece)
    case .end(let record):
      verify(record.files, record.results, record.sha256, line, piece)
      report.isClosed = true
    case nil: report.unknownTypes += 1
    }
  }

  private mutating func follow(_ sequence: Int, _ line: SessionPiece.Line) {
    if sequence == lastSequence + 1 {
      report.tornLines += torn.count
    } else {
      for finding in torn { report.add(finding) }
      if sequence > lastSequence {
        let missing = sequence - lastSequence - 1
        add(.gap, line.number, line.offset, "\(missing) missing before number \(sequence)")
      } else {
        add(.duplicate, line.number, line.offset, "number \(sequence) again, after \(lastSequence)")
      }
    }
    torn.removeAll()
    lastSequence = max(lastSequence, sequence)
  }

  private mutating func need(_ fileID: Int, _ line: SessionPiece.Line, _ what: String) {
    if !files.contains(fileID) {
      add(.unknown, line.number, line.offset, "\(what) for file \(fileID), which no line made known")
    }
  }

  private mutating func verify(
    _ fileCount: Int, _ resultCount: Int, _ sha256: String, _ line: SessionPiece.Line, _ piece: SessionPiece
  ) {
    hash(upTo: line.offset, piece)
    if hash.hex() == sha256 {
      report.digestsVerified += 1
    } else {
      add(
        .digest, line.number, line.offset, "the \(line.offset) bytes before are not those that were written")
    }
    if fileCount != report.fileCount || resultCount != report.resultCount {
      add(
        .count, line.number, line.offset,
        "counted \(fileCount) files and \(resultCount) results, there are \(report.fileCount) and \(report.resultCount)"
      )
    }
  }

  private mutating func hash(upTo offset: Int, _ piece: SessionPiece) {
    guard offset > hashed else { return }
    hash.update(
      UnsafeRawBufferPointer(rebasing: piece.bytes[(hashed - piece.offset)..<(offset - piece.offset)]))
    hashed = offset
  }

  private mutating func add(_ kind: CheckReport.Problem.Kind, _ line: Int, _ offset: Int, _ text: String) {
    report.add(CheckReport.Problem(kind: kind, line: line, offset: offset, text: text))
  }

  mutating func finish(_ failure: LineProblem?) -> CheckReport {
    if let failure { add(.unreadable, failure.line, failure.offset, failure.reason) }
    report.tornLines += torn.count
    if file.endsTorn { report.lineCount += 1 }
    return report
  }
}

extension LineError {
  /// The text broke off, as a write does that was cut short; anything else is damage.
  fileprivate func isAtEnd(of text: UnsafeRawBufferPointer) -> Bool {
    guard case .json(let error) = self else { return false }
    return error.offset >= text.count || text.last != UInt8(ascii: "}")
  }
}

/// Which numbers were met: file numbers are dense, so a word holds 64 of them.
private struct NumberSet {
  private var words: [Int: UInt64] = [:]

  func contains(_ number: Int) -> Bool { words[number >> 6, default: 0] & (1 << UInt64(number & 63)) != 0 }

  /// Says whether the number is new.
  mutating func insert(_ number: Int) -> Bool {
    if contains(number) { return false }
    words[number >> 6, default: 0] |= 1 << UInt64(number & 63)
    return true
  }
}
