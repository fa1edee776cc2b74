import LiveSession
import TerminalUI
import Testing

import ewald

@Test func aValueIsChosenForListSortAndTrend() {
  var model = SampleSession.model()
  model.type("v")
  #expect(draw(model).text.contains("Value to list, sort by and trend"))
  for letter in "drift" { model.type(String(letter)) }
  model.type("Enter")
  #expect(model.list.values == ["frame": "drift"])
  let text = draw(model).text
  #expect(text.contains("Drift") && !text.contains("Dose,"))
  model.type("s", "s")
  let drifts = (0..<20).map { model.state[file: model.list.id(at: $0)]?.run?.values[1] ?? 0 }
  #expect(drifts == drifts.sorted(by: >) && drifts[0] > 1.1)
  // The first value again is the standard.
  model.type("v", "g")
  model.type("BS", "Up", "Enter")
  #expect(model.list.values.isEmpty)
}

@Test func aNumberTypedIntoAChoiceGoesNowhere() {
  var model = SampleSession.model()
  let before = model.list.cursor
  model.type("v", "5", "Enter")
  #expect(model.list.cursor == before)
}

@Test func theValueIsCopiedWithTwoKeysAndTheCommandRepeatsTheAnalysis() {
  var model = SampleSession.model()
  let copied = model.type("y", "Enter")
  guard case .copy(let text)? = copied.last else {
    Issue.record("nothing was copied")
    return
  }
  #expect(text.hasSuffix(" counts") && Double(text.dropLast(7)) != nil)
  #expect(draw(model).text.contains("copied: \(text)"))
  model.type("y")
  for letter in "command" { model.type(String(letter)) }
  #expect(model.type("Enter").last == .copy("ewald run --engine frame /data/wedge/pacbed_0215.tif"))
}

@Test func aRangeIsMarkedFromTheMarkToTheCursor() {
  var model = SampleSession.model()
  // 212 is marked already.
  model.type("g", "j")
  #expect(model.type("V").last == .perform(.note(.these([214, 213, 212]), .mark, "")))
}

@Test func theLastSevenAreMarkedWithThreeKeys() {
  var model = SampleSession.model()
  #expect(
    model.type("l", "7", "Enter").last
      == .perform(.note(.these([215, 214, 213, 212, 211, 210, 209]), .mark, "")))
  model.type("l", "x", "Enter")
  #expect(draw(model).text.contains("a number of frames is needed"))
}

@Test func aDotDoesTheLastChangeOnceMore() {
  var model = SampleSession.model()
  model.type(".")
  #expect(model.notice?.isError == true)
  model.type("t", "b", "a", "d", "Enter", "j")
  #expect(model.type(".") == [.perform(.note(model.selection, .tag, "bad"))])
  model.type("m", "j")
  let cursor = model.list.cursor ?? 0
  #expect(model.type(".") == [.perform(.toggle(.mark, [cursor], like: cursor))])
}

@Test func aReplayStepsWhereASessionRepeats() {
  var model = SampleSession.model()
  #expect(model.command(bound: .char("."))?.id == "repeat")
  #expect(model.command(bound: .char(",")) == nil)
  _ = model.update(.position(3, of: 9))
  #expect(model.command(bound: .char("."))?.id == "step-forward")
  #expect(model.type(".") == [.step(1)])
}

@Test func alarmsAreWalkedRoundAndRound() {
  var model = SampleSession.model()
  let frames = model.state.alarms.filter { !$0.isAcknowledged }.compactMap(\.fileID)
  #expect(frames.count > 1)
  var seen: Set<Int> = []
  for _ in frames {
    model.type("'")
    if let cursor = model.list.cursor { seen.insert(cursor) }
  }
  #expect(seen == Set(frames))
}

@Test func theTitleSaysHowManyResultsAndAlarms() {
  let model = SampleSession.model()
  #expect(model.windowTitle == "ewald s014: \(model.state.resultCount) results, 2 alarms")
}

@Test func aNewAlarmRingsAndIsToldToTheDesktopWhereThatIsAsked() throws {
  let busy = SampleSession.model().snapshot
  let alarms = busy.state.alarms.filter { !$0.isAcknowledged }
  var quiet = SampleSession.model()
  quiet.snapshot = Snapshot()
  #expect(!quiet.update(.snapshot(busy)).contains(.ring))
  var settings = OperatorSettings()
  settings.bell = true
  settings.notice = true
  var model = SampleSession.model(settings: settings)
  model.snapshot = Snapshot()
  let effects = model.update(.snapshot(busy))
  let last = try #require(alarms.last)
  #expect(effects.contains(.ring) && effects.contains(.announce("\(last.code): \(last.text)")))
  // Those that stand are told once.
  #expect(!model.update(.snapshot(busy)).contains(.ring))
}
