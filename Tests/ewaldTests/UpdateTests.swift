import System
import LiveSession
import TerminalUI
import Testing

import ewald

@Test func theNewestFrameIsFollowedUntilSomeoneMoves() {
  var model = SampleSession.model()
  #expect(model.list.cursor == 215)
  #expect(model.mode == .follow)
  model.type("j")
  #expect(model.list.cursor == 214)
  guard case .held = model.mode else {
    Issue.record("a movement must hold the screen")
    return
  }
  model.type("F")
  #expect(model.list.cursor == 215)
  #expect(model.mode == .follow)
}

@Test func aNewResultMovesTheCursorOnlyInFollow() {
  var state = SampleSession.state
  func arrive(_ number: Int) {
    state.apply(
      .file(FileRecord(fileID: number, path: SampleSession.name(number), status: .done)),
      SampleSession.stamp(1000 + 2 * number))
    state.apply(.result(SampleSession.result(number)), SampleSession.stamp(1001 + 2 * number))
  }
  var model = SampleSession.model()
  arrive(216)
  #expect(model.update(.snapshot(Snapshot(state: state))) == [.load(file: 216, image: 0)])
  #expect(model.list.cursor == 216)
  model.type("j")
  arrive(217)
  _ = model.update(.snapshot(Snapshot(state: state)))
  #expect(model.list.cursor == 215)
  #expect(draw(model).row(0).contains("HELD +1"))
}

@Test func whileTheNewestIsReadTheLastAnswerStaysUnderItsOwnNumber() {
  var state = SampleSession.state
  var model = SampleSession.model()
  _ = model.update(.detail(SampleSession.detail(of: 215)))
  state.apply(
    .file(FileRecord(fileID: 216, path: SampleSession.name(216), status: .done)), SampleSession.stamp(1432))
  state.apply(.result(SampleSession.result(216)), SampleSession.stamp(1433))
  _ = model.update(.snapshot(Snapshot(state: state)))
  let reading = draw(model).text
  #expect(model.list.cursor == 216)
  #expect(reading.contains("Result 215") && reading.contains("18.2"))
  _ = model.update(.detail(SampleSession.detail(of: 216)))
  #expect(draw(model).text.contains("Result 216"))
  // Whoever moves there wants that frame, and sees that it is read.
  model.type("j")
  #expect(!draw(model).text.contains("Result 216"))
}

@Test func aVerbAppliesToTheMarkedFramesElseToTheCursor() {
  var model = SampleSession.model()
  #expect(model.type("t", "o", "k", "Enter") == [.perform(.note(.marked(otherwise: 215), .tag, "ok"))])
  #expect(model.targets == [212])
  #expect(model.targetText == "1 marked frame")
  var state = SampleSession.state
  state.apply(.note(NoteRecord(fileID: 212, kind: .unmark)), SampleSession.stamp(900))
  _ = model.update(.snapshot(Snapshot(state: state)))
  #expect(model.type("t", "o", "k", "Enter") == [.perform(.note(.marked(otherwise: 215), .tag, "ok"))])
  #expect(model.targets == [215])
}

@Test func reanalysisNamesItsTargetsAndRefusesAValueInPlace() {
  var model = SampleSession.model()
  model.type("r")
  #expect(draw(model).text.contains("Reanalyse 1 marked frame"))
  #expect(model.type("BS", "x", "Enter").isEmpty)
  #expect(draw(model).text.contains("\"x\" is not a number"))
  let effects = model.type("BS", "7", "Enter")
  guard case .perform(.reanalyse(let files, let engine, let settings))? = effects.first else {
    Issue.record("no reanalysis: \(effects)")
    return
  }
  #expect(model.state.numbers(of: files) == [212])
  #expect(engine == "frame")
  #expect(settings["drift_limit_px"] == "7")
}

@Test func theScopeOfAReanalysisCanBeAllFutureFrames() {
  var model = SampleSession.model()
  let effects = model.type("r", "BS", "3", "Down", "Down", "Down", "Down", "Right", "Enter")
  guard case .perform(.setForFuture(let engine, let settings))? = effects.first else {
    Issue.record("not for the future: \(effects)")
    return
  }
  #expect(engine == "frame" && settings["drift_limit_px"] == "3")
}

