import Diffraction
import LiveSession
import TerminalUI

// What lies over the screen, which goes on dimmed below it.

extension CommandMenu {
  /// Rows of the list.
  func height(_ size: Size) -> Int {
    style == .help ? max(1, size.height - 5) : max(1, min(11, size.height - 10))
  }
}

/// A box over the dimmed screen; returns its inside.
private func box(
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

private func put(_ text: Text, _ rect: Rect, _ row: Int, _ model: Model, isHere: Bool, _ canvas: inout Canvas)
{
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

private func keyText(_ pairs: [(String, String)], _ theme: Theme) -> Text {
  pairs.enumerated().reduce(Text("")) { text, pair in
    text + Text(pair.offset > 0 ? "  " : "") + Text(pair.element.0, theme.accent.adding(.bold))
      + Text(" " + pair.element.1, theme.text)
  }
}

/// The palette as a box over the view, the help over the whole screen.
func drawMenu(_ menu: CommandMenu, _ model: Model, _ sheet: inout Sheet) {
  let theme = model.theme
  let size = model.size
  let height = menu.height(size)
  let rows = menu.rows
  let rect: Rect
  switch menu.style {
  case .help: rect = Rect(x: 0, y: 1, width: size.width, height: size.height - 1)
  case .palette, .choice:
    let width = min(size.width, 76)
    rect = Rect(
      x: (size.width - width) / 2, y: min(2, max(0, size.height - 5)), width: width, height: height + 3)
  }
  let title =
    switch menu.style {
    case .help: "Help: \(menu.title) view"
    case .palette: "Commands"
    case .choice: menu.title
    }
  let fact = menu.field.text.isEmpty ? "\(rows.count)" : "\(rows.count) of \(menu.commands.count)"
  let inside = box(
    rect, Text(title), facts: [Text(fact)],
    keys: keyText(
      [
        ("type", "to search"), ("↑ ↓", "choose"), ("Enter", menu.style == .choice ? "take" : "run"),
        ("Esc", "close"),
      ], theme),
    model, &sheet.canvas)
  sheet.targets.append(MouseTarget(rect: rect, kind: .menu))
  _ = menu.field.draw(
    in: &sheet.canvas, Rect(x: inside.x + 1, y: inside.y, width: max(0, inside.width - 2), height: 1),
    prompt: ": ")
  sheet.canvas.restyle(Rect(x: inside.x, y: inside.y, width: inside.width, height: 1)) { style in
    style = Style(style.foreground, on: theme.bar, style.attributes)
  }
  if menu.field.text.isEmpty, menu.style == .palette {
    sheet.canvas.put(
      "a number goes to that frame", x: inside.x + 6, y: inside.y,
      Style(theme.dim.foreground, on: theme.bar, theme.dim.attributes))
  }
  if menu.field.text.isEmpty, menu.style == .help, inside.width >= 74 {
    let legend = Text.legend(model)
    sheet.canvas.put(legend, x: inside.right - legend.columns - 1, y: inside.y)
    sheet.canvas.restyle(Rect(x: inside.x + 3, y: inside.y, width: inside.width - 3, height: 1)) { style in
      style = Style(style.foreground, on: theme.bar, style.attributes)
    }
  }
  let keys = menu.style == .choice ? 0 : max(6, rows.map { TextWidth.columns(of: $0.keyText) }.max() ?? 0)
  var previous: Command.Group?
  for (line, index) in menu.scroll.visible(count: rows.count, height: height).enumerated() {
    let command = rows[index]
    let isHere = index == menu.selection
    var text = Text(isHere ? " ▸ " : "   ", theme.accent)
    if menu.style == .help, menu.field.text.isEmpty {
      text += Text(
        TextWidth.fitted(command.group == previous ? "" : command.group.rawValue.uppercased(), to: 9),
        theme.dim)
    }
    previous = command.group
    if keys > 0 {
      text += Text(TextWidth.fitted(command.keyText, to: keys) + "  ", theme.accent.adding(.bold))
    }
    text += matched(command.title, menu.field.text, isHere ? theme.bright : theme.text, theme)
    put(text, inside, 1 + line, model, isHere: isHere, &sheet.canvas)
    sheet.targets.append(
      MouseTarget(
        rect: Rect(x: inside.x, y: inside.y + 1 + line, width: inside.width, height: 1), kind: .menuRow(index)
      ))
  }
  if rows.isEmpty {
    let text =
      menu.number.map { "Enter goes to frame \($0)" }
      ?? (menu.style == .choice ? "nothing is called that" : "no command is called that")
    put(Text("   " + text, theme.dim), inside, 1, model, isHere: false, &sheet.canvas)
  }
}

/// The letters that were typed stand out of what they were found in.
private func matched(_ title: String, _ typed: String, _ style: Style, _ theme: Theme) -> Text {
  let places = Set(FuzzyMatch(typed, in: title)?.positions ?? [])
  guard !places.isEmpty else { return Text(title, style) }
  return title.unicodeScalars.enumerated().reduce(into: Text("")) { text, letter in
    let isTyped = places.contains(letter.offset)
    text += Text(
      String(letter.element),
      isTyped ? Style(theme.accent.foreground, on: style.background, [.bold, .underline]) : style)
  }
}

extension Text {
  /// What the glyphs of the list mean.
  fileprivate static func legend(_ model: Model) -> Text {
    let theme = model.theme
    let isUnicode = model.capabilities.unicode
    var text = Text("")
    for verdict in [Verdict.accept, .doubtful, .outOfDomain, .notAnalysable] {
      text +=
        Text(verdict.glyph(unicode: isUnicode), theme.style(verdict)) + Text(" \(verdict.word)  ", theme.dim)
    }
    return text + Text("○", theme.dim) + Text(" waiting  ", theme.dim) + Text("●", theme.accent)
      + Text(" marked  ", theme.dim) + Text("▲", theme.refused) + Text(" alarm", theme.dim)
  }
}

/// Setting, value now, new value, unit, what is allowed; what is wrong stands below its field.
func drawForm(_ form: ReanalysisForm, _ model: Model, _ canvas: inout Canvas) {
  let theme = model.theme
  // As wide as the words need; the values give way first, the names last.
  func widest(_ words: [String]) -> Int { words.map { TextWidth.columns(of: $0) }.max() ?? 0 }
  let titles = widest(form.fields.map(\.parameter.title))
  let units = max(4, widest(form.fields.map { Format.unit($0.parameter.unit) }))
  let allowed = max(9, widest(form.fields.map(\.parameter.allowed)))
  let others = titles + units + allowed + 10
  let width = min(model.size.width, max(64, others + 2 * 16))
  let column = max(8, min(16, (width - others) / 2))
  let rowCount = form.rowCount + 3
  let height = min(model.size.height - 2, rowCount + 2)
  let rect = Rect(x: (model.size.width - width) / 2, y: 1, width: width, height: height)
  let inside = box(
    rect, Text("Reanalyse \(model.targetText)"),
    facts: [form.preset.map { Text("preset \($0)", theme.accent) }, Text(form.engine.name)].compactMap { $0 },
    keys: keyText(
      [("↑ ↓", "setting"), ("← →", "choose"), ("Del", "as now")]
        + (form.hasPresets ? [("C-p", "preset")] : []) + [("Enter", "queue"), ("Esc", "cancel")], theme),
    model, &canvas)
  let first = max(8, min(titles, inside.width - 2 * column - units - 12))
  func cells(_ name: String, _ now: String, _ new: Text, _ unit: String, _ allowed: String, isHere: Bool)
    -> Text
  {
    var line = Text(isHere ? "▸" : " ", theme.accent)
    line += Text(TextWidth.fitted(name, to: first) + "  ", isHere ? theme.bright : theme.text)
    line += Text(TextWidth.fitted(now, to: column) + " ", theme.dim)
    line += new + Text(String(repeating: " ", count: max(1, column + 3 - new.columns)))
    return line + Text(TextWidth.fitted(unit, to: units) + " ", theme.dim) + Text(allowed, theme.dim)
  }
  var lines: [(text: Text, row: Int)] = []
  lines.append((cells("setting", "now", Text("new", theme.dim), "unit", "allowed", isHere: false), -1))
  lines.append(
    (
      cells(
        "engine", "", Text("‹ \(form.engine.name) ›", theme.bright), "",
        Format.count(form.engines.count, "engine"), isHere: form.selection == 0), 0
    ))
  for (index, field) in form.fields.enumerated() {
    let isHere = form.selection == index + 1
    var new: Text = ""
    if isHere, field.choices.isEmpty {
      new = Text("→ ", theme.accent) + Text(field.input.text, theme.bright) + Text("▏", theme.accent)
    } else if isHere {
      new = Text("‹ \(field.input.text) ›", theme.bright)
    } else if field.isChanged {
      new = Text("→ ", theme.accent) + Text(field.input.text, theme.bright)
    }
    lines.append(
      (
        cells(
          field.parameter.title, field.old, new, Format.unit(field.parameter.unit), field.parameter.allowed,
          isHere: isHere), index + 1
      ))
    if let error = field.error {
      lines.append((Text(String(repeating: " ", count: min(first, 4)) + "✕ " + error, theme.refused), -1))
    }
  }
  lines.append((Text(" " + String(repeating: "─", count: max(0, inside.width - 2)), theme.rule), -1))
  var scopes =
    Text(form.selection == form.rowCount - 1 ? "▸" : " ", theme.accent)
    + Text(TextWidth.fitted("for", to: 6), theme.text)
  for scope in ReanalysisForm.Scope.allCases {
    let isChosen = scope == form.scope
    scopes += Text(isChosen ? "◆ " : "◇ ", isChosen ? theme.accent : theme.dim)
    scopes += Text(scope.rawValue + "   ", isChosen ? theme.bright : theme.dim)
  }
  lines.append((scopes, form.rowCount - 1))
  // What is chosen stays in sight.
  let here = lines.firstIndex { $0.row == form.selection } ?? 0
  let start = max(0, min(here - inside.height / 2, lines.count - inside.height))
  for (line, entry) in lines.dropFirst(start).prefix(inside.height).enumerated() {
    put(entry.text, inside, line, model, isHere: entry.row == form.selection, &canvas)
  }
}

extension Parameter {
  /// What may be typed, in a few letters.
  var allowed: String {
    let automatic = standard == .automatic ? "auto, " : ""
    switch domain {
    case .number(let range):
      return automatic + "\(Self.short(range.lowerBound)) – \(Self.short(range.upperBound))"
    case .choice(let words):
      return words.count <= 3 ? words.joined(separator: ", ") : "\(words.count) choices"
    case .text: return automatic.isEmpty ? "" : ParameterValue.automaticWord
    }
  }
}

extension Parameter {
  /// A bound that stands for "any" is not written out.
  private static func short(_ bound: Double) -> String {
    bound.magnitude >= 1e6 ? compact(Float(bound)) : "\(ParameterValue.number(bound))"
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
