import Diffraction
import Foundation
import Glibc
import LiveSession
import Testing

private let lines: [SessionEvent] = [.session(session), fileEvent(1), resultEvent(1, file: 1)]

@Test func aDiskThatFillsUpAtAnyByteLosesNoLineAndKeepsTheOrder() throws {
  let folder = TestFolder()
  try record(lines, to: folder["whole"])
  let whole = folder.read("whole")
  for room in 0...whole.count {
    let disk = TestDisk(room: room)
    let path = folder["\(room)"]
    let log = try SessionLog.create(path: path, clock: TestClock().clock, write: disk.write)
    for event in lines { log.append(event) }
    #expect((log.failure == nil) == (room == whole.count))
    // A line that lacks its newline alone is in the file.
    #expect((log.queued == 0) == (room >= whole.count - 1))
    disk.setRoom(.max)
    let placed = log.retry()
    #expect(log.queued == 0 && log.failure == nil)
    log.append(
      .end(EndRecord(files: 1, results: 1, sha256: log.sha256)))
    let report = try SessionCheck.check(path: path)
    #expect(report.isSound, "room for \(room) bytes: \(report.text)")
    #expect(report.isClosed && report.fileCount == 1 && report.resultCount == 1)
    // A torn line stays in the file, and nothing is glued to it.
    let file = try SessionFile(path: path)
    for place in placed {
      guard case .result(let record)? = file.event(at: place.offset) else {
        Issue.record("no result stands at \(place.offset)")
        return
      }
      #expect(record.resultID == place.resultID)
    }
  }
}

@Test func aDiskThatTakesAFewBytesAtATimeStillGetsWholeLines() throws {
  let folder = TestFolder()
  let log = try SessionLog.create(path: folder["s"], clock: TestClock().clock) {
    Glibc.write($0, $1, min($2, 7))
  }
  for event in lines { log.append(event) }
  #expect(log.failure == nil)
  #expect(try SessionCheck.check(path: folder["s"]).isSound)
}

@Test func linesThatWaitAreWrittenInOrderWhenTheDiskHasRoomAgain() throws {
  let folder = TestFolder()
  let disk = TestDisk()
  let log = try SessionLog.create(path: folder["s"], clock: TestClock().clock, write: disk.write)
  log.append(.session(session))
  disk.setRoom(0)
  for number in 1...500 { #expect(log.append(fileEvent(number)).offset == nil) }
  #expect(log.queued == 500)
  #expect(log.failure?.contains("No space left") == true)
  disk.setRoom(10_000)  // some of them, and a part of one
  log.retry()
  #expect(0 < log.queued && log.queued < 500)
  disk.setRoom(.max)
  log.retry()
  #expect(log.queued == 0)
  let state = try SessionFile(path: folder["s"]).state().state
  #expect(state.files.map(\.path) == (1...500).map { "f\($0).tif" })
  #expect(state.sequenceGaps == 0)
}

@Test func aTornTailAtAnyByteIsKeptAndTheSessionGoesOnBehindIt() throws {
  let folder = TestFolder()
  try record(lines, to: folder["whole"])
  let whole = folder.read("whole")
  let last = try #require(whole.dropLast().lastIndex(of: 10)) + 1
  for length in last...whole.count {
    let name = "torn-\(length)"
    folder.write(name, Array(whole[..<length]))
    let (log, state, problems) = try SessionLog.resume(path: folder[name], clock: TestClock().clock)
    // Without its newline the last line is whole already.
    let isWhole = length >= whole.count - 1
    #expect(problems.isEmpty == (length == last || isWhole))
    #expect(problems.allSatisfy { $0.isTornTail })
    #expect(state.resultCount == (isWhole ? 1 : 0))
    log.append(.resume(session))
    log.append(resultEvent(2, file: 1))
    log.append(.end(EndRecord(files: 1, results: state.resultCount + 1, sha256: log.sha256)))
    let report = try SessionCheck.check(path: folder[name])
    #expect(report.isSound && report.isClosed && report.resumeCount == 1, "\(report.text)")
    #expect(folder.read(name).starts(with: whole[..<length]))
  }
}

@Test(arguments: ["", "{", #"{"v":1,"type":"session","seq":1,"time"#])
func aSessionKilledBeforeItsFirstLineWasWholeBeginsAgain(_ torn: String) throws {
  let folder = TestFolder()
  folder.write("s", Array(torn.utf8))
  let (log, state, _) = try SessionLog.resume(path: folder["s"], clock: TestClock().clock)
  #expect(state.sessionID == nil)
  log.append(.session(session))
  log.append(fileEvent(1))
  log.finish()
  let (again, _) = try SessionFile(path: folder["s"]).state()
  #expect(again.sessionID == session.id && again.fileCount == 1)
  #expect(folder.read("s").starts(with: Array(torn.utf8)))
}

@Test func aSecondWriterIsRefusedAndTheFirstGoesOn() throws {
  let folder = TestFolder()
  let log = try SessionLog.create(path: folder["s"], clock: TestClock().clock)
  log.append(.session(session))
  let refusal = #expect(throws: SessionFileError.self) {
    try SessionLog.resume(path: folder["s"], clock: TestClock().clock)
  }
  #expect(refusal?.kind == .inUse)
  #expect(log.append(fileEvent(1)).offset != nil)
}

@Test(.enabled(if: access("/usr/bin/flock", X_OK) == 0, "needs flock"), .timeLimit(.minutes(20)))
func aWriterInAnotherProcessIsRespectedAndForgottenWithIt() throws {
  let folder = TestFolder()
  try record(lines, to: folder["s"])
  let other = Process()
  other.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
  other.arguments = [folder["s.lock"], "sh", "-c", "echo locked; read line"]
  let (input, output) = (Pipe(), Pipe())
  other.standardInput = input
  other.standardOutput = output
  try other.run()
  #expect(output.fileHandleForReading.readData(ofLength: 7) == Data("locked\n".utf8))
  let refusal = #expect(throws: SessionFileError.self) {
    try SessionLog.resume(path: folder["s"], clock: TestClock().clock)
  }
  #expect(refusal?.kind == .inUse)
  try input.fileHandleForWriting.close()
  other.waitUntilExit()
  let (log, _, _) = try SessionLog.resume(path: folder["s"], clock: TestClock().clock)
  #expect(log.append(.resume(session)).stamp.sequence == 4)
}

@Test func aNewSessionNeverTouchesAnExistingFile() throws {
  let folder = TestFolder()
  folder.write("s", Array("someone's notes".utf8))
  let refusal = #expect(throws: SessionFileError.self) {
    try SessionLog.create(path: folder["s"], clock: TestClock().clock)
  }
  #expect(refusal?.kind == .exists)
  #expect(throws: SessionFileError.self) {
    try SessionLog.resume(path: folder["s"], clock: TestClock().clock)
  }
  #expect(folder.read("s") == Array("someone's notes".utf8))
}

