import LiveSession
import TerminalUI

/// What happened, newest first, and above it the alarms that stand: one list that can be walked.
package struct EventRow: Sendable, Equatable {
  package var unixMilliseconds: Int
  package var severity: Alarm.Severity?
  package var code: String
  package var fileID: Int?
  package var text: String
  package var count: Int
  /// An alarm that nobody has acknowledged.
  package var isStanding: Bool
  /// A standing alarm whose trouble is over.
  package var isOver: Bool
}

extension SessionState {
  /// Standing alarms, then every line that is not one of them.
  package var events: [EventRow] {
    let standing = alarms.filter { !$0.isAcknowledged }.sorted { $0.unixMilliseconds > $1.unixMilliseconds }
    var rows = standing.map { alarm in
      EventRow(
        unixMilliseconds: alarm.unixMilliseconds, severity: alarm.severity, code: alarm.code,
        fileID: alarm.fileID,
        text: alarm.text, count: alarm.count, isStanding: true, isOver: alarm.quiet >= Self.quietFrames)
    }
    for line in lines.reversed() {
      // The line of a standing alarm's last frame is the alarm itself.
      if standing.contains(where: { $0.code == line.code && $0.fileID == line.fileID && $0.text == line.text }
      ) {
        continue
      }
      rows.append(
        EventRow(
          unixMilliseconds: line.unixMilliseconds, severity: line.severity, code: line.code,
          fileID: line.fileID,
          text: line.text, count: 1, isStanding: false, isOver: false))
    }
    return rows
  }
}

/// `selection` is the row the cursor stands on, where the pane has it.
func drawEvents(_ model: Model, _ rect: Rect, _ sheet: inout Sheet, selection: Int?, scroll: ListScroll) {
  let theme = sheet.theme
  let rows = model.state.events
  let standing = rows.prefix { $0.isStanding }.count
  var facts: [Text] = []
  if standing > 0 {
    facts = [
      Text("▲ ", theme.refused) + Text("\(standing) stand\(standing == 1 ? "s" : ""), ", theme.dim)
        + Text("a", theme.accent.adding(.bold))
        + Text(" acknowledges", theme.dim)
    ]
  }
  let inside = sheet.pane(
    rect, Text(rect.width < 100 ? "Events" : "Alarms and events"), facts: facts, isFocused: selection != nil)
  sheet.targets.append(MouseTarget(rect: rect, kind: .events))
  for (line, index) in scroll.visible(count: rows.count, height: inside.height).enumerated() {
    let row = rows[index]
    sheet.targets.append(
      MouseTarget(
        rect: Rect(x: inside.x, y: inside.y + line, width: inside.width, height: 1), kind: .event(index)))
    let style = theme.style(row.severity)
    var text = Text(" " + Timestamp.clockText(unixMilliseconds: row.unixMilliseconds) + " ", theme.dim)
    text += row.isStanding ? Text("▲ ", row.isOver ? theme.dim : theme.refused) : Text("  ")
    text += Text(TextWidth.fitted(row.code.count <= 4 ? row.code : "·", to: 4) + " ", style.adding(.bold))
    text += Text(
      TextWidth.fitted(row.fileID.map(String.init) ?? "", to: 5, alignment: .right) + "  ", theme.dim)
    var words = row.text
    if row.code.count > 4 { words = "\(Format.words(row.code)): \(words)" }
    if row.count > 1 { words += " (\(row.count) frames)" }
    if row.isOver { words = "over: " + words }
    let room = max(0, inside.width - text.columns)
    if TextWidth.columns(of: words) > room {
      words = TextWidth.fitted(words, to: max(0, room - 1), ellipsis: false) + "…"
    }
    text += Text(words, row.isStanding || index == selection ? theme.text : theme.dim)
    let y = inside.y + line
    if index == selection {
      sheet.canvas.fill(
        Rect(x: inside.x, y: y, width: inside.width, height: 1),
        Cell(" ", Style(.default, on: theme.selected)))
    }
    sheet.canvas.within(Rect(x: inside.x, y: y, width: inside.width, height: 1)) { canvas in
      var x = 0
      for piece in text.pieces {
        var style = piece.style
        if index == selection {
          style =
            theme.depth < .palette256
            ? style.adding(.reverse) : Style(style.foreground, on: theme.selected, style.attributes)
        }
        x = canvas.put(piece.text, x: x, y: 0, style)
      }
    }
  }
  if rows.isEmpty { sheet.canvas.put(" nothing yet", x: inside.x, y: inside.y, theme.dim) }
}
