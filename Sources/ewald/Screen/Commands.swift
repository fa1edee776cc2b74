import Diffraction
import LiveSession
import TerminalUI

extension Model {
  /// The commands that hold in every view that does not use their keys for itself.
  static let commonCommands: [Command] = moving + marking + analysing + picturing + rest

  private static let moving: [Command] = [
    Command("back", [.escape], "back to the list; leave a filter", .move) { $0.back() },
    Command("next-frame", [.char("J")], "the next newer frame", .move) { $0.step(newer: 1) },
    Command("previous-frame", [.char("K")], "the next older frame", .move) { $0.step(newer: -1) },
    Command("page-down", [.pageDown, .ctrl("d")], "a page down", .move) { $0.move(by: $0.page) },
    Command("page-up", [.pageUp, .ctrl("u")], "a page up", .move) { $0.move(by: -$0.page) },
    Command("first", [.char("g"), .home], "the top of the list", .move) { $0.move(to: 0) },
    Command("last", [.char("G"), .end], "the bottom of the list", .move) { $0.move(to: $0.list.count - 1) },
    Command("next-image", [.char("}")], "the next image of this file", .move) { $0.turnImage(1) },
    Command("previous-image", [.char("{")], "the image before, of this file", .move) { $0.turnImage(-1) },
    Command("follow", [.char("F")], "follow the newest frame", .move, hint: "follow") { $0.follow() },
    Command(
      "filter", [.char("/")], "show only some frames: kind:frame drift>5 flag:SAT tag:good", .move,
      hint: "filter"
    ) { model in
      model.overlay = .prompt(Prompt(.filter, TextField(model.list.filterText, history: model.filterHistory)))
      return []
    },
    Command("sort", [.char("s")], "sort by time, name, value, verdict", .move) { $0.sortNext() },
    Command("value", [.char("v")], "which value is listed, sorted by and trended", .move) {
      $0.chooseValue()
    },
    Command("columns", [.char("#")], "further values as columns of the list", .move) { $0.chooseColumns() },
    Command("next-alarm", [.char("'")], "the frame of the next alarm that stands", .move) { $0.nextAlarm() },
  ]

  private static let marking: [Command] = [
    Command("mark", [.char("m")], "mark or unmark this frame", .mark, hint: "mark", isRecorded: true) {
      model in
      model.list.cursor.map { [.perform(.toggle(.mark, .these([$0]), like: $0))] } ?? []
    },
    Command("mark-all", [.char("M")], "mark all that the filter shows", .mark, isRecorded: true) { model in
      [.perform(.note(.these((0..<model.list.count).map { model.list.id(at: $0) }), .mark, ""))]
    },
    Command(
      "mark-range", [.char("V")], "mark from this frame to the nearest marked one", .mark, isRecorded: true
    ) { $0.markRange() },
    Command(
      "mark-last", [.char("l")], "mark the last of the list, so many", .mark, isRecorded: true,
      isThoughtOver: true
    ) { model in
      model.overlay = .prompt(Prompt(.markLast))
      return []
    },
    Command("unmark-all", [.char("N")], "unmark all", .mark, isRecorded: true) { _ in
      [.perform(.note(.marked(otherwise: nil), .unmark, ""))]
    },
    Command(
      "tag", [.char("t")], "tag the marked frames, or this one", .mark, hint: "tag", isRecorded: true,
      isThoughtOver: true
    ) {
      $0.prompt(.tag)
    },
    Command("untag", [.char("T")], "remove a tag", .mark, isRecorded: true, isThoughtOver: true) {
      $0.prompt(.untag)
    },
    Command("note", [.char(";")], "write a note", .mark, hint: "note", isRecorded: true, isThoughtOver: true)
    { $0.prompt(.note) },
    Command("exclude", [.char("!")], "exclude or include; nothing is deleted", .mark, isRecorded: true) {
      model in
      model.list.cursor.map { [.perform(.toggle(.exclusion, model.selection, like: $0))] } ?? []
    },
  ]

