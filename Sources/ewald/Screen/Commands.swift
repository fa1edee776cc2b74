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
    Command(
      "next-image", [.char("}")], "the next image of this file", .move,
      explanation: "For files with several images; the map view moves over a scan with the arrows."
    ) { $0.turnImage(1) },
    Command("previous-image", [.char("{")], "the image before, of this file", .move) { $0.turnImage(-1) },
    Command(
      "follow", [.char("F")], "follow the newest frame", .move, hint: "follow",
      explanation:
        "The list stays at its top and the newest answer is shown as it comes. Any step to another frame holds the screen."
    ) { $0.follow() },
    Command(
      "filter", [.char("/")], "show only some frames: kind:frame drift>5 flag:SAT tag:good", .move,
      hint: "filter",
      explanation:
        "Words are letters of the name; value>5, flag:CODE, tag:WORD, kind:frame and their like are joined by and. Esc leaves it."
    ) { model in
      model.overlay = .prompt(Prompt(.filter, TextField(model.list.filterText, history: model.filterHistory)))
      return []
    },
    Command(
      "sort", [.char("s")], "sort by time, name, value, verdict", .move,
      explanation:
        "Once more turns to the next order; the column head shows which one is in force and its direction."
    ) { $0.sortNext() },
    Command("value", [.char("v")], "which value is listed, sorted by and trended", .move) {
      $0.chooseValue()
    },
    Command(
      "columns", [.char("#")], "further values as columns of the list", .move,
      explanation:
        "Enter turns a column on or off and the list stays open. The table that e writes has all values in any case."
    ) { $0.chooseColumns() },
    Command(
      "next-alarm", [.char("'")], "the frame of the next alarm that stands", .move,
      explanation: "Round and round through the alarms that stand and belong to a frame. a acknowledges."
    ) { $0.nextAlarm() },
  ]

  private static let marking: [Command] = [
    Command(
      "mark", [.char("m")], "mark or unmark this frame", .mark, hint: "mark",
      explanation: "Marked frames are what r, t, ; ! and R act on. m again takes the mark off.",
      isRecorded: true
    ) {
      model in
      model.list.cursor.map { [.perform(.toggle(.mark, .these([$0]), like: $0))] } ?? []
    },
    Command("mark-all", [.char("M")], "mark all that the filter shows", .mark, isRecorded: true) { model in
      [.perform(.note(.these((0..<model.list.count).map { model.list.id(at: $0) }), .mark, ""))]
    },
    Command(
      "mark-range", [.char("V")], "mark from this frame to the nearest marked one", .mark,
      explanation: "Both ends included, in the order of the list as it is sorted and filtered now.",
      isRecorded: true
    ) { $0.markRange() },
    Command(
      "mark-last", [.char("l")], "mark the last of the list, so many", .mark,
      explanation: "A number is asked for: the newest so many of the list as it is filtered now.",
      isRecorded: true,
      isThoughtOver: true
    ) { model in
      model.overlay = .prompt(Prompt(.markLast))
      return []
    },
    Command("unmark-all", [.char("N")], "unmark all", .mark, isRecorded: true) { _ in
      [.perform(.note(.marked(otherwise: nil), .unmark, ""))]
    },
    Command(
      "tag", [.char("t")], "tag the marked frames, or this one", .mark, hint: "tag",
      explanation:
        "Acts on the marked frames, else on the frame under the cursor. tag:WORD in the filter finds them; T takes it off.",
      isRecorded: true,
      isThoughtOver: true
    ) {
      $0.prompt(.tag)
    },
    Command(
      "untag", [.char("T")], "remove a tag", .mark,
      explanation: "Acts on the marked frames, else on the frame under the cursor.", isRecorded: true,
      isThoughtOver: true
    ) {
      $0.prompt(.untag)
    },
    Command(
      "note", [.char(";")], "write a note", .mark, hint: "note",
      explanation:
        "Acts on the marked frames, else on the frame under the cursor. The note stands in the session file and in every export.",
      isRecorded: true, isThoughtOver: true
    ) { $0.prompt(.note) },
    Command(
      "exclude", [.char("!")], "exclude or include; nothing is deleted", .mark,
      explanation:
        "An excluded frame is left out of trends and dim in the list. Acts on the marked frames, else on this one; ! again takes it back.",
      isRecorded: true
    ) {
      model in
      model.list.cursor.map { [.perform(.toggle(.exclusion, model.selection, like: $0))] } ?? []
    },
  ]

  private static let analysing: [Command] = [
    Command(
      "reanalyse", [.char("r")], "analyse again with other settings, as a new run", .analyse,
      hint: "reanalyse",
      explanation:
        "Opens the form of settings. Acts on the marked frames, else on the frame under the cursor. Queued behind live frames; the earlier runs are kept and u goes back.",
      isRecorded: true, isThoughtOver: true
    ) { $0.openForm() },
    Command(
      "undo", [.char("u")], "accept the run before", .analyse, hint: "run before",
      explanation:
        "Nothing is computed: the run before counts again in list, trend and export. U goes on to the run after.",
      isRecorded: true
    ) {
      $0.stepRun(-1)
    },
    Command(
      "redo", [.char("U")], "accept the run after", .analyse,
      explanation: "Nothing is computed: the run after counts again in list, trend and export.",
      isRecorded: true
    ) { $0.stepRun(1) },
    Command(
      "retry", [.char("R")], "read a refused file again", .analyse,
      explanation:
        "From the start, as if the file had just come. Acts on the marked frames, else on the frame under the cursor.",
      isRecorded: true
    ) { model in
      [.perform(.retry(model.selection))]
    },
    Command(
      "repeat", [.char(".")], "the last change again, on the marked frames or this one", .analyse,
      explanation: "Marks, tags, notes and re-analyses can be repeated, with the settings they had.",
      isRecorded: true, scope: .live
    ) { $0.repeatLast() },
    Command(
      "next-answer", [.char("]")], "the pictures of the next answer", .analyse,
      explanation:
        "Where a pattern fits several answers: their predicted and difference pictures. The accepted one stays what it is."
    ) { $0.turnAnswer(1) },
    Command("previous-answer", [.char("[")], "the pictures of the answer before", .analyse) {
      $0.turnAnswer(-1)
    },
    Command(
      "acknowledge", [.char("a")], "acknowledge the oldest alarm", .analyse,
      explanation:
        "An acknowledged alarm goes from the list when its cause has ended. It stays in the session file.",
      isRecorded: true
    ) { _ in
      [.perform(.acknowledge(.oldest))]
    },
    Command(
      "acknowledge-all", [.char("A")], "acknowledge all alarms", .analyse,
      explanation:
        "Acknowledged alarms go from the list when their causes have ended. They stay in the session file.",
      isRecorded: true
    ) { _ in
      [.perform(.acknowledge(.all))]
    },
  ]

  private static let picturing: [Command] = [
    Command(
      "zoom", [.char("z")], "the main pane over the whole screen", .picture, hint: "zoom",
      explanation: "Esc or z goes back to all panes."
    ) { model in
      model.isZoomed.toggle()
      return []
    },
    Command("colours", [.char("i")], "next colour map for this kind of picture", .picture, hint: "colours") {
      model in
      model.changeLook { $0.map = $0.map.next }
    },
    Command(
      "glyphs", [.char("o")], "next picture mode: ASCII, half blocks, quadrants, braille, pixels", .picture,
      explanation: "Pixels are offered where the terminal can show them; ASCII is what every terminal can."
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
    Command(
      "limits", [.char("S")], "contrast limits: of every frame, or kept from this one", .picture,
      explanation:
        "Kept limits make frames comparable: equal colours are equal counts until S is pressed again."
    ) {
      model in
      model.holdLimits()
    },
  ]

  private static let rest: [Command] = [
    Command(
      "export", [.char("e")], "write the session's table beside it, as CSV", .session,
      explanation:
        "One row a frame and run, with intervals, settings and reasons. The session's earlier table is replaced."
    ) { _ in [.export]
    },
    Command(
      "pictures", [.char("w")], "write this frame's figures and its validation sheet", .session,
      explanation:
        "Pattern, prediction, difference, maps, curves and histograms as PNG with scale bars, beside the session file."
    ) {
      $0.writePictures()
    },
    Command(
      "page", [.char("W")], "write the session as one page, with the sheets of marked frames", .session,
      explanation:
        "One file without outside parts: trends, alarms, settings, provenance, and a sheet for each marked frame."
    ) {
      model in
      model.notice = Notice(text: "writing the session's page", isError: false)
      return [.writePage]
    },
    Command(
      "screen", [.char("P")], "write a picture of the screen", .session,
      explanation: "A PNG of just this screen, with its colours, beside the session file."
    ) { _ in [.writeScreen] },
    Command(
      "copy", [.char("y")], "copy the value, the path, the row or the command line", .session,
      explanation: "By the terminal, so that it works over SSH too where the terminal allows it."
    ) {
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
    Command(
      "redraw", [.ctrl("l")], "draw the screen again", .session,
      explanation: "When another program wrote over it."
    ) { _ in [.redraw] },
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