@Test func whatDependsOnOtherKeysIsLeftToTheSession() {
  var model = SampleSession.model()
  model.type(":", "2", "1", "3", "Enter")
  #expect(model.type("u", "u") == Array(repeating: .perform(.stepRun(fileID: 213, by: -1)), count: 2))
  #expect(model.type("U") == [.perform(.stepRun(fileID: 213, by: 1))])
  #expect(model.type("m", "m") == Array(repeating: .perform(.toggle(.mark, [213], like: 213)), count: 2))
  #expect(model.type("!") == [.perform(.toggle(.exclusion, .marked(otherwise: 213), like: 213))])
  #expect(model.type("a", "A") == [.perform(.acknowledge(.oldest)), .perform(.acknowledge(.all))])
}

@Test func filtersSelectAndEscapeShowsAllAgain() {
  var model = SampleSession.model()
  func filter(_ text: String) {
    model.type(["/", "C-u"] + text.map { $0 == " " ? "Space" : String($0) } + ["Enter"])
  }
  filter("flag:SAT")
  #expect((0..<model.list.count).map { model.list.id(at: $0) } == [212, 162, 112, 62, 12])
  filter("is:marked flag:sat")
  #expect(model.list.count == 1)
  filter("dr>1.1 -flag:SAT")
  let drifts = (0..<model.list.count).compactMap { place -> Double? in
    guard let run = model.state[file: model.list.id(at: place)]?.run else { return nil }
    return model.state.value("drift", of: run)
  }
  #expect(drifts.count > 10 && drifts.allSatisfy { $0 > 1.1 })
  filter("state:refused")
  #expect(model.list.count == 1)
  model.type("Esc")
  #expect(model.list.count == 215)
}

@Test func aFilterThatCannotBeReadStaysAtThePromptWithItsReason() {
  var model = SampleSession.model()
  model.type("/", "s", "t", "a", "t", "e", ":", "x", "Enter")
  guard case .prompt(let prompt) = model.overlay else {
    Issue.record("the prompt must stay")
    return
  }
  #expect(prompt.error?.hasPrefix("state:x is none of") == true)
  #expect(prompt.field.text == "state:x")
}

