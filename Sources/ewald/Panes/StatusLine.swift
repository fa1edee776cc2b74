import LiveSession
import TerminalUI

/// `ewald s014 [FOLLOW] 8.3fr/s lag0.4s q2 bad1 drop0 disk412G last12:04:31(0s)`
func drawStatus(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  let live = model.snapshot.live
  var parts = ["ewald"]
  let mode: String
  switch model.mode {
  case .follow: mode = "[FOLLOW]"
  case .held(let results):
    let new = model.state.resultCount - results
    mode = new > 0 ? "[HELD +\(new)]" : "[HELD]"
  case .replay(let position, let count): mode = "[REPLAY \(position)/\(count)]"
  }
  let alarms = model.state.alarms.filter { !$0.isAcknowledged }.count
  if model.isReplay {
    parts += [model.title, mode, "files\(model.state.fileCount)", "bad\(model.state.badCount)"]
  } else {
    parts += [mode]
    if alarms > 0 { parts.append("ALARM\(alarms)") }
    parts += [
      "\(Format.fixed(live.rate, 1))fr/s", "lag\(Format.fixed(live.lag, 1))s",
      "q\(live.queued + live.running)",
      "bad\(model.state.badCount)", "drop\(live.lost)",
    ]
    if let free = live.freeBytes { parts.append("disk\(Format.bytes(free))") }
    if let age = model.ageText { parts.append(age) }
    if case .polled = live.folder { parts.append("poll") }
    // The session's name takes what room is left.
    let taken = parts.reduce(0) { $0 + $1.count + 1 }
    let room = rect.width - taken
    if room >= 4 { parts.insert(TextWidth.fitted(model.title, to: min(room - 1, model.title.count)), at: 1) }
  }
  canvas.fill(rect, Cell(" ", Theme.status))
  canvas.put(
    TextWidth.fitted(parts.joined(separator: " "), to: rect.width), x: rect.x, y: rect.y,
    alarms > 0 ? Theme.status.adding(.bold) : Theme.status)
}

/// The keys of this context, or the line that is being typed.
func drawHints(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  switch model.overlay {
  case .prompt(let prompt):
    if let error = prompt.error {
      canvas.put(TextWidth.fitted(error, to: rect.width), x: rect.x, y: rect.y - 1, Theme.bad)
    }
    _ = prompt.field.draw(in: &canvas, rect, prompt: prompt.purpose.label)
  case .question(let question):
    canvas.put(TextWidth.fitted(question.text, to: rect.width), x: rect.x, y: rect.y, Theme.warning)
  case .form:
    canvas.put("Up Down:field  Left Right:choose  Enter:queue  Esc:cancel", x: rect.x, y: rect.y, Theme.hint)
  case .menu:
    canvas.put("type to search  Enter:run  Esc:back", x: rect.x, y: rect.y, Theme.hint)
  case nil:
    if let notice = model.notice {
      canvas.put(
        TextWidth.fitted(notice.text, to: rect.width), x: rect.x, y: rect.y,
        notice.isError ? Theme.warning : Theme.good)
      return
    }
    var text = ""
    for command in commands where command.contexts.contains(model.context) {
      guard let hint = command.hint, let key = command.keys.first else { continue }
      let next = (text.isEmpty ? "" : " ") + "\(key.name):\(hint)"
      if text.count + next.count > rect.width { break }
      text += next
    }
    canvas.put(text, x: rect.x, y: rect.y, Theme.hint)
  }
}

extension Model {
  /// `last12:04:31(3s)`, the only thing on the screen that changes while nothing happens.
  var ageText: String? {
    guard let row = state.newestResult.flatMap({ state[file: $0] }) else { return nil }
    let age = max(0, (unixMilliseconds - row.unixMilliseconds) / 1000)
    return "last\(Timestamp.clockText(unixMilliseconds: row.unixMilliseconds))(\(Format.age(age)))"
  }
}
