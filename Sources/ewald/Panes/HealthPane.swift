import LiveSession
import TerminalUI

/// How the session is: verdicts so far, rate, delay and queue of the last two minutes, the disk.
func drawHealth(_ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
  let theme = sheet.theme
  let inside = sheet.pane(rect, Text("Session"), facts: [Text(model.title)]).inset(left: 1, right: 1)
  guard inside.width >= 20 else { return }
  let live = model.snapshot.live
  var lines: [(String, [Double], String)] = [
    ("rate", model.health.rate, "\(Format.fixed(live.rate, 1)) fr/s"),
    ("lag", model.health.lag, "\(Format.fixed(live.lag, 2)) s"),
    ("queue", model.health.queue, "\(live.queued + live.running)"),
  ]
  if let free = live.freeBytes { lines.append(("disk", [], "\(Format.bytes(free)) free")) }
  var y = inside.y
  sheet.canvas.put(
    Text("\(model.state.fileCount)", theme.bright) + Text(" files   ", theme.dim)
      + Text("\(model.state.resultCount)", theme.bright) + Text(" results   ", theme.dim)
      + Text("✕ ", theme.refused) + Text("\(model.state.badCount)", theme.text), x: inside.x, y: y)
  y += 1
  for (name, values, text) in lines where y < inside.bottom {
    sheet.canvas.put(TextWidth.fitted(name, to: 6), x: inside.x, y: y, theme.dim)
    let width = max(0, inside.width - 6 - 12)
    sheet.canvas.sparkline(values, in: Rect(x: inside.x + 6, y: y, width: width, height: 1), theme.network)
    sheet.canvas.put(
      TextWidth.fitted(text, to: 11, alignment: .right), x: inside.right - 11, y: y, theme.text)
    y += 1
  }
}
