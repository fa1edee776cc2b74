import LiveSession
import TerminalUI

/// ` ewald s014  FOLLOW   8.3 fr/s   lag 0.4 s   queue 2   bad 1        ▲ 3 alarms   12:04:31  0 s ago`. What does not
/// fit leaves in the order of least interest; alarms and clock stay.
func drawStatus(_ model: Model, _ sheet: inout Sheet) {
  let theme = model.theme
  let live = model.snapshot.live
  sheet.canvas.fill(
    Rect(x: 0, y: 0, width: model.size.width, height: 1), Cell(" ", Style(.default, on: theme.bar)))
  func on(_ style: Style) -> Style {
    Style(style.foreground, on: style.background == .default ? theme.bar : style.background, style.attributes)
  }
  var badge: Text
  switch model.mode {
  case .follow: badge = Text(" FOLLOW ", theme.badge(theme.accept))
  case .held(let results):
    let new = model.state.resultCount - results
    badge = Text(new > 0 ? " HELD +\(new) " : " HELD ", theme.badge(theme.doubtful))
  case .replay(let position, let count):
    badge = Text(" REPLAY \(position)/\(count) ", theme.badge(theme.accent))
  }
  if live.isLookedOn { badge = Text(" VIEW ", theme.badge(theme.accent)) + Text(" ", on(theme.dim)) + badge }
  func fact(_ name: String, _ value: String, _ unit: String = "", _ style: Style? = nil) -> Text {
    var text: Text = ""
    if !name.isEmpty { text += Text(name + " ", on(theme.dim)) }
    text += Text(value, on(style ?? theme.bright))
    if !unit.isEmpty { text += Text(" " + unit, on(theme.dim)) }
    return text
  }
  // The larger the number, the sooner it goes.
  var facts: [(rank: Int, text: Text)] = []
  let isCompact = model.size.width < 100
  if isCompact, let row = model.row, !(model.view is LiveView) {
    facts.append((0, fact("\(row.id)", String(row.name))))
    if row.runs.count > 1, let accepted = row.accepted {
      facts.append((1, fact("run", "\(accepted + 1)", "of \(row.runs.count)")))
    }
  } else if model.isReadOnly {
    // Rates and queues are known to the session alone.
    facts.append((1, fact("files", "\(model.state.fileCount)")))
    facts.append((0, fact("bad", "\(model.state.badCount)")))
  } else {
    facts.append((4, fact("", Format.fixed(live.rate, 1), "fr/s")))
    facts.append((2, fact("lag", Format.fixed(live.lag, 1), "s")))
    facts.append((3, fact("queue", "\(live.queued + live.running)")))
    facts.append(
      (
        0,
        fact(
          "bad", "\(model.state.badCount)", "", model.state.badCount > 0 ? theme.refused.adding(.bold) : nil)
      ))
    facts.append(
      (
        live.lost > 0 ? 0 : 6,
        fact("lost", "\(live.lost)", "", live.lost > 0 ? theme.refused.adding(.bold) : nil)
      ))
    if let free = live.freeBytes {
      let isScarce = free < 4 << 30
      facts.append((isScarce ? 0 : 7, fact("disk", Format.bytes(free), "", isScarce ? theme.refused : nil)))
    }
    if case .polled = live.folder { facts.append((5, fact("", "polled"))) }
  }
  var right: [Text] = []
  let alarms = model.state.alarms.count { !$0.isAcknowledged }
  if alarms > 0 {
    let words = isCompact ? " ▲ \(alarms) " : " ▲ \(Format.count(alarms, "alarm")) "
    right.append(Text(words, theme.badge(theme.refused)))
  }
  let clock = model.clockText
  if let age = model.ageText, !isCompact {
    right.append(Text(clock, on(theme.text)) + Text("  \(age) ago", on(theme.dim)))
  } else {
    right.append(Text(clock, on(theme.text)))
  }
  let rightWidth = right.reduce(0) { $0 + $1.columns } + 3 * (right.count - 1) + 1
  var left = Text(" ewald ", on(theme.bright))
  if model.size.width >= 100 { left += Text(model.title + " ", on(theme.dim)) }
  left += Text(" ", on(theme.text)) + badge
  if model.size.width >= 160 {
    left += Text("  ", on(theme.text))
    for (index, view) in model.views.enumerated() {
      let isHere = index == model.viewIndex
      let name = " \(view.key?.name ?? "\(index + 1)") \(view.title) "
      let style =
        isHere
        ? Style(theme.accent.foreground, on: theme.selected, theme.depth == .none ? [.reverse] : .bold)
        : on(view.reason(model) == nil ? theme.text : theme.dim)
      sheet.targets.append(
        MouseTarget(rect: Rect(x: left.columns, y: 0, width: name.count, height: 1), kind: .view(index)))
      left += Text(name, style)
    }
  }
  let gap = isCompact ? 2 : 3
  func width() -> Int { facts.reduce(left.columns) { $0 + gap + $1.text.columns } + 1 + rightWidth }
  while width() > model.size.width, let worst = facts.indices.max(by: { facts[$0].rank < facts[$1].rank }) {
    facts.remove(at: worst)
  }
  var x = sheet.canvas.put(left, x: 0, y: 0)
  for fact in facts { x = sheet.canvas.put(fact.text, x: x + gap, y: 0) }
  x = model.size.width - rightWidth
  for (index, text) in right.enumerated() { x = sheet.canvas.put(text, x: index == 0 ? x : x + 3, y: 0) }
}

