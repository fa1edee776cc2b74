import Diffraction
import Foundation
import LiveSession
import Testing

/// Sessions that a released program wrote on a real folder: whatever version comes opens them as they are.
private let recorded = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("Reference/session-0.1.session.jsonl").path

@Suite struct UpgradeTests {
  @Test func `A session of version 0.1 shows what it showed when it was closed`() throws {
    let (state, problems) = try SessionFile(path: recorded).state()
    #expect(problems.isEmpty && state.isClosed && state.sequenceGaps == 0 && state.lastSequence == 20)
    #expect(state.fileCount == 3 && state.resultCount == 3 && state.badCount == 1)
    #expect(state.session?.version == "0.1" && state.session?.sample == "TiO2 wedge")
    #expect(state.settings["frame"]?["drift_limit_px"] == "6")

    let first = try #require(state[file: 1])
    #expect(
      first.path == "wedge_000.tif" && first.status == .done && first.isMarked && first.tags == ["thin"])
    // Of two runs the second counts: it was stepped back from, and then to again.
    #expect(first.runs.count == 2 && first.accepted == 1 && first.run?.verdict == .accept)
    #expect(state.value("dose", of: first.runs[0]) == 2_000_774)
    let second = try #require(state[file: 2])
    #expect(second.notes == ["stage moved"] && !second.isExcluded)
    #expect(state[file: 3]?.status == .refused)
  }

  @Test func `A session of version 0.1 is sound and fits the schema`() throws {
    let report = try SessionCheck.check(path: recorded)
    #expect(report.isSound && report.isClosed && report.unknownTypes == 0, "\(report.text)")
    let schema = try JSONSchema(SessionSchema.text)
    let lines = try Data(contentsOf: URL(fileURLWithPath: recorded)).split(separator: 10)
    #expect(lines.count == 20 && lines.allSatisfy { schema.accepts($0) })
  }

  @Test func `A session of version 0.1 is written again byte for byte`() throws {
    for line in try Data(contentsOf: URL(fileURLWithPath: recorded)).split(separator: 10).map(Array.init) {
      let event = try line.withUnsafeBufferPointer { try RecordedEvent($0, detail: .full) }
      #expect(event.event?.line(event.stamp) == line + [10], "\(String(decoding: line, as: UTF8.self))")
    }
  }
}
