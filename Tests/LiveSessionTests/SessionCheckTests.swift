import LiveSession
import Testing

private let events: [SessionEvent] = [
  .session(session), fileEvent(1), resultEvent(1, file: 1), fileEvent(2), resultEvent(2, file: 2),
]

/// The lines of a sound and closed session, for tests to spoil.
private func soundLines() throws -> [[UInt8]] {
  let folder = TestFolder()
  try record(events, to: folder["s"], isClosed: true)
  return folder.read("s").split(separator: 10).map { Array($0) + [10] }
}

private func check(_ lines: [[UInt8]]) throws -> CheckReport {
  let folder = TestFolder()
  folder.write("s", Array(lines.joined()))
  return try SessionCheck.check(path: folder["s"])
}

@Test func aSessionAsItWasWrittenIsSound() throws {
  let report = try check(try soundLines())
  #expect(report.isSound && report.isClosed && report.tornTail == nil)
  #expect(report.lineCount == 6 && report.fileCount == 2 && report.resultCount == 2)
  #expect(report.digestsVerified == 1 && report.resumeCount == 0)
  #expect(report.text.contains("sound") && report.text.contains("closed, continued never"))
}

@Test func everyChangedByteIsNoticed() throws {
  let sound = Array(try soundLines().joined())
  let folder = TestFolder()
  // Within the last line only the digest and the counts are protected, by themselves.
  let last = try #require(sound.dropLast().lastIndex(of: 10))
  for index in stride(from: 0, to: last, by: 7) {
    var spoiled = sound
    spoiled[index] ^= 1
    folder.write("s", spoiled)
    #expect(try !SessionCheck.check(path: folder["s"]).isSound, "byte \(index)")
  }
}

@Test func aMissingLineIsAGapAndBreaksTheDigestAndTheCounts() throws {
  var lines = try soundLines()
  lines.remove(at: 2)
  let report = try check(lines)
  #expect(report.problems.map(\.kind) == [.gap, .digest, .count])
  #expect(report.problems[0].line == 3)
  #expect(report.problems[0].offset == lines[0].count + lines[1].count)
  #expect(report.problems[0].text == "1 missing before number 4")
}

@Test func aRepeatedLineIsADuplicate() throws {
  var lines = try soundLines()
  lines.insert(lines[1], at: 2)
  let report = try check(lines)
  #expect(report.problems.map(\.kind) == [.duplicate, .digest])
}

@Test func aResultForAFileThatNoLineMadeKnownIsNamed() throws {
  let folder = TestFolder()
  try record([.session(session), resultEvent(1, file: 7)], to: folder["s"])
  let report = try SessionCheck.check(path: folder["s"])
  #expect(report.problems.map(\.kind) == [.unknown])
  #expect(report.problems[0].text.contains("file 7"))
}

@Test func aDamagedLineIsToldWithItsPlaceAndReason() throws {
  var lines = try soundLines()
  lines[3] = Array("{\"v\":1,\"type\":}\n".utf8)
  let report = try check(lines)
  #expect(report.problems[0].kind == .unreadable && report.problems[0].line == 4)
  #expect(report.text.contains("NOT SOUND") && report.text.contains("line 4"))
}

@Test func aTornTailIsToldAndNotHeldAgainstTheSession() throws {
  var lines = try soundLines()
  lines[5].removeLast(9)
  let report = try check(lines)
  #expect(report.isSound && !report.isClosed)
  #expect(report.tornTail == lines[..<5].reduce(0) { $0 + $1.count })
}

@Test func continuationsAreCountedAndAnEndInTheMiddleIsVerified() throws {
  let folder = TestFolder()
  try record(events, to: folder["s"], isClosed: true)
  for _ in 0..<2 {
    let (log, state, _) = try SessionLog.resume(path: folder["s"], clock: TestClock().clock)
    log.append(.resume(session))
    log.append(
      .checkpoint(CheckpointRecord(files: state.recordedFileCount, results: 2, sha256: log.sha256)))
  }
  let report = try SessionCheck.check(path: folder["s"])
  #expect(report.isSound && !report.isClosed && report.resumeCount == 2 && report.digestsVerified == 3)
  #expect(report.text.contains("continued 2 times"))
}

@Test func whatIsNoSessionIsNotSound() throws {
  #expect(try !check([]).isSound)
  #expect(try !check([Array("hello\n".utf8)]).isSound)
  #expect(try check([Array("hello\n".utf8)]).text.contains("no session line"))
}

@Test func aThousandProblemsAreCountedAndAHundredListed() throws {
  let report = try check([[UInt8]](repeating: Array("{\"v\":1}\n".utf8), count: 1000))
  #expect(report.problemCount == 1000 && report.problems.count == 100)
  #expect(report.text.contains("and 900 more"))
}
