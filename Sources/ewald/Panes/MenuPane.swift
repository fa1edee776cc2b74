import Diffraction
import LiveSession
import TerminalUI

/// The palette as a box over the view, the help over the whole screen.
func drawMenu(_ menu: CommandMenu, _ model: Model, _ sheet: inout Sheet) {
  let theme = model.theme
  let size = model.size
  let rows = menu.rows
  let inside = drawMenuBox(menu, matching: rows.count, model, &sheet)
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
  let (height, columns) = (menu.height(size), menu.columns(size))
  let list = MenuList(menu: menu, rows: rows, columns: columns, width: inside.width / columns, theme: theme)
  let lines = menu.lines
  var shown: Set<String> = []
  for (place, index) in menu.scroll.visible(count: lines.count, height: height * columns).enumerated() {
    let cell = Rect(
      x: inside.x + place / height * list.width, y: inside.y + 1 + place % height, width: list.width,
      height: 1)
    guard place / height < columns, cell.y < inside.y + inside.height else { continue }
    let isHere = lines[index] == .command(menu.selection)
    put(list.text(of: lines[index], isHere: isHere), cell, 0, model, isHere: isHere, &sheet.canvas)
    if case .command(let row) = lines[index] {
      shown.insert(rows[row].id)
      sheet.targets.append(MouseTarget(rect: cell, kind: .menuRow(row)))
    }
  }
  if rows.isEmpty {
    let text =
      menu.number.map { "Enter goes to frame \($0)" }
      ?? (menu.style == .choice ? "nothing is called that" : "no command is called that")
    put(Text("   " + text, theme.dim), inside, 1, model, isHere: false, &sheet.canvas)
  }
  let below = menu.explanationRows(size)
  if menu.hintRows(size) > 0 {
    let place = Rect(
      x: inside.x, y: inside.y + inside.height - below - menu.hintRows(size), width: inside.width, height: 2)
    drawHints(besides: shown, in: place, model, &sheet.canvas)
  }
  if below > 0, rows.indices.contains(menu.selection) {
    let place = Rect(
      x: inside.x, y: inside.y + inside.height - below, width: inside.width, height: below)
    drawExplanation(rows[menu.selection], in: place, model, &sheet.canvas)
  }
}

/// The frame, what is typed, and what the keys do.
private func drawMenuBox(_ menu: CommandMenu, matching count: Int, _ model: Model, _ sheet: inout Sheet)
  -> Rect
{
  let theme = model.theme
  let size = model.size
  let rect: Rect
  switch menu.style {
  case .help: rect = Rect(x: 0, y: 1, width: size.width, height: size.height - 1)
  case .palette, .choice:
    let width = min(size.width, 76)
    rect = Rect(
      x: (size.width - width) / 2, y: min(2, max(0, size.height - 5)), width: width,
      height: menu.height(size) + menu.hintRows(size) + menu.explanationRows(size) + 3)
  }
  let title =
    switch menu.style {
    case .help: "Help: \(menu.title) view"
    case .palette: "Commands"
    case .choice: menu.title
    }
  var facts = [Text(menu.field.text.isEmpty ? "\(count)" : "\(count) of \(menu.commands.count) match")]
  if menu.style == .palette, size.width >= 60 {
    let target = model.targetText
    facts.append(Text("on \(TextWidth.columns(of: target) > 24 ? Format.name(target, to: 24) : target)"))
  }
  let inside = box(
    rect, Text(title), facts: facts,
    keys: keyText(
      [
        ("type", "to search"), (menu.columns(size) > 1 ? "↑ ↓ ← →" : "↑ ↓", "choose"),
        ("Enter", menu.style == .choice ? "take" : "run"), ("Esc", "close"),
      ], theme),
    model, &sheet.canvas)
  sheet.targets.append(MouseTarget(rect: rect, kind: .menu))
  _ = menu.field.draw(
    in: &sheet.canvas, Rect(x: inside.x + 1, y: inside.y, width: max(0, inside.width - 2), height: 1),
    prompt: ": ")
  sheet.canvas.restyle(Rect(x: inside.x, y: inside.y, width: inside.width, height: 1)) { style in
    style = Style(style.foreground, on: theme.bar, style.attributes)
  }
  return inside
}