  private static let analysing: [Command] = [
    Command(
      "reanalyse", [.char("r")], "analyse again with other settings, as a new run", .analyse,
      hint: "reanalyse",
      isRecorded: true, isThoughtOver: true
    ) { $0.openForm() },
    Command("undo", [.char("u")], "accept the run before", .analyse, hint: "run before", isRecorded: true) {
      $0.stepRun(-1)
    },
    Command("redo", [.char("U")], "accept the run after", .analyse, isRecorded: true) { $0.stepRun(1) },
    Command("retry", [.char("R")], "read a refused file again", .analyse, isRecorded: true) { model in
      [.perform(.retry(model.selection))]
    },
    Command(
      "repeat", [.char(".")], "the last change again, on the marked frames or this one", .analyse,
      isRecorded: true, scope: .live
    ) { $0.repeatLast() },
    Command("next-answer", [.char("]")], "the pictures of the next answer", .analyse) { $0.turnAnswer(1) },
    Command("previous-answer", [.char("[")], "the pictures of the answer before", .analyse) {
      $0.turnAnswer(-1)
    },
    Command("acknowledge", [.char("a")], "acknowledge the oldest alarm", .analyse, isRecorded: true) { _ in
      [.perform(.acknowledge(.oldest))]
    },
    Command("acknowledge-all", [.char("A")], "acknowledge all alarms", .analyse, isRecorded: true) { _ in
      [.perform(.acknowledge(.all))]
    },
  ]

  private static let picturing: [Command] = [
    Command("zoom", [.char("z")], "the main pane over the whole screen", .picture, hint: "zoom") { model in
      model.isZoomed.toggle()
      return []
    },
    Command("colours", [.char("i")], "next colour map for this kind of picture", .picture, hint: "colours") {
      model in
      model.changeLook { $0.map = $0.map.next }
    },
    Command(
      "glyphs", [.char("o")], "next picture mode: ASCII, half blocks, quadrants, braille, pixels", .picture
    ) {
      model in
      model.mode(of: model.pictureMode.next)
    },
    Command("contrast", [.char("L")], "logarithmic, linear or root contrast", .picture, hint: "contrast") {
      model in
      model.changeLook {
        $0.contrast.scale = $0.contrast.scale.next
        $0.held = nil
      }
    },
    Command("limits", [.char("S")], "contrast limits: of every frame, or kept from this one", .picture) {
      model in
      model.holdLimits()
    },
  ]

  private static let rest: [Command] = [
    Command("export", [.char("e")], "write the session's table beside it, as CSV", .session) { _ in [.export]
    },
    Command("pictures", [.char("w")], "write this frame's figures and its validation sheet", .session) {
      $0.writePictures()
    },
    Command("page", [.char("W")], "write the session as one page, with the sheets of marked frames", .session)
    {
      model in
      model.notice = Notice(text: "writing the session's page", isError: false)
      return [.writePage]
    },
    Command("screen", [.char("P")], "write a picture of the screen", .session) { _ in [.writeScreen] },
    Command("copy", [.char("y")], "copy the value, the path, the row or the command line", .session) {
      $0.chooseCopy()
    },
    Command("mouse", [], "the mouse on or off: choose, scroll, sort, drag the cross-hair", .session) {
      model in
      model.hasMouse.toggle()
      model.notice = Model.Notice(
        text: model.hasMouse ? "the mouse is on; with Shift it is the terminal's" : "the mouse is off",
        isError: false)
      return [.mouse(model.hasMouse)]
    },
    Command("step-back", [.char(",")], "one event back", .session, scope: .replay) { _ in [.step(-1)] },
    Command("step-forward", [.char(".")], "one event on", .session, scope: .replay) { _ in [.step(1)] },
    Command("redraw", [.ctrl("l")], "draw the screen again", .session) { _ in [.redraw] },
    Command("palette", [.char(":")], "all commands by name; a number goes to that frame", .session) { model in
      model.overlay = .menu(CommandMenu(.palette, model.commandsHere, model.view.title))
      return []
    },
    Command("help", [.char("?")], "help", .session) { model in
      model.overlay = .menu(CommandMenu(.help, model.commandsHere, model.view.title))
      return []
    },
    Command("quit", [.char("q")], "quit", .session) { $0.quit() },
  ]
}
