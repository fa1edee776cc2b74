import Diffraction
import FrameFormats
import Glibc
import LiveSession
import Testing

/// A session of three frames with drifts, a reanalysis, a scan and a failure, recorded by the session itself.
private func recordedSession() async throws -> FakeMicroscope {
  let scope = try FakeMicroscope()
  for (id, bytes) in [[7], [9], [12, 3, 3], [UInt8(ascii: "F")]].enumerated() {
    scope.expose(UInt64(id + 1), "f\(id + 1).raw", bytes.map { UInt8($0) })
    _ = await scope.wait(forResults: id + 1)
  }
  await scope.session.perform(.reanalyse([2], engine: "fake", settings: ["gain": "2.5"]))
  _ = await scope.wait(forResults: 5)
  try await scope.close()
  return scope
}

func verify(
  _ scope: FakeMicroscope, _ analyst: Analyst = FakeMicroscope.analyst(), folder: String? = nil
) throws -> (totals: ReplayVerification.Totals, entries: [ReplayVerification.Entry]) {
  var entries: [ReplayVerification.Entry] = []
  var verification = ReplayVerification(try SessionFile(path: scope.path), analyst: analyst, folder: folder)
  let totals = verification.run { entries.append($0) }
  return (totals, entries)
}

@Suite(.timeLimit(.minutes(20))) struct ReplayVerificationTests {
  @Test func everyResultOfASessionComesOutTheSameAgain() async throws {
    let (totals, entries) = try verify(try await recordedSession())
    #expect(totals.results == 5 && totals.same == 5 && totals.isVerified)
    #expect(entries.map(\.fileID) == [1, 2, 3, 4, 2] && entries.allSatisfy { $0.outcome == .same })
    #expect(entries.map(\.frame) == [0, 0, nil, 0, 0])
    #expect(totals.text.hasPrefix("5 results: 5 same, 0 different"))
  }

  @Test func anEngineThatAnswersDifferentlyIsToldValueByValue() async throws {
    let scope = try await recordedSession()
    let (totals, entries) = try verify(scope, FakeMicroscope.analyst(FakeEngine(offset: 1)))
    #expect(totals.different == 5 && totals.same == 0 && !totals.isVerified)
    guard case .different(let differences) = entries[0].outcome else {
      Issue.record("the first result was \(entries[0].outcome)")
      return
    }
    #expect(
      differences.map(\.description) == [
        "dose: recorded 7, now 8", "histogram dose[3]: recorded 7, now 8",
        "profile radial[0]: recorded 7, now 8",
      ])
    guard case .different(let afterFailure) = entries[3].outcome else {
      Issue.record("the failed result was \(entries[3].outcome)")
      return
    }
    #expect(afterFailure.contains { $0.what == "verdict" && $0.recorded == "not_analysable" })
    #expect(afterFailure.contains { $0.what == "dose" && $0.recorded == "absent" })
  }

  @Test func filesThatAreGoneOrHoldSomethingElseAreToldApart() async throws {
    let scope = try await recordedSession()
    unlink(scope.folder["f1.raw"])
    scope.folder.write("f2.raw", [10])
    scope.folder.write("f3.raw", Array("X, no image at all".utf8))
    let (totals, entries) = try verify(scope)
    #expect(totals.missing == 1 && totals.changed == 3 && totals.same == 1)
    #expect(entries[0].outcome == .fileMissing(scope.folder["f1.raw"]))
    guard case .fileChanged(let recorded, let found) = entries[2].outcome else {
      Issue.record("the third result was \(entries[2].outcome)")
      return
    }
    #expect(recorded != found && recorded.count == 32)
  }

  @Test func filesThatHaveMovedAreFoundInAnotherFolder() async throws {
    let scope = try await recordedSession()
    let other = TestFolder()
    for number in 1...4 { rename(scope.folder["f\(number).raw"], other["f\(number).raw"]) }
    #expect(try verify(scope).totals.missing == 5)
    #expect(try verify(scope, folder: other.path).totals.isVerified)
  }

  @Test func anEngineThatThisProgramLacksIsNamed() async throws {
    let scope = try await recordedSession()
    let (totals, entries) = try verify(scope, FakeMicroscope.analyst(FakeEngine(name: "other")))
    #expect(totals.engineUnknown == 5 && entries[0].outcome == .engineUnknown("fake"))
  }

  @Test func aResultWhosePredecessorIsLostIsNotRepeatable() async throws {
    let scope = try await recordedSession()
    let lines = scope.folder.read("session.jsonl").split(separator: 10).map { Array($0) + [10] }
    let first = try #require(
      lines.firstIndex { String(decoding: $0, as: UTF8.self).contains("\"type\":\"result\"") })
    scope.folder.write(
      "session.jsonl", Array(lines.enumerated().filter { $0.offset != first }.flatMap(\.element)))
    let (totals, entries) = try verify(scope)
    #expect(totals.results == 4 && totals.same == 2)
    guard case .notRepeatable(let reason) = entries[0].outcome else {
      Issue.record("the result was \(entries[0].outcome)")
      return
    }
    #expect(reason.contains("is not in the session file"))
  }

  @Test func aDamagedLineKeepsASessionFromBeingVerified() async throws {
    let scope = try await recordedSession()
    scope.folder.write("session.jsonl", scope.folder.read("session.jsonl") + Array("{\"v\":1,}\n".utf8))
    let totals = try verify(scope).totals
    #expect(totals.same == 5 && totals.unreadableLines == 1 && !totals.isVerified)
  }

  @Test func aCancelledVerificationStops() async throws {
    let scope = try await recordedSession()
    var verification = ReplayVerification(
      try SessionFile(path: scope.path), analyst: FakeMicroscope.analyst())
    #expect(verification.run(isCancelled: { true }, report: { _ in }).results == 0)
  }

  @Test func aCodeThatHasAnotherNameNowIsTheSameReason() {
    func finding(_ code: String) -> Finding {
      Finding(values: [Quantity("a", 1)], verdict: .outOfDomain, reasons: [Reason(code, "at the end")])
    }
    let recorded = ResultRecord(
      resultID: Identifier(unixMilliseconds: 0, random: (0, 0)), fileID: 1, file: "a", frame: 0,
      engine: "cbleed", finding: finding("RNGE"), parameters: [:], durationMilliseconds: 1)
    #expect(ReplayVerification.differences(recorded, finding("RNG")).isEmpty)
    #expect(ReplayVerification.differences(recorded, finding("OOD")).map(\.what) == ["reasons"])
  }
}