/// How a line of a menu reads.
private struct MenuList {
  let menu: CommandMenu
  let rows: [Command]
  let columns: Int
  let width: Int
  let theme: Theme
  /// The widest keys, and in the palette the widest name.
  let keys: Int
  let names: Int

  init(menu: CommandMenu, rows: [Command], columns: Int, width: Int, theme: Theme) {
    self.menu = menu
    self.rows = rows
    self.columns = columns
    self.width = width
    self.theme = theme
    // An operator's preset may be called anything.
    names = menu.style == .palette ? min(20, rows.map { TextWidth.columns(of: $0.name) }.max() ?? 0) : 0
    keys = menu.style == .choice ? 0 : max(6, rows.map { TextWidth.columns(of: $0.keyText) }.max() ?? 0)
  }

  func text(of line: CommandMenu.Line, isHere: Bool) -> Text {
    switch line {
    case .blank: return ""
    case .group(let group): return Text("   \(group.rawValue.uppercased())", theme.dim)
    case .command(let index):
      let command = rows[index]
      var text = Text(isHere ? " ▸ " : "   ", theme.accent)
      let plain = isHere ? theme.bright : theme.text
      if names > 0 {
        text += matched(TextWidth.fitted(command.name, to: names), menu.field.text, plain, theme) + Text("  ")
      }
      if keys > 0 {
        text += Text(TextWidth.fitted(command.keyText, to: keys) + "  ", theme.accent.adding(.bold))
      }
      // Beside another column there may be no room for a sentence: then the name stands for it, and the sentence below.
      let isNamed = columns > 1 && TextWidth.columns(of: command.title) > width - keys - 6
      return text
        + matched(
          isNamed ? command.name : command.title, names > 0 ? "" : menu.field.text,
          names > 0 ? theme.dim : plain, theme)
    }
  }
}

/// What was not asked for: the view's own keys that the list does not show, and what was done last.
private func drawHints(
  besides shown: Set<String>, in rect: Rect, _ model: Model, _ canvas: inout Canvas
) {
  let theme = model.theme
  let own = Set(model.view.commands.map(\.id))
  let here = model.commandsHere
  let others = here.filter { $0.hint != nil && !$0.keys.isEmpty && !shown.contains($0.id) }
  let last = model.lastUsed.compactMap { id in here.first { $0.id == id } }
  let lines = [
    ("also for this view", others.filter { own.contains($0.id) } + others.filter { !own.contains($0.id) }),
    ("last used", last),
  ]
  for (row, (title, commands)) in lines.enumerated() {
    var text = Text("   " + TextWidth.fitted(title, to: 20), theme.dim)
    for command in commands {
      let name = Text(command.hint ?? command.name, theme.text)
      let key = Text(" \(command.keys.first?.name ?? "")   ", theme.accent.adding(.bold))
      guard text.columns + name.columns + key.columns <= rect.width else { break }
      text += name + key
    }
    put(commands.isEmpty ? "" : text, rect, row, model, isHere: false, &canvas)
  }
}

/// What the chosen command does, in whole sentences below a rule with its name and keys.
private func drawExplanation(_ command: Command, in rect: Rect, _ model: Model, _ canvas: inout Canvas) {
  let theme = model.theme
  let isCommon =
    Model.commonCommands.contains { $0.id == command.id }
    || Model.viewCommands.contains { $0.id == command.id }
  let keys = command.keyText.isEmpty ? "no key" : command.keyText
  let place =
    Text(" \(keys)", theme.accent.adding(.bold))
    + Text(isCommon ? " in every view " : " in this view ", theme.dim)
  let name = Text(" ") + Text(command.name, theme.bright) + Text(" ")
  let rule = String(repeating: "─", count: max(0, rect.width - name.columns - place.columns - 2))
  put(name + Text(rule, theme.rule) + place, rect, 0, model, isHere: false, &canvas)
  let said = command.title.capitalizedFirst + (command.explanation.isEmpty ? "." : ". " + command.explanation)
  for (index, line) in wrap(said, to: max(1, rect.width - 4)).prefix(rect.height - 1).enumerated() {
    put(Text("  " + line, theme.text), rect, index + 1, model, isHere: false, &canvas)
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
