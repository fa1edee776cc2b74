import Diffraction
import LiveSession
import TerminalUI

// What lies over the screen, which goes on dimmed below it.

/// A box over the dimmed screen; returns its inside.
func box(
  _ rect: Rect, _ title: Text, facts: [Text], keys: Text, _ model: Model, _ canvas: inout Canvas
) -> Rect {
  let theme = model.theme
  canvas.restyle(Rect(x: 0, y: 1, width: model.size.width, height: model.size.height - 1)) { style in
    // A picture is two colours a cell; a line of text is one, and becomes as quiet as a border.
    style =
      style.background != .default && theme.depth >= .palette256
      ? Style(style.foreground.dimmed, on: style.background.dimmed)
      : Style(theme.rule.foreground, on: .default, theme.rule.attributes)
  }
  let ground = Style(.default, on: theme.bar)
  canvas.fill(rect, Cell(" ", ground))
  var grid = PaneGrid(model.size)
  let inside = grid.pane(rect, title, facts: facts, isFocused: true)
  grid.keys(rect, [keys], "")
  grid.draw(on: &canvas, theme)
  return inside
}

func put(_ text: Text, _ rect: Rect, _ row: Int, _ model: Model, isHere: Bool, _ canvas: inout Canvas) {
  guard row < rect.height else { return }
  let theme = model.theme
  let ground = isHere ? theme.selected : theme.bar
  let reverse: Attributes = isHere && theme.depth < .palette256 ? .reverse : []
  canvas.fill(
    Rect(x: rect.x, y: rect.y + row, width: rect.width, height: 1),
    Cell(" ", Style(.default, on: ground, reverse)))
  canvas.within(Rect(x: rect.x, y: rect.y + row, width: rect.width, height: 1)) { canvas in
    var x = 0
    for piece in text.pieces {
      x = canvas.put(
        piece.text, x: x, y: 0,
        Style(piece.style.foreground, on: ground, piece.style.attributes.union(reverse)))
    }
  }
}

func keyText(_ pairs: [(String, String)], _ theme: Theme) -> Text {
  pairs.enumerated().reduce(Text("")) { text, pair in
    text + Text(pair.offset > 0 ? "  " : "") + Text(pair.element.0, theme.accent.adding(.bold))
      + Text(" " + pair.element.1, theme.text)
  }
}

func promptRect(_ model: Model) -> Rect {
  let isTiny = Sheet.isTiny(model.size)
  return Rect(
    x: isTiny ? 0 : 2, y: model.size.height - 1, width: max(1, model.size.width - (isTiny ? 0 : 4)), height: 1
  )
}

/// The line that is typed, in the bottom border; what is wrong with it stands above.
func drawPrompt(_ prompt: Prompt, _ model: Model, _ canvas: inout Canvas) {
  let rect = promptRect(model)
  guard rect.y > 0 else { return }
  canvas.fill(rect, Cell(" ", Style(.default, on: model.theme.bar)))
  _ = prompt.field.draw(in: &canvas, rect, prompt: prompt.purpose.label)
  if let error = prompt.error {
    canvas.put(TextWidth.fitted("✕ \(error)", to: rect.width), x: rect.x, y: rect.y - 1, model.theme.refused)
  }
}

/// Nothing is worse than a day of results that were never written: this covers everything else.
func drawLogFailure(_ failure: String, _ model: Model, _ canvas: inout Canvas) {
  let style = model.theme.badge(model.theme.refused)
  let height = min(model.size.height, 7)
  let rect = Rect(x: 0, y: max(0, (model.size.height - height) / 2), width: model.size.width, height: height)
  canvas.fill(rect, Cell(" ", style))
  let waiting = model.snapshot.live.linesWaiting
  let lines = [
    "THE SESSION FILE CANNOT BE WRITTEN", failure,
    "\(Format.count(waiting, "line")) wait in memory (of \(SessionLog.queueLimit)) and are tried again every 2 s.",
    "Make room on the disk; nothing is lost until then.",
  ]
  for (index, line) in lines.enumerated() {
    let text = TextWidth.fitted(line, to: max(0, rect.width - 4))
    canvas.put(text, x: 2, y: rect.y + 1 + index, style)
  }
}
