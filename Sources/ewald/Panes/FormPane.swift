import Diffraction
import LiveSession
import TerminalUI

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
  let rowCount = form.rowCount + 4 + form.fields.count { $0.error != nil }.signum() * 2
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
  lines.append(
    (Text(TextWidth.fitted(" cost", to: 7), theme.text) + Text(model.cost(of: form), theme.dim), -1))
  let refused = form.fields.count { $0.error != nil }
  if refused > 0 {
    let settings = refused == 1 ? "one setting is" : "\(refused) settings are"
    lines.append(
      (
        Text(TextWidth.fitted(" held", to: 7), theme.text)
          + Text("\(settings) refused; nothing is queued", theme.refused), -1
      ))
  }
  // What is chosen stays in sight.
  let here = lines.firstIndex { $0.row == form.selection } ?? 0
  let start = max(0, min(here - inside.height / 2, lines.count - inside.height))
  for (line, entry) in lines.dropFirst(start).prefix(inside.height).enumerated() {
    put(entry.text, inside, line, model, isHere: entry.row == form.selection, &canvas)
  }
}

extension Model {
  /// How long what the form asks for will take, by what this frame's last analysis took, and what becomes of the runs
  /// there are.
  fileprivate func cost(of form: ReanalysisForm) -> String {
    if form.scope == .future {
      return "none now: frames to come are analysed so, earlier ones stay"
    }
    let count = form.scope == .this ? min(1, list.count) : targets.count
    let last = shown?.result.flatMap { $0.engine == form.engine.name ? $0.durationMilliseconds : nil }
    let each = last.map { " × \(Format.fixed(max(0.01, $0 / 1000), 2)) s" } ?? ""
    return "\(Format.count(count, "frame"))\(each), after live frames; u takes it back"
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
