import LiveSession
import Testing

import ewald

private func read(_ line: String) throws -> ControlLine? {
  try ControlLine.read(line, SampleSession.state, Ewald.engines)
}

@Test func framesAreNamedByNumberRangeMarkAndEnd() throws {
  #expect(try read("show 12") == .show([12]))
  #expect(try read("show 12-14") == .show([12, 13, 14]))
  #expect(try read("show") == .show([215]))
  #expect(try read("list last:3") == .list([213, 214, 215]))
  #expect(try read("unmark marked") == .perform(.note([212], .unmark, "")))
  #expect(try read("  ") == nil)
}

@Test func everyActionOfTheScreenHasALine() throws {
  let lines: [(String, SessionCommand)] = [
    ("mark 3", .note([3], .mark, "")), ("tag 3 a b", .note([3], .tag, "a b")),
    ("untag 3 a", .note([3], .untag, "a")), ("note last stage moved", .note([215], .note, "stage moved")),
    ("exclude 3-4", .note([3, 4], .exclude, "")), ("include 3", .note([3], .include, "")),
    ("undo 213", .stepRun(fileID: 213, by: -1)), ("redo 213", .stepRun(fileID: 213, by: 1)),
    ("retry 211", .retry([211])), ("acknowledge", .acknowledge(.oldest)),
    ("acknowledge all", .acknowledge(.all)),
  ]
  for (line, command) in lines { #expect(try read(line) == .perform(command), "\(line)") }
  // What the screen can ask of the session, a line can: the compiler counts the cases.
  for (_, command) in lines {
    switch command {
    case .note, .stepRun, .retry, .acknowledge: break
    case .toggle: Issue.record("a line says mark or unmark")
    case .reanalyse, .setForFuture: Issue.record("tested below")
    }
  }
}

@Test func settingsAreThoseInForceChangedByWhatIsSaid() throws {
  guard
    case .perform(.reanalyse([214, 215], let engine, let settings))? = try read(
      "reanalyse last:2 drift_limit_px=7")
  else {
    Issue.record("no new run")
    return
  }
  #expect(engine == "frame" && settings["drift_limit_px"] == "7" && settings.count > 2)
  guard case .perform(.setForFuture("pacbed", let future))? = try read("set pacbed convergence_mrad=19.5")
  else {
    Issue.record("no setting")
    return
  }
  #expect(future["convergence_mrad"] == "19.5")
}

@Test(
  arguments: [
    ("reanalise 3", "is reanalyse meant?"), ("show 999", "there are frames 1 to 215"),
    ("tag 3", "the text is missing"),
    ("reanalyse 3 drift=7", "is no NAME=VALUE of frame"),
    ("reanalyse 3 drift_limit_px=far", "drift_limit_px"),
    ("set", "ENGINE"), ("set nothing a=1", "is no engine"), ("undo 1-3", "one frame"),
    ("list last:x", "last:7"),
  ])
func aLineThatIsNotUnderstoodIsToldWhy(_ line: String, _ why: String) {
  let error = #expect(throws: UsageError.self) { try read(line) }
  #expect(error?.description.contains(why) == true, "\(error?.description ?? "")")
}