@Test func escapeBacksOutAndNeverQuits() {
  var model = SampleSession.model()
  for _ in 0..<10 { #expect(!model.type("Esc").contains(.quit)) }
  model.type("Enter", "x", "Esc")
  #expect(model.frameView.crosshair == nil && model.view is FrameView)
  model.type("Esc")
  #expect(model.view is LiveView)
}

@Test func quittingAsksWhileFramesAreQueued() {
  var model = SampleSession.model()
  #expect(model.type("q").isEmpty)
  #expect(draw(model).text.contains("2 frames are not analysed yet. Quit? y/n"))
  #expect(model.type("n").isEmpty)
  #expect(model.type("q", "y") == [.quit])
  model.snapshot.live.queued = 0
  #expect(model.type("q") == [.quit])
}

@Test func aReplayIsNotChanged() {
  var model = SampleSession.model()
  _ = model.update(.position(10, of: 20))
  for key in ["m", "r", "t", "!", "u", "a", ";", "R"] { #expect(model.type(key).isEmpty) }
  #expect(model.notice?.isError == true)
  #expect(model.type(".") == [.step(1)])
  #expect(model.type(",") == [.step(-1)])
}

@Test func aSessionThatIsLookedOnAtIsFollowedAndNotChanged() {
  var model = SampleSession.model()
  var snapshot = model.snapshot
  snapshot.live.isLookedOn = true
  _ = model.update(.snapshot(snapshot))
  for key in ["m", "r", "t", "!", "u", "a", ";", "R"] { #expect(model.type(key).isEmpty) }
  #expect(model.notice?.isError == true && model.overlay == nil)
  // Nor by its name.
  model.type(":", "m", "a", "r", "k", "Enter")
  #expect(model.overlay == nil)
  // The screen is this one's own: it holds and follows.
  model.type("j")
  #expect(draw(model).row(0).contains(" VIEW ") && draw(model).row(0).contains("HELD"))
  model.type("F")
  #expect(draw(model).row(0).contains("FOLLOW"))
}

@Test func theHelpIsWalkedThroughInTwoColumns() {
  var model = SampleSession.model(width: 80, height: 24)
  model.type("?")
  func menu() -> CommandMenu? { if case .menu(let menu) = model.overlay { menu } else { nil } }
  func place() -> Int { menu().flatMap { $0.lines.firstIndex(of: .command($0.selection)) } ?? -1 }
  guard let height = menu()?.height(model.size), menu()?.columns(model.size) == 2 else {
    Issue.record("no two columns")
    return
  }
  let start = place()
  model.type("Right")
  #expect(abs(place() - start - height) <= 2)
  model.type("Left")
  #expect(abs(place() - start) <= 2)
  // To the end and back: what is chosen is always in sight, and its sentence with it.
  for _ in 0..<100 {
    model.type("Down")
    let chosen = menu().map { $0.rows[$0.selection] }
    // Under a rule with its name; above it, the line that begins with its keys.
    let rows = (0..<24).map { draw(model).row($0) }
    #expect(chosen.map { rows[20].contains(" \($0.name) ") } == true)
    #expect(rows[3..<20].contains { $0.contains("> \(chosen?.keyText ?? "?")") })
  }
  #expect(menu()?.selection == (menu()?.rows.count ?? 0) - 1)
  // With something typed there is one column, and the arrows move in the text.
  model.type("z", "o")
  #expect(menu()?.columns(model.size) == 1)
}

@Test func theCrosshairReadsAPixel() {
  var model = SampleSession.model()
  model.type("Enter", "x", "l")
  #expect(draw(model).row(1).contains("(33, 32) = "))
  model.type("H", "H", "H", "H", "H")
  #expect(model.frameView.crosshair?.column == 0)
}

@Test func everyCommandRunsFromThePaletteByItsName() {
  let commands = SampleSession.model().commandsHere
  #expect(commands.count > 40)
  for command in commands {
    var menu = CommandMenu(.palette, commands, "Live")
    menu.field = TextField(command.title)
    #expect(menu.rows.first?.id == command.id)
  }
}

@Test func aNameThatIsBegunComesFirst() {
  for (typed, first) in [
    ("re", "reanalyse"), ("rem", "untag"), ("mark", "mark"), ("fil", "filter"), ("trend", "trend-axis"),
  ] {
    var menu = CommandMenu(.palette, SampleSession.model().commandsHere, "Live")
    menu.field = TextField(typed)
    #expect(menu.rows.first?.id == first, "\(typed)")
  }
}

@Test func noKeyMeansTwoThingsInOneView() {
  var model = SampleSession.model()
  for index in allViews.indices {
    model.type(allViews[index].key?.name ?? "\(index + 1)")
    #expect(model.view.word == allViews[index].word)
    var seen: [Key: String] = [:]
    for command in model.commandsHere {
      for key in command.keys {
        #expect(seen[key] == nil, "\(key.name) is \(command.id) and \(String(describing: seen[key]))")
        seen[key] = command.id
      }
    }
    #expect(seen.count > 40)
  }
}

@Test func randomKeysNeverTrap() {
  var random = SplitMix64(seed: 11)
  var model = SampleSession.model()
  let keys: [Key] =
    Model.allCommands.flatMap(\.keys) + "abcxyz0159:/?;!{}".unicodeScalars.map { Key.char($0) }
    + [.enter, .escape, .tab, .up, .down, .left, .right, .backspace]
  for step in 0..<4000 {
    let key = keys[Int(random.next() % UInt64(keys.count))]
    for effect in model.update(.key(key)) {
      if case .load(let file, _) = effect { _ = model.update(.detail(SampleSession.detail(of: file))) }
    }
    if step % 10 == 0 {
      let size = Size(width: Int(random.next() % 220), height: Int(random.next() % 60))
      _ = model.update(.resize(size))
      #expect(draw(model).size == size)
    }
  }
}

extension Model {
  var frameView: FrameView { views.compactMap { $0 as? FrameView }[0] }

  @discardableResult
  fileprivate mutating func type(_ names: [String]) -> [Effect] { names.flatMap { type($0) } }
}

@Test func bracketsTurnTheAnswerAndStopAtTheLastOne() {
  var model = SampleSession.model()
  model.type("Enter")
  _ = model.update(.detail(SampleSession.explained(215)))
  model.type("]", "]", "]")
  #expect(model.answer == 1)
  #expect(draw(model).text.contains("Predicted 2 45.5 nm"))
  model.type("[", "[")
  #expect(model.answer == 0)
}

@Test func blinkingShowsMeasuredAndPredictedInOnePlaceInTurns() {
  var model = SampleSession.model()
  model.type("Enter")
  _ = model.update(.detail(SampleSession.explained(215)))
  #expect(draw(model).text.contains("Measured"))
  model.type("b")
  let predicted = draw(model).text
  #expect(!predicted.contains("Measured") && predicted.contains("Predicted"))
  _ = model.update(.clock(unixMilliseconds: model.unixMilliseconds + 1000))
  let measured = draw(model).text
  #expect(measured.contains("Measured") && !measured.contains("Predicted"))
  model.type("b")
  #expect(draw(model).text.contains("Measured") && draw(model).text.contains("Predicted"))
}

@Test func dGoesThroughThePicturesAndBackToAll() {
  var model = SampleSession.model()
  model.type("Enter")
  _ = model.update(.detail(SampleSession.explained(215)))
  var shown: [Bool] = []
  for _ in 0..<4 {
    model.type("d")
    let text = draw(model).text
    shown.append(text.contains("Measured"))
  }
  #expect(shown == [false, false, true, true])
  #expect(draw(model).text.contains("Difference"))
}

@Test func theProbeMovesOverTheScanAndLoadsItsPattern() {
  var model = SampleSession.model()
  model.type("3")
  _ = model.update(.detail(SampleSession.scanned(215)))
  #expect(model.type("l") == [.load(file: 215, image: 1)])
  _ = model.update(.detail(SampleSession.scanned(215)))
  #expect(model.type("j") == [.load(file: 215, image: 13)])
  _ = model.update(.detail(SampleSession.scanned(215)))
  #expect(model.type("h") == [.load(file: 215, image: 12)])
  _ = model.update(.detail(SampleSession.scanned(215)))
  // The edge holds.
  #expect(model.type("h") == [.load(file: 215, image: 12)])
}

@Test func xAndCTurnTheLatentMap() {
  var model = SampleSession.model(width: 200, height: 50)
  #expect(model.type("4") == [.load(file: 215, image: 0)])
  _ = model.update(.detail(SampleSession.placed(215)))
  var titles: [String] = []
  for key in ["x", "x", "X", "C", "C"] {
    let text = draw(model).text
    titles.append(text.contains("PCA") ? "PCA" : text.contains("LLE") ? "LLE" : "")
    model.type(key)
  }
  #expect(titles == ["PCA", "LLE", "PCA", "LLE", "LLE"])
  #expect(draw(model).text.contains("beam energy  30"))
  #expect(draw(model).text.contains("63.7"))
}

@Test func aFindingWithoutPointsHasNoLatentMap() {
  var model = SampleSession.model()
  model.type("4")
  _ = model.update(.detail(SampleSession.detail(of: 215)))
  model.type("x", "C")
  #expect(draw(model).text.contains("no latent map"))
}

@Test func whatChangesTheSessionNeedsItsNameAndAnAnswer() {
  var model = SampleSession.model()
  // Letters in some order find what only looks, never what changes.
  let effects = model.type(":", "t", "r", "e", "n", "d", "Enter")
  #expect(!effects.contains { if case .perform = $0 { true } else { false } })
  if case .question? = model.overlay { Issue.record("nothing that changes is called trend") }
  model.overlay = nil
  model.type(":", "u", "n", "d", "o", "Enter")
  guard case .question(let question)? = model.overlay else {
    Issue.record("undo must be asked for")
    return
  }
  #expect(question.text.hasPrefix("accept the run before, on ") && question.text.hasSuffix("y/n"))
  model.type("n")
  model.type(":", "u", "n", "d", "o", "Enter")
  #expect(model.type("y").isEmpty && model.notice?.text == "this frame has one run only")
  // What opens a line of its own is thought over there.
  model.type(":", "t", "a", "g", "Space", "t", "h", "e", "Enter")
  guard case .prompt? = model.overlay else {
    Issue.record("tag opens its line")
    return
  }
}

@Test func pastedTextIsNoKeysButFillsALine() {
  var model = SampleSession.model()
  #expect(model.update(.key(.paste("muq\r"))).isEmpty)
  #expect(model.notice?.isError == true && model.overlay == nil)
  model.type(";")
  _ = model.update(.key(.paste("thin edge")))
  #expect(model.type("Enter") == [.perform(.note(.marked(otherwise: 215), .note, "thin edge"))])
}

@Test(arguments: [
  ("dirft>5", "is drift meant?"), ("kind:fram1", "is frame meant?"), ("flag:SATT", "is SAT meant?"),
  ("flag:QQQQ", "is no reason"),
])
func aMisspeltFilterSaysWhatWasMeant(_ text: String, _ hint: String) {
  var model = SampleSession.model()
  model.type("/", "C-u")
  for character in text { model.type(String(character)) }
  model.type("Enter")
  guard case .prompt(let prompt)? = model.overlay else {
    Issue.record("the prompt must stay")
    return
  }
  #expect(prompt.error?.contains(hint) == true, "\(prompt.error ?? "")")
}

@Test func twoFramesAreComparedByOneKey() {
  var model = SampleSession.model(width: 120, height: 40)
  #expect(model.type("c").contains(.loadOther(file: 214, run: nil)))
  _ = model.update(.other(SampleSession.detail(of: 214)))
  let text = draw(model).text
  #expect(
    text.contains("A  215 pacbed_0215.tif") && text.contains("B  214 pacbed_0214.tif")
      && text.contains("B - A"))
  #expect(text.contains("dose") && text.contains("verdict"))
  #expect(model.type("K") == [.loadOther(file: 213, run: nil)])
  #expect(model.type("[") == [.loadOther(file: 213, run: 0)])
  #expect(model.type("Tab").contains(.loadOther(file: 215, run: nil)) && model.list.cursor == 213)
  model.type("Esc")
  #expect(model.view is LiveView)
}

@Test func twoRunsAreComparedWithTheSettingsThatDiffer() {
  var model = SampleSession.model(width: 120, height: 40)
  model.type(":", "2", "1", "3", "Enter")
  #expect(model.type("c").contains(.loadOther(file: 213, run: 0)))
  var other = SampleSession.detail(of: 213)
  other.result = SampleSession.result(213)
  other.result?.parameters["drift_limit_px"] = "9"
  _ = model.update(.other(other))
  let text = draw(model).text
  #expect(text.contains("drift_limit_px") && text.contains("run 2") && text.contains("run 1"))
}

@Test func whatAnEngineMakesOnceIsSaidToBeMadeOnce() {
  var model = SampleSession.model(width: 120, height: 40)
  var live = LiveStatus()
  live.progress = [215: 0.26]
  _ = model.update(.snapshot(Snapshot(state: model.state, live: live)))
  model.type("2")
  _ = model.update(.detail(FrameDetail(fileID: 215)))
  let text = draw(model).text
  #expect(text.contains("preparing 26 %") && text.contains("once"), "\(text)")
}

@Test func thePaletteTellsWhatWasDoneLast() {
  var model = SampleSession.model()
  model.type("j", "m", "L", ":")
  let screen = draw(model)
  let line = (0..<24).map { screen.row($0) }.first { $0.contains("last used") }
  #expect(line?.contains("contrast L   mark m") == true, "\(line ?? "no such line")")
  // Moving about is nothing that was done.
  #expect(line?.contains(" j") == false)
}
