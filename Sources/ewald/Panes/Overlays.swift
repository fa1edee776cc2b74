import Glibc
import LiveSession
import TerminalUI

func logOnePlus(_ value: Float) -> Float { log1pf(value) }

/// The palette as a box over the list, the help over the whole screen.
func drawMenu(_ menu: CommandMenu, _ model: Model, _ canvas: inout Canvas) {
  let size = model.size
  let height = Layout(model).menuHeight(menu.style)
  let rect: Rect
  switch menu.style {
  case .help: rect = Rect(x: 0, y: 1, width: size.width, height: height + 2)
  case .palette:
    let width = min(size.width, 76)
    rect = Rect(x: (size.width - width) / 2, y: 2, width: width, height: height + 2)
  }
  canvas.fill(rect, .blank)
  let title = menu.style == .help ? ["Help", menu.context.rawValue] : ["Commands"]
  let inside = canvas.pane(rect, title)
  _ = menu.field.draw(
    in: &canvas, Rect(x: inside.x, y: inside.y, width: inside.width, height: 1), prompt: ": ")
  let rows = menu.rows
  for (line, index) in menu.scroll.visible(count: rows.count, height: height).enumerated() {
    let command = rows[index]
    let text =
      " " + TextWidth.fitted(command.keyText, to: 10) + " "
      + TextWidth.fitted(command.title, to: max(0, inside.width - 12))
    canvas.put(
      text, x: inside.x, y: inside.y + 1 + line, index == menu.selection ? Theme.cursor : .plain)
  }
  if rows.isEmpty {
    let text = menu.number.map { "go to frame \($0)" } ?? "no command is called that"
    canvas.put(text, x: inside.x + 1, y: inside.y + 1, Theme.hint)
  }
}

/// Old value, new value, unit, range, and what is wrong with it.
func drawForm(_ form: ReanalysisForm, _ model: Model, _ canvas: inout Canvas) {
  let width = min(model.size.width, 76)
  let height = min(model.size.height - 2, form.rowCount + 3)
  let rect = Rect(x: (model.size.width - width) / 2, y: 2, width: width, height: height)
  canvas.fill(rect, .blank)
  let inside = canvas.pane(rect, ["Reanalyse", model.targetText])
  func put(_ row: Int, _ text: String, _ style: Style = .plain) {
    let y = inside.y + row
    guard y < rect.bottom else { return }
    let isSelected = row == form.selection
    canvas.put(
      TextWidth.fitted((isSelected ? "> " : "  ") + text, to: inside.width), x: inside.x, y: y,
      isSelected ? style.adding(.reverse) : style)
  }
  put(0, TextWidth.fitted("engine", to: 26) + "< \(form.engine.name) >")
  for (index, field) in form.fields.enumerated() {
    var text = TextWidth.fitted(field.parameter.title, to: 26)
    text += field.isChanged ? "\(field.old) > \(field.input.text)" : field.input.text
    if form.selection == index + 1 { text += "_" }
    if !field.parameter.unit.isEmpty { text += " \(field.parameter.unit)" }
    if let error = field.error {
      put(index + 1, error, Theme.bad)
    } else {
      put(index + 1, text)
    }
  }
  put(form.rowCount - 1, TextWidth.fitted("for", to: 26) + "< \(form.scope.rawValue) >")
}

/// Nothing is worse than a day of results that were never written: this covers everything else.
func drawLogFailure(_ failure: String, _ model: Model, _ canvas: inout Canvas) {
  let height = min(model.size.height, 7)
  let rect = Rect(x: 0, y: max(0, (model.size.height - height) / 2), width: model.size.width, height: height)
  canvas.fill(rect, Cell(" ", Theme.banner))
  let waiting = model.snapshot.live.linesWaiting
  let lines = [
    "THE SESSION FILE CANNOT BE WRITTEN", failure,
    "\(waiting) lines wait in memory (of \(SessionLog.queueLimit)) and are tried again every 2 s.",
    "Make room on the disk; nothing is lost until then.",
  ]
  for (index, line) in lines.enumerated() {
    let text = TextWidth.fitted(line, to: max(0, rect.width - 4))
    canvas.put(text, x: 2, y: rect.y + 1 + index, Theme.banner)
  }
}
