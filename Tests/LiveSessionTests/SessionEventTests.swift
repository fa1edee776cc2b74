import System
import Diffraction
import LiveSession
import Testing

let stamp = Stamp(sequence: 7, unixMilliseconds: 1_795_176_271_250, monotonicNanoseconds: 123_456_789)

/// One event of every type, with every member filled.
let sampleEvents: [SessionEvent] = {
  let id = Identifier(unixMilliseconds: 1_795_176_271_250, random: (0x123, 0x4567_89ab_cdef_0123))
  let other = Identifier(unixMilliseconds: 1_795_176_271_251, random: (0x124, 0x89ab_cdef_0123_4567))
  let record = SessionRecord(
    id: id, program: "ewald", version: "1.0", commit: "abc", system: "Linux", host: "scope", user: "op",
    operatorName: "A. Person", sample: "TiO2 \"wedge\"", folders: ["/data"], settings: ["settle_s": "2"],
    models: [ModelIdentity(id: "rutile", sha256: "00")])
  let file = FileRecord(
    fileID: 3, path: "a/ü\u{1b}[31m\n.tif", revision: 2, size: 10, modifiedNanoseconds: 5, device: 6,
    inode: 7,
    content: "sha256:00", status: .refused, format: "TIFF", frames: 1, declaredFrames: 3, shape: [3, 4, 5],
    sample: "uint16",
    metadata: [MetadataItem(name: "scale", value: "0.1", unit: "1/nm", source: "tag:65009")],
    warnings: ["8-bit"], reason: "strip 3 ends past the end", kind: "truncated", offset: 99, sameAs: 1)
  let finding = Finding(
    values: [
      Quantity(
        "thickness", 17.2, unit: "nm", low: 16.1, high: 18, probability: 0.83,
        alternatives: [.init(value: 24.5, probability: 0.11)]),
      Quantity("dose", 1.25e-7, unit: "counts"), Quantity("big", 1.5e300), Quantity("whole", -42),
    ],
    histograms: [Histogram(name: "thickness", unit: "nm", centres: [1, 2.5], probabilities: [0.25, 0.75])],
    profiles: [Profile(name: "radial", unit: "px", start: 0.5, step: 1, values: [3, 2, 1])],
    verdict: .doubtful,
    reasons: [Reason("2PK", "second peak at 24.5 nm")], model: ModelIdentity(id: "rutile", sha256: "00"),
    artifacts: ["segments": "a.tif"])
  let result = ResultRecord(
    resultID: id, fileID: 3, file: "a.tif", frame: 0, engine: "pacbed", finding: finding,
    parameters: ["convergence_mrad": "20"], durationMilliseconds: 41.5, supersedes: other, previous: other)
  return [
    .session(record), .resume(record), .file(file), .result(result),
    .accept(AcceptRecord(fileID: 3, resultID: id)), .note(NoteRecord(fileID: 3, kind: .tag, text: "good")),
    .setting(SettingRecord(engine: "pacbed", name: "zone", old: "auto", new: "0,0,1")),
    .acknowledge(AcknowledgeRecord(code: "2PK")),
    .event(IncidentRecord(name: "folder_missing", text: "gone")),
    .checkpoint(CheckpointRecord(files: 1, results: 2, sha256: "00")),
    .end(EndRecord(files: 1, results: 2, sha256: "11")),
  ]
}()

func decode(_ line: [UInt8], _ detail: Detail = .full) throws -> RecordedEvent {
  try line.dropLast().withUnsafeBufferPointer { buffer throws(LineError) in
    try RecordedEvent(buffer, detail: detail)
  }
}

@Test(arguments: sampleEvents)
func anEventComesBackFromItsLineUnchanged(event: SessionEvent) throws {
  let line = event.line(stamp)
  #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
  let recorded = try decode(line)
  #expect(recorded.stamp == stamp)
  #expect(recorded.event == event)
}

@Test func theSampleCoversEveryType() {
  #expect(Set(sampleEvents.map(\.type)).count == 11)
}

@Test func everyTruncatedLineIsRefusedAndNoneTraps() {
  for event in sampleEvents {
    let line = Array(event.line(stamp).dropLast())
    for count in 0..<line.count {
      #expect(throws: LineError.self) { try decode(Array(line[..<count]) + [10]) }
    }
  }
}

@Test func damagedLinesNeverTrap() {
  var generator = SplitMix64(seed: 5)
  var refused = 0
  for _ in 0..<20_000 {
    let event = sampleEvents[Int(generator.next() % UInt64(sampleEvents.count))]
    var line = event.line(stamp)
    for _ in 0..<Int(1 + generator.next() % 4) {
      let at = Int(generator.next() % UInt64(line.count - 1))
      line[at] = UInt8(truncatingIfNeeded: generator.next())
    }
    if (try? decode(line)) == nil { refused += 1 }
  }
  #expect(refused > 1000)
}

@Test func anUnknownTypeOrMemberIsIgnoredAndANewerVersionIsRefused() throws {
  let unknown =
    #"{"v":1,"type":"hologram","seq":1,"time":"2026-11-20T12:04:31.250Z","mono_ns":1,"x":[1,{"y":2}]}"#
  #expect(try decode(Array(unknown.utf8) + [10]).event == nil)
  let newer = #"{"v":2,"type":"end","seq":1,"time":"2026-11-20T12:04:31.250Z","mono_ns":1}"#
  #expect(throws: LineError.newerVersion(2)) { try decode(Array(newer.utf8) + [10]) }
}

@Test func aLineStaysWithin64KiBByLeavingOutCurves() throws {
  let finding = Finding(
    values: [Quantity("dose", 1)],
    profiles: [Profile(name: "radial", unit: "px", values: (0..<20_000).map { Double($0) + 0.125 })])
  let record = ResultRecord(
    resultID: Identifier(unixMilliseconds: 0, random: (0, 0)), fileID: 1, file: "a", frame: 0,
    engine: "frame",
    finding: finding, parameters: [:], durationMilliseconds: 0)
  let line = SessionEvent.result(record).line(stamp)
  #expect(line.count <= 64 * 1024)
  guard case .result(let back)? = try decode(line).event else {
    Issue.record("no result came back")
    return
  }
  #expect(back.values == finding.values)
}

@Test func timesAreWrittenInUTC() {
  #expect(Timestamp.text(unixMilliseconds: 0) == "1970-01-01T00:00:00.000Z")
  #expect(Timestamp.text(unixMilliseconds: 951_782_400_001) == "2000-02-29T00:00:00.001Z")
  for milliseconds in stride(from: -4_000_000_000_000, through: 8_000_000_000_000, by: 86_399_999_977) {
    #expect(Timestamp.unixMilliseconds(Timestamp.text(unixMilliseconds: milliseconds)) == milliseconds)
  }
}

@Test func identifiersSortByTimeAndComeBackFromText() {
  let a = Identifier(unixMilliseconds: 1000, random: (1, 2))
  let b = Identifier(unixMilliseconds: 1001, random: (0, 0))
  #expect(a.description < b.description)
  #expect(Identifier(a.description) == a)
  #expect(a.description.count == 36)
  #expect(Array(a.description)[14] == "7")
}
