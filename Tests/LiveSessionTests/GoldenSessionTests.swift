import Diffraction
import Foundation
import LiveSession
import Testing

/// Session files of every format version there was: they stay as they were written.
private let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("Reference/session-1.session.jsonl").path

@Test func aSessionOfTheFirstFormatShowsWhatItShowedWhenItWasRecorded() throws {
  let file = try SessionFile(path: golden)
  let (state, problems) = file.state()
  #expect(problems.count == 1 && problems.first?.line == 16 && problems.first?.isTornTail == false)
  #expect(state.isClosed && state.lastSequence == 19 && state.sequenceGaps == 0)
  #expect(state.fileCount == 4 && state.resultCount == 3 && state.badCount == 1)
  #expect(state.session?.sample == "TiO2 \"wedge\"" && state.session?.models.first?.id == "rutile-80kv")
  #expect(state.settings == ["pacbed": ["zone": "0,0,1"]])
  #expect(state.columns["pacbed"]?.map(\.name) == ["thickness", "mistilt", "match"])

  let first = try #require(state[file: 1])
  #expect(
    first.path == "rutile_0001.tif" && first.status == .done
      && first.modifiedNanoseconds == 1_795_176_271_000_000_000)
  #expect(first.runs.count == 2 && first.accepted == 0)
  #expect(first.run?.verdict == .doubtful && first.run?.codes == ["2PK"] && first.run?.probability == 0.83)
  #expect(state.value("thickness", of: first.runs[1]) == 17.5)
  #expect(state.value("match", of: first.runs[0]) == nil)
  #expect(first.isMarked && first.tags == ["wedge"] && first.notes == ["thin end,\nfirst of the series"])
  #expect(state[file: 2] == nil)
  #expect(state[file: 3]?.path == "ü/\u{1b}[31m.tif" && state[file: 3]?.status == .refused)
  #expect(state[file: 4]?.status == .duplicate)
  #expect(state[file: 5]?.status == .partial && state[file: 5]?.declaredFrames == 256)
  #expect(state[file: 5]?.run?.frame == nil)
}

@Test func aRecordOfTheFirstFormatComesBackWhole() throws {
  let file = try SessionFile(path: golden)
  let offset = try #require(file.state().state[file: 1]?.runs[0].offset)
  guard case .result(let record)? = file.event(at: offset) else {
    Issue.record("no result stands at \(offset)")
    return
  }
  #expect(record.values[0].alternatives == [.init(value: 24.5, probability: 0.11)])
  #expect(record.values[0].low == 16.1 && record.values[0].high == 18)
  #expect(record.histograms.first?.probabilities == [0.1, 0.8, 0.1])
  #expect(record.profiles.first?.start == 0.5 && record.profiles.first?.values[3] == 1e-7)
  #expect(record.profiles.first?.values[2].isNaN == true)
  #expect(record.parameters == ["convergence_mrad": "20"] && record.artifacts == ["segments": "a.tif"])
  #expect(record.durationMilliseconds == 41.5)
}

@Test func aSessionOfTheFirstFormatIsSoundAndFitsTheSchema() throws {
  let report = try SessionCheck.check(path: golden)
  #expect(report.isSound && report.isClosed, "\(report.text)")
  #expect(report.resumeCount == 1 && report.digestsVerified == 2 && report.tornLines == 1)
  #expect(report.unknownTypes == 1 && report.lineCount == 20)
  let schema = try JSONSchema(SessionSchema.text)
  let lines = try Data(contentsOf: URL(fileURLWithPath: golden)).split(separator: 10)
  #expect(lines.filter { !schema.accepts($0) }.count == 1)
}

/// Every line that this version understands is the line that it would write.
@Test func aSessionOfTheFirstFormatIsWrittenAgainByteForByte() throws {
  var compared = 0
  for line in try Data(contentsOf: URL(fileURLWithPath: golden)).split(separator: 10).map(Array.init) {
    let recorded = line.withUnsafeBufferPointer { try? RecordedEvent($0, detail: .full) }
    guard let recorded, let event = recorded.event else { continue }
    #expect(event.line(recorded.stamp) == line + [10], "\(String(decoding: line, as: UTF8.self))")
    compared += 1
  }
  #expect(compared == 18)
}
