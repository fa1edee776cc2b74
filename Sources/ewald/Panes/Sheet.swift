import TerminalUI

/// What panes are drawn on: the cells, the lines between them, the colours.
package struct Sheet {
  var canvas: Canvas
  var grid: PaneGrid
  let theme: Theme
  /// What the mouse finds where; what was drawn later lies above.
  var targets: [MouseTarget] = []
  /// Everything below the status line, borders included.
  let area: Rect
  private let hasColour: Bool

  init(_ model: Model) {
    canvas = Canvas(model.size)
    grid = PaneGrid(model.size)
    theme = model.theme
    hasColour = model.capabilities.colours > .none
    area = Rect(x: 0, y: 1, width: model.size.width, height: model.size.height - 1)
  }

  /// Below this there is no room for borders.
  static func isTiny(_ size: Size) -> Bool { size.width < 40 || size.height < 8 }

  /// Adds a pane and returns its inside.
  @discardableResult
  mutating func pane(_ rect: Rect, _ title: Text, facts: [Text] = [], isFocused: Bool = false) -> Rect {
    grid.pane(rect, title, facts: facts, isFocused: isFocused)
  }

  /// A pane that has nothing to show says why.
  mutating func empty(_ rect: Rect, _ title: Text, _ reason: String) {
    let inside = pane(rect, title)
    for (line, text) in wrap(reason, to: inside.width - 2).prefix(inside.height).enumerated() {
      canvas.put(text, x: inside.x + 1, y: inside.y + line, theme.dim)
    }
  }

  /// Lines from the top, cut to the rectangle.
  mutating func lines(_ lines: some Sequence<Text>, in rect: Rect) {
    canvas.within(rect) { canvas in
      for (y, line) in lines.prefix(max(0, rect.height)).enumerated() { canvas.put(line, x: 0, y: y) }
    }
  }

  func dim(_ text: String) -> Text { Text(text, theme.dim) }
  func plain(_ text: String) -> Text { Text(text, theme.text) }
  func bright(_ text: String) -> Text { Text(text, theme.bright) }

  /// Columns in a line: each padded to its width, numbers to the right.
  func fitted(_ text: String, _ width: Int, _ style: Style, right: Bool = false) -> Text {
    Text(TextWidth.fitted(text, to: width, alignment: right ? .right : .left), style)
  }

  mutating func finish() { grid.draw(on: &canvas, theme) }
}

/// Breaks text at blanks; what is longer than a line is broken anywhere.
func wrap(_ text: String, to width: Int) -> [String] {
  guard width > 0 else { return [] }
  var lines = [""]
  for word in text.split(separator: " ") {
    var word = word
    while word.count > width {
      if !lines[lines.count - 1].isEmpty { lines.append("") }
      lines[lines.count - 1] = String(word.prefix(width))
      word = word.dropFirst(width)
      lines.append("")
    }
    let line = lines[lines.count - 1]
    if line.isEmpty {
      lines[lines.count - 1] = String(word)
    } else if line.count + 1 + word.count <= width {
      lines[lines.count - 1] = line + " " + word
    } else {
      lines.append(String(word))
    }
  }
  if lines.last == "", lines.count > 1 { lines.removeLast() }
  return lines
}
