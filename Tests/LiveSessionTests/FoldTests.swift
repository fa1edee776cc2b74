import System
import Diffraction
import LiveSession
import Testing

/// Any history that can be recorded, from a seed.
private func randomHistory(_ seed: UInt64) -> [SessionEvent] {
  var random = SplitMix64(seed: seed)
  func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
  func number() -> Double {
    switch pick(6) {
    case 0: .nan
    case 1: .infinity
    case 2: -0.0
    case 3: Double(bitPattern: random.next())
    default: Double(pick(1_000_000)) / 1000
    }
  }
  let texts = [
    "", "ok", "=1+1", "a \"quoted\"\n\u{1b}[31m", "übergroß 試料", String(repeating: "x", count: 5000),
  ]
  var events: [SessionEvent] = [.session(session)]
  var files = 0
  for _ in 0..<120 {
    let file = 1 + pick(max(1, files))
    let text = texts[pick(texts.count)]
    switch pick(10) {
    case 0, 1:
      files += 1
      events.append(fileEvent(files))
    case 2:
      let durable = FileStatus.allCases.filter { !$0.isTransient }
      events.append(
        fileEvent(
          file, "d/\(text)", durable[pick(durable.count)], warnings: (0..<pick(30)).map { "w\($0) \(text)" },
          reason: pick(2) == 0 ? nil : text))
      files = max(files, file)
    case 3, 4, 5:
      let names = ["dose", "drift", "x\(pick(3))"].shuffled(using: &random)
      events.append(
        resultEvent(
          pick(1000), file: file + pick(2), engine: ["frame", "pacbed"][pick(2)],
          values: names.map {
            Quantity(
              $0, number(), unit: "px", low: pick(2) == 0 ? nil : number(),
              high: pick(2) == 0 ? nil : number(),
              probability: pick(2) == 0 ? nil : number())
          },
          verdict: Verdict.allCases[pick(4)], reasons: (0..<pick(3)).map { Reason("R\($0)", text) },
          supersedes: pick(2) == 0 ? nil : identifier(3)))
    case 6: events.append(.accept(AcceptRecord(fileID: file, resultID: identifier(pick(1000)))))
    case 7:
      events.append(.note(NoteRecord(fileID: file, kind: NoteRecord.Kind.allCases[pick(7)], text: text)))
    case 8:
      events.append(
        [
          .setting(SettingRecord(engine: "frame", name: "limit", old: "", new: text)),
          .acknowledge(AcknowledgeRecord(code: ["*", "R0", "R1"][pick(3)])),
          .event(IncidentRecord(name: ["error", "overflow", "folder_back"][pick(3)], text: text)),
        ][pick(3)])
    default:
      events.append(
        [
          .resume(session), .checkpoint(CheckpointRecord(files: 1, results: 1, sha256: "00")),
          .end(EndRecord(files: 1, results: 1, sha256: "00")),
        ][pick(3)])
    }
  }
  return events
}

@Test(arguments: 1...40 as ClosedRange<UInt64>)
func aReplayedSessionShowsWhatTheLiveOneShowed(seed: UInt64) throws {
  let folder = TestFolder()
  let live = try record(randomHistory(seed), to: folder["s"])
  let (replayed, problems) = try SessionFile(path: folder["s"]).state()
  #expect(problems.isEmpty)
  #expect(replayed == live)
}

@Test func aStateEqualsItselfEvenWhereValuesAreUnknown() throws {
  let folder = TestFolder()
  let unknown = [Quantity("dose", .nan, unit: "counts")]
  try record([.session(session), fileEvent(1), resultEvent(1, file: 1, values: unknown)], to: folder["s"])
  let file = try SessionFile(path: folder["s"])
  #expect(file.state().state == file.state().state)
}

@Test func filesThatOnlyWaitAreShownButNotCountedAsRecorded() {
  var state = SessionState()
  let stamp = Stamp(sequence: 1, unixMilliseconds: 0, monotonicNanoseconds: 0)
  state.apply(fileEvent(1, nil, .settling), stamp)
  #expect(state.fileCount == 1 && state.recordedFileCount == 0)
  state.apply(fileEvent(1), stamp)
  state.apply(fileEvent(1), stamp)
  #expect(state.fileCount == 1 && state.recordedFileCount == 1)
}

@Test func whatOnlyInformsOfAnAcceptedAnswerRingsNothing() {
  var state = SessionState()
  for (index, verdict) in [Verdict.accept, .doubtful].enumerated() {
    let stamp = Stamp(sequence: index + 1, unixMilliseconds: index, monotonicNanoseconds: index)
    state.apply(fileEvent(index + 1), stamp)
    state.apply(
      resultEvent(
        index, file: index + 1, verdict: verdict, reasons: [Reason("BENT", "bent: A")]), stamp)
    #expect(state.alarms.count == index)
    #expect(state.lines.last?.code == "BENT" && (state.lines.last?.severity == nil) == (verdict == .accept))
  }
}

@Test func aRowKnowsTheIntervalsOfItsValues() {
  var state = SessionState()
  let values = [
    [Quantity("a", 5, unit: "nm", low: 4, high: 7), Quantity("b", 2)],
    // Another order, a value that is new, an interval that is none.
    [Quantity("c", 1, low: 0.5, high: 1.5), Quantity("a", 6, unit: "nm", low: .nan, high: 9)],
    [Quantity("a", 8, unit: "nm"), Quantity("b", 3)],
  ]
  for (index, values) in values.enumerated() {
    state.apply(fileEvent(index + 1), stamp)
    state.apply(resultEvent(index + 1, file: index + 1, values: values), stamp)
  }
  let rows = state.files.compactMap(\.run)
  #expect(rows[0].interval(0).map { [$0.low, $0.high] } == [4, 7])
  #expect(rows[0].interval(1) == nil && rows[0].interval(2) == nil && rows[0].interval(-1) == nil)
  #expect(rows[0].values.count == 2 && Array(rows[0].values) == [5, 2])
  #expect(rows[1].interval(2).map { [$0.low, $0.high] } == [0.5, 1.5])
  #expect(rows[1].interval(0) == nil && rows[1].values.count == 3 && rows[1].values[1].isNaN)
  #expect(rows[2].interval(0) == nil && rows[2].values.count == 3)
}