@Test func aClockSetBackLeavesTheNumbersRising() throws {
  let folder = TestFolder()
  let clock = TestClock()
  let log = try SessionLog.create(path: folder["s"], clock: clock.clock)
  log.append(.session(session))
  for number in 1...50 {
    clock.turn(milliseconds: -3_600_000)
    log.append(fileEvent(number))
  }
  let report = try SessionCheck.check(path: folder["s"])
  #expect(report.isSound && report.fileCount == 50)
}

@Test(.timeLimit(.minutes(20))) func aReaderBesideTheWriterSeesOnlyWholeLines() async throws {
  let folder = TestFolder()
  let log = try SessionLog.create(path: folder["s"], clock: TestClock().clock)
  log.append(.session(session))
  let writing = Task.detached {
    for number in 1...3000 { log.append(resultEvent(number, file: number)) }
    log.synchronize()
  }
  var seen = 0
  while seen < 3001 {
    let bytes = folder.read("s")
    let whole = bytes[..<(try #require(bytes.lastIndex(of: 10)))]
    let texts = whole.split(separator: 10)
    // Only what is new: the rest was looked at before.
    for text in texts[seen...] { #expect(try decode(Array(text) + [10]).event != nil) }
    #expect(texts.count >= seen)
    seen = texts.count
    await Task.yield()
  }
  await writing.value
}

@Test func aPipeOrAFolderIsNoSession() {
  let folder = TestFolder()
  mkfifo(folder["pipe"], 0o600)
  for path in [folder["pipe"], folder.path, folder["absent"]] {
    #expect(throws: SessionFileError.self) { try SessionFile(path: path) }
  }
}

@Test func aLineWithoutEndDoesNotEatTheMemory() throws {
  let folder = TestFolder()
  try record(lines, to: folder["whole"])
  let tail =
    Array("\n".utf8)
    + Array(fileEvent(2).line(Stamp(sequence: 4, unixMilliseconds: 0, monotonicNanoseconds: 0)))
  folder.write("long", folder.read("whole") + [UInt8](repeating: UInt8(ascii: "x"), count: 9 << 20) + tail)
  let state = try SessionFile(path: folder["long"]).state().state
  #expect(state.resultCount == 1 && state.fileCount == 2 && state.sequenceGaps == 0)
  let report = try SessionCheck.check(path: folder["long"])
  #expect(report.problemCount == 1 && report.problems.first?.kind == .unreadable)
  #expect(report.problems.first?.line == 4)
}