/// The keys of this view in the bottom border, or the line that is being typed.
func drawKeys(_ model: Model, _ sheet: inout Sheet) {
  let rect = sheet.area
  let theme = sheet.theme
  func over(_ text: Text) {
    sheet.grid.keys(rect, [text], "")
  }
  switch model.overlay {
  case .prompt(let prompt):
    if let error = prompt.error { over(Text(error, theme.refused)) } else { over("") }
    return
  case .question(let question): return over(Text(question.text, theme.doubtful.adding(.bold)))
  case .form:
    return over(
      keys(
        [("↑ ↓", "setting"), ("← →", "choose"), ("Del", "as now"), ("Enter", "queue"), ("Esc", "cancel")],
        theme))
  case .menu:
    return over(keys([("type", "to search"), ("↑ ↓", "choose"), ("Enter", "run"), ("Esc", "back")], theme))
  case nil: break
  }
  if let notice = model.notice {
    return over(Text(notice.text, notice.isError ? theme.refused : theme.accept))
  }
  // What only this view can do goes first, then what is done to a frame, then the rest.
  let own = Set(model.view.commands.map(\.id))
  let here = model.commandsHere.filter { $0.hint != nil }
  var groups: [Text] = []
  for isHere in [
    { own.contains($0.id) }, { !own.contains($0.id) && $0.group == .analyse },
    { !own.contains($0.id) && $0.group == .mark }, { !own.contains($0.id) && $0.group == .move },
    { !own.contains($0.id) && [.picture, .view, .session].contains($0.group) },
  ] as [(Command) -> Bool] {
    let hints = here.filter(isHere)
    if !hints.isEmpty { groups.append(keys(hints.map { ($0.keys.first?.name ?? "", $0.hint ?? "") }, theme)) }
  }
  sheet.grid.keys(rect, groups, keys([(":", "commands"), ("?", "help")], theme))
}

private func keys(_ pairs: [(String, String)], _ theme: Theme) -> Text {
  pairs.enumerated().reduce(Text("")) { text, pair in
    text + Text(pair.offset > 0 ? "  " : "") + Text(pair.element.0, theme.accent.adding(.bold))
      + Text(" " + pair.element.1, theme.text)
  }
}

extension Model {
  /// How long ago the newest result came: the only thing on the screen that changes while nothing happens.
  var ageText: String? {
    guard let row = state.newestResult.flatMap({ state[file: $0] }) else { return nil }
    return Format.age(max(0, (unixMilliseconds - row.unixMilliseconds) / 1000))
  }

  /// In steps of a minute: a quiet session is not drawn every second for its clock.
  var clockText: String { String(Timestamp.clockText(unixMilliseconds: unixMilliseconds).prefix(5)) }

  var isBlinkOn: Bool { (views.first { $0 is FrameView } as? FrameView)?.isBlinkOn ?? false }

  /// A trouble that stands until it is over.
  var bannerText: String? {
    switch snapshot.live.folder {
    case .missing: "THE FOLDER IS MISSING: looked for every 2 s; the session goes on"
    case .unreadable(let reason): "THE FOLDER CANNOT BE READ: \(reason)"
    case .notResponding(let seconds): "THE FOLDER HAS NOT RESPONDED FOR \(seconds) s; keys still work"
    case .looking, .watched, .polled, .none: nil
    }
  }
}
