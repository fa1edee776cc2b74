import System
import Diffraction
import Dispatch
import FolderWatch
import FrameFormats
import Glibc
import LiveSession
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(20))) struct SessionTests {
  @Test func aFileBecomesAResultAndALine() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", [7])
    let state = await scope.wait(forResults: 1)
    let row = try #require(state[file: 1])
    #expect(row.path == "a.raw" && row.status == .done && row.frames == 1)
    #expect(state.value("dose", of: try #require(row.run)) == 7)
    #expect(scope.watcher.outcomes(for: 1) == [.done])
    let detail = await scope.session.detail(of: 1)
    #expect(detail.result?.profiles.first?.values == [7, 0.1, 2])
    #expect(detail.result?.parameters == ["gain": "1"])
    #expect(detail.frame?.pixels.doubles() == [7])
    let report = try await scope.close()
    #expect(
      report.isClosed && report.fileCount == 1 && report.resultCount == 1 && report.digestsVerified == 1)
  }

  @Test func reanalysisAddsARunAndAcceptMovesBetweenRuns() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", [7])
    _ = await scope.wait(forResults: 1)
    await scope.session.perform(.reanalyse([1], engine: "fake", settings: ["gain": "3"]))
    var state = await scope.wait(forResults: 2)
    #expect(state[file: 1]?.runs.count == 2 && state[file: 1]?.accepted == 1)
    #expect(state[file: 1]?.runs.map(\.values) == [[7], [21]])
    let newer = await scope.session.detail(of: 1)
    #expect(newer.result?.supersedes == state[file: 1]?.runs[0].id)
    await scope.session.perform(.stepRun(fileID: 1, by: -1))
    state = await scope.session.snapshot.state
    #expect(state[file: 1]?.accepted == 0 && state[file: 1]?.runs.count == 2)
    #expect(await scope.session.detail(of: 1).result?.parameters == ["gain": "1"])
    try await scope.close()
    #expect(try SessionFile(path: scope.path).state().state[file: 1]?.accepted == 0)
  }

  @Test func whatFramesTeachStandsInTheSettingsOfThoseThatAreTold() async throws {
    let engine = FakeEngine(learns: true)
    let scope = try FakeMicroscope(engine: engine, inFlight: 1)
    // A doubtful frame teaches nothing.
    for (id, value) in [7, UInt8(ascii: "A"), 9, 3, 11].enumerated() {
      scope.expose(UInt64(id + 1), "f\(id + 1).raw", [value])
      _ = await scope.wait(forResults: id + 1)
    }
    func told(_ file: Int) async -> String? {
      await scope.session.detail(of: file).result?.parameters["told"]
    }
    #expect(await [told(1), told(2), told(3), told(4), told(5)] == ["auto", "auto", "auto", "7 9", "7 9"])
    #expect(await scope.session.detail(of: 4).result?.finding["told"]?.value == 3)
    // Again as it was, and otherwise: the operator's word counts, and a frame analysed again is told nothing.
    await scope.session.perform(.reanalyse([4], engine: "fake", settings: ["told": "7 9", "gain": "2"]))
    _ = await scope.wait(forResults: 6)
    await scope.session.perform(.reanalyse([5], engine: "fake", settings: ["gain": "2"]))
    _ = await scope.wait(forResults: 7)
    #expect(await [told(4), told(5)] == ["7 9", "auto"])
    // What one frame was told is no setting for those to come; these are analysed otherwise, and begin anew.
    await scope.session.perform(.setForFuture(engine: "fake", settings: ["gain": "2", "told": "7 9"]))
    #expect(await scope.session.snapshot.state.settings["fake"] == ["gain": "2"])
    scope.expose(6, "f6.raw", [20])
    _ = await scope.wait(forResults: 8)
    #expect(await told(6) == "auto")
    try await scope.close()
    var verification = ReplayVerification(
      try SessionFile(path: scope.path), analyst: FakeMicroscope.analyst(engine))
    let totals = verification.run { _ in }
    #expect(totals.results == 8 && totals.isVerified)
  }

  /// Two keys typed before the screen shows what the first one did.
  @Test func relativeCommandsAreResolvedOneAfterTheOther() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", [7])
    _ = await scope.wait(forResults: 1)
    for (index, gain) in ["3", "4"].enumerated() {
      await scope.session.perform(.reanalyse([1], engine: "fake", settings: ["gain": gain]))
      _ = await scope.wait(forResults: index + 2)
    }
    func row() async -> FileRow? { await scope.session.snapshot.state[file: 1] }
    let mark = SessionCommand.toggle(.mark, [1], like: 1)
    await scope.session.perform(mark)
    await scope.session.perform(mark)
    #expect(await row()?.isMarked == false)
    #expect(await scope.session.perform(mark) == .done("frame 1 marked; m unmarks"))
    await scope.session.perform(.note(.marked(otherwise: nil), .tag, "good"))
    #expect(await row()?.isMarked == true)
    #expect(await row()?.tags == ["good"])
    let undo = SessionCommand.stepRun(fileID: 1, by: -1)
    #expect(await scope.session.perform(undo)?.isProblem == false)
    #expect(await scope.session.perform(undo)?.isProblem == false)
    #expect(await row()?.accepted == 0)
    #expect(await scope.session.perform(undo) == .refused("there is no earlier run"))
    #expect(await scope.session.perform(.stepRun(fileID: 1, by: .max)) == .refused("there is no later run"))
    #expect(await row()?.accepted == 0)
    #expect(await scope.session.perform(.retry([1])) == .refused("only a refused file is read again"))
    try await scope.close()
  }

  @Test func acknowledgingTwiceMeetsTwoAlarms() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", Array("A".utf8))
    _ = await scope.wait(forResults: 1)
    func standing() async -> [String] {
      await scope.session.snapshot.state.alarms.filter { !$0.isAcknowledged }.map(\.code)
    }
    #expect(await standing() == ["ONE", "TWO"])
    await scope.session.perform(.acknowledge(.oldest))
    #expect(await standing() == ["TWO"])
    await scope.session.perform(.acknowledge(.oldest))
    #expect(await standing().isEmpty)
    try await scope.close()
  }

  @Test func aFileThatCannotBeReadIsRefusedWithItsReasonAndTriedAgainOnRequest() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", Array("X".utf8))
    let state = await scope.wait { $0.state.badCount == 1 }.state
    #expect(state[file: 1]?.status == .refused && state[file: 1]?.reason == "FAKE: begins with X")
    #expect(scope.watcher.outcomes(for: 1) == [.refused("FAKE: begins with X")])
    scope.folder.write("a.raw", [9])
    await scope.session.perform(.retry([1]))
    let mended = await scope.wait(forResults: 1)
    #expect(mended.badCount == 0 && mended[file: 1]?.status == .done)
    try await scope.close()
  }

  @Test func aLongAnalysisShowsItsProgressAndEndsWithTheSession() async throws {
    let fraction = Mutex(0.25)
    let scope = try FakeMicroscope(engine: FakeEngine(fraction: { fraction.withLock { $0 } }))
    scope.expose(1, "a.raw", Array("S".utf8))
    await scope.wait { $0.live.progress == [1: 0.25] }
    // Though nothing else happens.
    fraction.withLock { $0 = 0.75 }
    await scope.wait { $0.live.progress == [1: 0.75] }
    let report = try await scope.close()
    #expect(report.isClosed && report.resultCount == 0)
    // The next start does it again.
    let again = try FakeMicroscope(scope.folder)
    again.expose(1, "a.raw", [7])
    _ = await again.wait(forResults: 1)
    try await again.close()
  }

  @Test func anEngineThatFailsIsAResultWithItsReason() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", Array("F".utf8))
    let state = await scope.wait(forResults: 1)
    #expect(state[file: 1]?.run?.verdict == .notAnalysable && state[file: 1]?.run?.codes == ["FAIL"])
    try await scope.close()
  }

  @Test func theSameContentUnderAnotherNameIsADuplicate() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", [7])
    _ = await scope.wait(forResults: 1)
    scope.expose(2, "b.raw", [7])
    let state = await scope.wait { $0.state[file: 2]?.status == .duplicate }.state
    #expect(state[file: 2]?.reason == "same content as a.raw" && state.resultCount == 1)
    try await scope.close()
  }

  @Test func anOverwrittenNameIsItsSecondRevision() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", [7])
    _ = await scope.wait(forResults: 1)
    scope.folder.write("a.raw", [8])
    let new = scope.file(2, "a.raw")
    scope.watcher.say(.revised(new, replaces: FileID(rawValue: 1), how: .rewritten), .ready(new))
    let state = await scope.wait(forResults: 2)
    #expect(state[file: 1]?.revision == 1 && state[file: 2]?.revision == 2)
    #expect(state[file: 1]?.run?.values == [7])
    #expect(state[file: 2].flatMap { state.value("drift", of: $0.run!) } == 1)
    try await scope.close()
  }

  @Test func aFileThatIsWrittenToWhileItIsReadIsLookedAtAgain() async throws {
    let folder = TestFolder()
    let isFirst = Mutex(true)
    var engine = FakeEngine()
    engine.during = { _ in
      let isNow = isFirst.withLock { isFirst in
        defer { isFirst = false }
        return isFirst
      }
      if isNow { folder.write("a.raw", [8, 1]) }
    }
    let scope = try FakeMicroscope(folder, engine: engine)
    scope.expose(1, "a.raw", [7])
    await scope.until { scope.watcher.outcomes(for: 1) == [.changed] }
    #expect(await scope.session.snapshot.state.resultCount == 0)
    scope.watcher.say(.ready(scope.file(1, "a.raw")))
    let state = await scope.wait(forResults: 1)
    #expect(state[file: 1]?.run?.values == [8])
    #expect(scope.watcher.outcomes(for: 1) == [.changed, .done])
    try await scope.close()
  }

  @Test func framesThatAreGoneBeforeTheyWereReadAreCounted() async throws {
    let gate = Gate()
    var engine = FakeEngine()
    engine.during = { _ in gate.wait() }
    let scope = try FakeMicroscope(engine: engine, inFlight: 1)
    scope.expose(1, "read.raw", [7])
    await scope.until { gate.isWaitedFor }
    scope.expose(2, "queued.raw", [8])
    scope.watcher.say(.appeared(scope.file(3, "settling.raw"), .waiting(.settling)))
    scope.watcher.say(.appeared(scope.file(4, "x.raw.part"), .waiting(.temporaryName)))
    for id in 2...4 as ClosedRange<UInt64> { scope.watcher.say(.state(FileID(rawValue: id), .gone)) }
    await scope.wait { $0.live.lost == 2 && $0.state[file: 4]?.status == .gone }
    unlink(scope.folder["queued.raw"])
    // This one is found to be missing before the watcher says so.
    scope.expose(5, "missing.raw", [9])
    await scope.wait { $0.state[file: 5]?.status == .queued }
    unlink(scope.folder["missing.raw"])
    gate.open()
    let state = await scope.wait { $0.live.lost == 3 && $0.state.resultCount == 1 }.state
    #expect(state[file: 2]?.status == .gone && state[file: 5]?.status == .refused)
    scope.watcher.say(.state(FileID(rawValue: 5), .gone), .state(FileID(rawValue: 1), .gone))
    #expect(
      await scope.wait { $0.state[file: 1]?.status == .gone }.live.lost == 3, "once, and none with a result")
    try await scope.close()
  }

  @Test func aFileRenamedWhileItIsAnalysedKeepsItsNewName() async throws {
    let folder = TestFolder()
    let gate = Gate()
    var engine = FakeEngine()
    engine.during = { _ in gate.wait() }
    let scope = try FakeMicroscope(folder, engine: engine)
    scope.expose(1, "a.raw", [7])
    await scope.until { gate.isWaitedFor }
    // A second name, so that the file is still found by its first.
    link(folder["a.raw"], folder["b.raw"])
    scope.watcher.say(.renamed(FileID(rawValue: 1), RawPath("b.raw")))
    await scope.wait { $0.state[file: 1]?.path == "b.raw" }
    gate.open()
    #expect(await scope.wait(forResults: 1)[file: 1]?.path == "b.raw")
    try await scope.close()
  }

  @Test func aContinuedSessionSkipsWhatItKnowsAndTellsDuplicatesOfIt() async throws {
    let folder = TestFolder()
    let first = try FakeMicroscope(folder)
    first.expose(1, "a.raw", [7])
    first.expose(2, "b.raw", [7])
    await first.wait { $0.state.resultCount == 1 && $0.state.files.contains { $0.status == .duplicate } }
    try await first.close()

    let second = try FakeMicroscope(folder)
    for (id, name) in [(11, "a.raw"), (12, "b.raw")] as [(UInt64, String)] {
      second.watcher.say(.appeared(second.file(id, name, atStart: true), .waiting(.settling)))
      second.watcher.say(.ready(second.file(id, name, atStart: true)))
    }
    second.expose(13, "c.raw", [7])
    second.expose(14, "d.raw", [9])
    let state = await second.wait { $0.state.resultCount == 2 && $0.state[file: 3]?.status == .duplicate }
      .state
    #expect(state.files.map(\.path) == ["a.raw", "b.raw", "c.raw", "d.raw"])
    #expect(second.watcher.outcomes(for: 11) == [.done] && second.watcher.outcomes(for: 12) == [.done])
    #expect(state[file: 4].flatMap { state.value("drift", of: $0.run!) } == 2)
    let report = try await second.close()
    #expect(report.resumeCount == 1 && report.isClosed)
  }

  @Test func aContinuedSessionKnowsWhatItsFramesTaught() async throws {
    let folder = TestFolder()
    let engine = FakeEngine(learns: true)
    let first = try FakeMicroscope(folder, engine: engine, inFlight: 1)
    for (id, value) in [7, 9, 3].enumerated() {
      first.expose(UInt64(id + 1), "f\(id + 1).raw", [UInt8(value)])
      _ = await first.wait(forResults: id + 1)
    }
    // An operator's own try teaches nothing.
    await first.session.perform(.reanalyse([3], engine: "fake", settings: ["gain": "2"]))
    _ = await first.wait(forResults: 4)
    try await first.close()

    let second = try FakeMicroscope(folder, engine: engine, inFlight: 1)
    second.expose(14, "f4.raw", [11])
    _ = await second.wait(forResults: 5)
    #expect(await second.session.detail(of: 4).result?.parameters["told"] == "7 9")
    second.expose(15, "f5.raw", [12])
    _ = await second.wait(forResults: 6)
    #expect(await second.session.detail(of: 5).result?.parameters["told"] == "9 11")
    try await second.close()
  }

  @Test func aGrowingScanStaysOneFileWhoseResultsSupersedeEachOther() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "s.raw", [7, 2, 4])
    let half = await scope.wait(forResults: 1)
    #expect(half[file: 1]?.status == .partial && half[file: 1]?.reason == "2 of 4 patterns")
    #expect(half[file: 1]?.run?.frame == nil)
    scope.folder.write("s.raw", [7, 4, 4, 0])
    let grown = scope.file(2, "s.raw", .growing)
    scope.watcher.say(.revised(grown, replaces: FileID(rawValue: 1), how: .grown), .ready(grown))
    let whole = await scope.wait(forResults: 2)
    #expect(whole.files.count == 1 && whole[file: 1]?.status == .done && whole[file: 1]?.frames == 4)
    #expect(await scope.session.detail(of: 1).result?.supersedes == whole[file: 1]?.runs[0].id)
    #expect(scope.watcher.outcomes(for: 1) == [.partial] && scope.watcher.outcomes(for: 2) == [.done])
    try await scope.close()
  }

  @Test func aSeriesThatIsWrittenAnewGoesOnAndAnotherFileIsAnother() async throws {
    for (readsSeries, entries) in [(true, 1), (false, 3)] {
      let scope = try FakeMicroscope(engine: FakeEngine(readsSeries: readsSeries))
      scope.expose(1, "s.raw", [7])
      _ = await scope.wait(forResults: 1)
      // Cut and filled again by a copy, and another file in its place.
      for (number, how) in [(UInt64(2), Rewriting.rewritten), (3, .replaced)] {
        scope.folder.write("s.raw", [7 + UInt8(number)])
        let file = scope.file(number, "s.raw")
        scope.watcher.say(.revised(file, replaces: FileID(rawValue: number - 1), how: how), .ready(file))
        _ = await scope.wait(forResults: Int(number))
      }
      let state = await scope.session.snapshot.state
      #expect(state.files.count == entries)
      if readsSeries { #expect(state[file: 1]?.runs.map(\.values) == [[7], [9], [10]]) }
      try await scope.close()
      guard readsSeries else { continue }
      // It went on while nobody watched.
      let later = try FakeMicroscope(scope.folder, engine: FakeEngine(readsSeries: true))
      later.folder.write("s.raw", [11])
      let file = later.file(1, "s.raw", atStart: true)
      later.watcher.say(.appeared(file, .waiting(.settling)), .ready(file))
      let continued = await later.wait(forResults: 4)
      #expect(continued.files.count == 1 && continued[file: 1]?.runs.count == 4)
      try await later.close()
    }
  }

  @Test func aFurtherFileOfASeriesMakesTheNextRunOfItsFirst() async throws {
    let engine = FakeEngine(addsFiles: true)
    let scope = try FakeMicroscope(engine: engine)
    scope.expose(1, "x_0deg.raw", [7])
    _ = await scope.wait(forResults: 1)
    scope.expose(2, "y_0deg.raw", [50])
    _ = await scope.wait(forResults: 2)
    scope.expose(3, "x_60deg.raw", [20])
    _ = await scope.wait(forResults: 3)
    scope.expose(4, "x_9deg.raw", [30])
    let state = await scope.wait(forResults: 4)
    #expect(state[file: 1]?.runs.map { $0.values[0] } == [7, 27, 57])
    #expect(state[file: 2]?.runs.count == 1)
    for file in [3, 4] {
      #expect(state[file: file]?.status == .duplicate && state[file: file]?.runs.isEmpty == true)
      #expect(state[file: file]?.reason == "a projection of the series of x_0deg.raw")
      #expect(scope.watcher.outcomes(for: UInt64(file)) == [.done])
    }
    #expect(await scope.session.detail(of: 1).result?.parameters["with"] == "x_60deg.raw,x_9deg.raw")
    // The same again from the session's file, and for as long as the files are the same.
    let (totals, _) = try verify(scope, FakeMicroscope.analyst(engine))
    #expect(totals.same == 4)
    try await scope.close()
    // Whoever goes on knows the series.
    let later = try FakeMicroscope(scope.folder, engine: engine)
    later.expose(9, "x_120deg.raw", [100])
    let continued = await later.wait(forResults: 5)
    #expect(continued[file: 1]?.run.map { $0.values[0] } == 157)
    // Whose first file is gone begins anew with the next one that came.
    later.expose(10, "z_0deg.raw", [3])
    _ = await later.wait(forResults: 6)
    unlink(later.folder["z_0deg.raw"])
    later.watcher.say(.state(FileID(rawValue: 10), .gone))
    later.expose(11, "z_60deg.raw", [4])
    let after = await later.wait(forResults: 7)
    #expect(after.files.last?.run.map { $0.values[0] } == 4)
    try await later.close()
  }

  @Test func aFileThatGrowsFasterThanItIsAnalysedIsAnsweredInAHurryAndInFullOnceItRests() async throws {
    let gate = Gate()
    let scope = try hurriedMicroscope(gate)
    func grow(_ number: UInt64, _ bytes: [UInt8]) {
      scope.folder.write("s.raw", bytes)
      let grown = scope.file(number, "s.raw")
      scope.watcher.say(
        .revised(grown, replaces: FileID(rawValue: number - 1), how: .grown), .ready(grown))
    }
    scope.expose(1, "s.raw", [11])
    await scope.until { gate.arrivals == 1 }
    scope.folder.write("s.raw", [12, 1])
    gate.open()
    await scope.until { scope.watcher.outcomes(for: 1) == [.changed] }
    // Looked at again: quickly now, for what is in full would be too late again.
    scope.watcher.say(.ready(scope.file(1, "s.raw")))
    await scope.until { gate.arrivals == 2 }
    gate.open()
    _ = await scope.wait(forResults: 1)
    // In full, while it grows once more: that is given up.
    scope.clock.advance(seconds: 2)
    await scope.until { gate.arrivals == 3 }
    grow(2, [13, 1, 1])
    for _ in 0..<10 { gate.open() }
    _ = await scope.wait(forResults: 2)
    scope.clock.advance(seconds: 2)
    let state = await scope.wait(forResults: 3)
    #expect(state.files.count == 1)
    #expect(state[file: 1]?.runs.map(\.values) == [[24], [26], [13]])
    try await scope.close()
  }

  @Test func aFrameThatTakesTooLongIsGivenUpAndFreesItsPlace() async throws {
    let gate = Gate()
    var engine = FakeEngine()
    engine.during = { if $0 == 7 { gate.wait() } }
    let scope = try FakeMicroscope(engine: engine, inFlight: 1)
    scope.expose(1, "slow.raw", [7])
    await scope.until { gate.isWaitedFor }
    scope.expose(2, "quick.raw", [8])
    await scope.wait { $0.live.queued == 1 && $0.live.running == 1 }
    scope.clock.advance(seconds: 61)
    let state = await scope.wait(forResults: 1)
    #expect(state[file: 1]?.status == .timedOut && state[file: 2]?.status == .done)
    #expect(state[file: 1]?.reason == "gave up after 60 s")
    #expect(scope.watcher.outcomes(for: 1) == [.refused("timeout")])
    gate.open()
    try await scope.close()
    #expect(await scope.session.snapshot.state.resultCount == 1, "what came too late belongs to no one")
  }

  private func hurriedMicroscope(_ gate: Gate) throws -> FakeMicroscope {
    var engine = FakeEngine()
    engine.hurriedSettings = ["gain": "2"]
    engine.during = { _ in gate.wait() }
    return try FakeMicroscope(engine: engine, inFlight: 1)
  }

  /// Eight frames of doses 11 to 18, of which the first is held until the others wait.
  private func flood(_ scope: FakeMicroscope, _ gate: Gate) async {
    scope.expose(1, "1.raw", [11])
    await scope.until { gate.isWaitedFor }
    for number in 2...8 { scope.expose(UInt64(number), "\(number).raw", [UInt8(10 + number)]) }
    await scope.wait { $0.live.queued == 7 }
    for _ in 0..<30 { gate.open() }
  }

  /// Of each run of a file, how many times its dose it found.
  private func gains(_ row: FileRow) -> [Float] {
    row.runs.map { ($0.values.first ?? 0) / Float(10 + row.id) }
  }

  @Test func framesThatComeTooFastAreAnsweredInAHurryAndInFullWhenThereIsTime() async throws {
    let gate = Gate()
    let scope = try hurriedMicroscope(gate)
    await flood(scope, gate)
    let flooded = await scope.wait(forResults: 8)
    #expect(flooded.files.map { gains($0) } == [[1]] + Array(repeating: [2], count: 7))
    scope.clock.advance(seconds: 2)
    let quiet = await scope.wait(forResults: 15)
    #expect(quiet.files.map { gains($0) } == [[1]] + Array(repeating: [2, 1], count: 7))
    #expect(await scope.session.detail(of: 8).result?.parameters == ["gain": "1"])
    try await scope.close()
  }

  @Test func whatAnOperatorStatedIsNotHurried() async throws {
    let gate = Gate()
    let scope = try hurriedMicroscope(gate)
    await scope.session.perform(.setForFuture(engine: "fake", settings: ["gain": "3"]))
    await flood(scope, gate)
    let state = await scope.wait(forResults: 8)
    #expect(state.files.allSatisfy { gains($0) == [3] })
    try await scope.close()
  }

  @Test func aFullDiskStopsTheAnalysisAndLosesNothing() async throws {
    let disk = TestDisk()
    let scope = try FakeMicroscope(disk: disk)
    scope.expose(1, "a.raw", [7])
    _ = await scope.wait(forResults: 1)
    disk.setRoom(50)  // a part of a line
    await scope.session.perform(.reanalyse([1], engine: "fake", settings: ["gain": "2"]))
    let waiting = await scope.wait { $0.state.resultCount == 2 && $0.live.logFailure != nil }
    #expect(waiting.state[file: 1]?.runs[1].offset == nil)
    for _ in 0..<SessionLog.queueLimit { await scope.session.perform(.note([1], .note, "x")) }
    scope.expose(2, "b.raw", [8])
    await scope.wait { $0.state[file: 2]?.status == .queued && $0.live.linesWaiting >= SessionLog.queueLimit }
    #expect(await scope.session.snapshot.live.running == 0)
    #expect(await !scope.session.isIdle)
    disk.setRoom(.max)
    let state = await scope.wait(forResults: 3)
    #expect(state[file: 1]?.runs[1].offset != nil, "a result that waited can be looked at")
    #expect(await scope.session.detail(of: 1).result?.parameters == ["gain": "2"])
    await scope.wait { $0.live.logFailure == nil && $0.live.linesWaiting == 0 }
    let report = try await scope.close()
    #expect(report.isClosed && report.resultCount == 3 && report.tornLines == 1)
    let lines = try SessionFile(path: scope.path).state().state.lines
    #expect(lines.contains { $0.code == "log_failed" && $0.severity == .alarm })
  }

  @Test func aSessionWhoseLastLinesTheDiskNeverTookIsNotClosed() async throws {
    let disk = TestDisk()
    let scope = try FakeMicroscope(disk: disk)
    scope.expose(1, "a.raw", [7])
    _ = await scope.wait(forResults: 1)
    disk.setRoom(0)
    await scope.session.perform(.note([1], .note, "lost"))
    await scope.session.close()
    let report = try SessionCheck.check(path: scope.path)
    #expect(report.isSound && !report.isClosed)
  }

  @Test func settingsForTheFutureHoldForTheNextFrameAndAWrongOneIsRefused() async throws {
    let scope = try FakeMicroscope()
    await scope.session.perform(.setForFuture(engine: "fake", settings: ["gain": "5"]))
    scope.expose(1, "a.raw", [7])
    #expect(await scope.wait(forResults: 1)[file: 1]?.run?.values == [35])
    await scope.session.perform(.setForFuture(engine: "fake", settings: ["gain": "1000"]))
    scope.expose(2, "b.raw", [8])
    let state = await scope.wait { $0.state[file: 2]?.status == .refused }.state
    #expect(state[file: 2]?.reason.contains("outside 0 to 100") == true)
    try await scope.close()
  }

  @Test func everyThousandLinesTheSessionSaysWhatItHolds() async throws {
    let scope = try FakeMicroscope()
    scope.expose(1, "a.raw", [7])
    // One that only waits is in no line, and in no count of lines.
    scope.watcher.say(.appeared(scope.file(2, "absent.raw.part"), .waiting(.temporaryName)))
    await scope.wait { $0.state.resultCount == 1 && $0.state.fileCount == 2 }
    for _ in 0..<2500 { await scope.session.perform(.note([1], .note, "x")) }
    let report = try await scope.close()
    #expect(report.digestsVerified == 3 && report.fileCount == 1)
  }
}

/// Holds a thread until it is opened.
final class Gate: Sendable {
  private let count = Mutex(0)
  private let semaphore = DispatchSemaphore(value: 0)

  /// How many have come to it so far.
  var arrivals: Int { count.withLock { $0 } }
  var isWaitedFor: Bool { arrivals > 0 }
  func open() { semaphore.signal() }
  func wait() {
    count.withLock { $0 += 1 }
    semaphore.wait()
  }
}
