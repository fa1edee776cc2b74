import Diffraction
import FrameFormats

/// What one file means, without a session: what `ewald run` prints and the service sends.
package struct SingleAnswer: Sendable {
  package var result: ResultRecord
  package var summary: FileSummary
  package var frame: Frame
  /// Which bytes it was.
  package var content: String
  /// With its exhibits.
  package var finding: Finding
  package var engine: any AnalysisEngine

  /// For a sheet or a picture of it.
  package var detail: FrameDetail {
    FrameDetail(
      fileID: result.fileID, result: result, summary: summary, frame: frame, frames: summary.frames,
      drawn: finding.exhibits)
  }
}

extension Analyst {
  /// Reads and analyses a file. `settings` are those of every engine by its name; `name` is what the file is called in
  /// the result, and `before` the finding on the frame before, by engine.
  package func answer(
    path: String, name: String? = nil, number: Int = 1, settings: [String: [String: String]] = [:],
    before: [String: (Identifier, Finding)] = [:], clock: SessionClock = .system,
    write: (@Sendable (Artifact) throws(AnalysisError) -> String)? = nil,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> SingleAnswer {
    let opened = try open(path: path)
    guard let engine = engine(for: opened.summary, choice: choice) else {
      throw FileRefusal(.unsupported, "no engine takes \(opened.summary.format) files")
    }
    let parameters = try ParameterValues(texts: settings[engine.name] ?? [:], for: engine)
    let started = clock.monotonicNanoseconds()
    let previous = before[engine.name]
    let finding = try conclude(
      opened, engine, parameters,
      AnalysisContext(file: path, previous: previous?.1, isCancelled: isCancelled, write: write))
    let milliseconds = Double(clock.monotonicNanoseconds() - started) / 1e6
    var random = SystemRandomNumberGenerator()
    let result = ResultRecord(
      resultID: Identifier(
        unixMilliseconds: clock.unixMilliseconds(), random: (random.next(), random.next())),
      fileID: number, file: name ?? path, frame: opened.summary.frames == 1 ? 0 : nil, engine: engine.name,
      finding: finding, parameters: parameters.texts(for: engine),
      durationMilliseconds: (milliseconds * 1000).rounded() / 1000, previous: previous?.0)
    return SingleAnswer(
      result: result, summary: opened.summary, frame: opened.frame, content: opened.content, finding: finding,
      engine: engine)
  }
}
