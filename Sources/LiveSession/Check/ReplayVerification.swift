import System
import Diffraction
import FrameFormats

/// Computes every result of a session again, from the files and with the settings it was made with, and
/// compares what is found with what was recorded, bit for bit.
///
/// Held in memory: some tens of bytes a file and a result; records are read one at a time.
package struct ReplayVerification {
  package enum Outcome: Sendable, Equatable {
    case same
    case different([Difference])
    case fileMissing(String)
    /// The file at this place holds something else now.
    case fileChanged(recorded: String, found: String)
    case engineUnknown(String)
    /// The line cannot be read, its settings are not the engine's, or the file cannot be read any more.
    case notRepeatable(String)
  }

  /// Where two findings part.
  package struct Difference: Sendable, Equatable, CustomStringConvertible {
    /// `thickness`, `thickness lo`, `profile radial[3]`, `verdict`.
    package var what: String
    package var recorded: String
    package var recomputed: String

    package var description: String { "\(what): recorded \(recorded), now \(recomputed)" }
  }

  package struct Entry: Sendable, Equatable {
    package var resultID: Identifier
    package var fileID: Int
    package var file: String
    package var frame: Int?
    package var engine: String
    package var outcome: Outcome
  }

  package struct Totals: Sendable, Equatable {
    package var results = 0
    package var same = 0
    package var different = 0
    package var missing = 0
    package var changed = 0
    package var engineUnknown = 0
    package var notRepeatable = 0
    /// Lines of the session file that could not be read.
    package var unreadableLines = 0

    package init() {}

    /// Every result was computed again and came out the same.
    package var isVerified: Bool { same == results && unreadableLines == 0 }

    package var text: String {
      "\(results) results: \(same) same, \(different) different, \(missing) files missing, "
        + "\(changed) files changed, \(engineUnknown) of unknown engines, \(notRepeatable) not repeatable"
        + (unreadableLines > 0 ? ", \(unreadableLines) lines unreadable" : "") + "\n"
    }
  }

  private let session: SessionFile
  private let analyst: Analyst
  private let folder: String
  private var index: SessionIndex

  /// `folder` stands for the recorded one, for files that have moved.
  package init(_ session: SessionFile, analyst: Analyst, folder: String? = nil) {
    self.session = session
    self.analyst = analyst
    index = SessionIndex(session)
    self.folder = folder ?? index.folder
  }

  /// Goes through all results in the order in which they were recorded and reports each.
  package mutating func run(
    isCancelled: @escaping @Sendable () -> Bool = { false }, report: (Entry) -> Void
  ) -> Totals {
    var totals = Totals()
    totals.unreadableLines = index.problems.count
    // The content that a file had when its result was made: its latest file line before the result.
    var contentLines: [Int: Int] = [:]
    for step in index.steps {
      if isCancelled() { break }
      switch step {
      case .file(let id, let offset): contentLines[id] = offset
      case .result(let offset):
        guard case .result(let record)? = session.event(at: offset) else { continue }
        let outcome = verify(record, contentLines[record.fileID], isCancelled)
        totals.count(outcome)
        report(
          Entry(
            resultID: record.resultID, fileID: record.fileID, file: record.file, frame: record.frame,
            engine: record.engine, outcome: outcome))
      }
    }
    return totals
  }

  private func verify(
    _ record: ResultRecord, _ contentLine: Int?, _ isCancelled: @escaping @Sendable () -> Bool
  ) -> Outcome {
    guard let engine = analyst.engine(named: record.engine) else { return .engineUnknown(record.engine) }
    let path = absolutePath(of: record)
    guard (try? FileIdentity(path: path)) != nil else { return .fileMissing(path) }
    do {
      let recordedContent = content(at: contentLine)
      // Asked before the file is opened: what replaced it may be no image at all.
      let found = try analyst.files.digest(path)
      if let recordedContent, recordedContent != found {
        return .fileChanged(recorded: recordedContent, found: found)
      }
      let opened = try analyst.open(path: path)
      let parameters = try ParameterValues(texts: record.parameters, for: engine)
      let context = AnalysisContext(file: path, previous: try previous(of: record), isCancelled: isCancelled)
      let finding = try analyst.conclude(opened, engine, parameters, context)
      let differences = Self.differences(record, finding)
      return differences.isEmpty ? .same : .different(differences)
    } catch {
      return .notRepeatable("\(error)")
    }
  }

  private func previous(of record: ResultRecord) throws(AnalysisError) -> Finding? {
    guard let id = record.previous else { return nil }
    guard let offset = index.results[id], case .result(let earlier)? = session.event(at: offset) else {
      throw .failed("the result before it (\(id)) is not in the session file")
    }
    return earlier.finding
  }

  private func content(at line: Int?) -> String? {
    guard let line, case .file(let record)? = session.event(at: line) else { return nil }
    return record.content
  }

  /// Where the file was last seen: it may have been renamed since.
  private func absolutePath(of record: ResultRecord) -> String {
    var path = record.file
    if let line = index.latestLine(ofFile: record.fileID), case .file(let file)? = session.event(at: line) {
      path = file.path
    }
    return FilePath.absolute(path, in: folder)
  }
}

extension ReplayVerification.Totals {
  fileprivate mutating func count(_ outcome: ReplayVerification.Outcome) {
    results += 1
    switch outcome {
    case .same: same += 1
    case .different: different += 1
    case .fileMissing: missing += 1
    case .fileChanged: changed += 1
    case .engineUnknown: engineUnknown += 1
    case .notRepeatable: notRepeatable += 1
    }
  }
}
