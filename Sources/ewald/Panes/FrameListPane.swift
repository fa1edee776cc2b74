import Diffraction
import LiveSession
import TerminalUI

/// One row a frame: cursor, mark, number, name, value, probability, time, verdict and its first reason.
func drawFrameList(_ model: Model, _ rect: Rect, _ sheet: inout Sheet, isFocused: Bool) {
  let isBare = Sheet.isTiny(model.size)
  var facts: [Text] = []
  if !model.list.filter.isEmpty { facts.append(Text(model.list.filterText, sheet.theme.accent)) }
  let height = isBare ? rect.height : rect.height - 3
  let rows = model.list.scroll.visible(count: model.list.count, height: max(0, height)).compactMap {
    model.state[file: model.list.id(at: $0)]
  }
  let names = SharedName(rows.map { String($0.name) })
  if !names.pattern.isEmpty { facts.append(Text(names.pattern)) }
  facts.append(Text(model.list.order == .time ? "newest first" : "by \(model.list.order.rawValue)"))
  facts.append(Text("\(model.list.count)"))
  let inside =
    isBare
    ? rect
    : sheet.pane(rect, Text("Frames"), facts: facts, isFocused: isFocused)
  guard !inside.isEmpty else { return }
  let columns = ListColumns(inside.width, rows, model, names)
  sheet.targets.append(MouseTarget(rect: rect, kind: .files))
  var y = inside.y
  if !isBare {
    for (start, order) in columns.orders {
      sheet.targets.append(
        MouseTarget(
          rect: Rect(x: inside.x + start, y: y, width: inside.width - start, height: 1), kind: .order(order)))
    }
    sheet.canvas.put(TextWidth.fitted(columns.head, to: inside.width), x: inside.x, y: y, sheet.theme.dim)
    y += 1
  }
  for row in rows {
    let isHere = row.id == model.list.cursor
    sheet.targets.append(
      MouseTarget(rect: Rect(x: inside.x, y: y, width: inside.width, height: 1), kind: .file(row.id)))
    let ground = isHere ? sheet.theme.selected : Colour.default
    if isHere {
      let style = sheet.theme.depth < .palette256 ? Style.reverse : Style(.default, on: ground)
      sheet.canvas.fill(Rect(x: inside.x, y: y, width: inside.width, height: 1), Cell(" ", style))
    }
    sheet.canvas.within(Rect(x: inside.x, y: y, width: inside.width, height: 1)) { canvas in
      var x = 0
      for piece in columns.line(row, model, isHere: isHere, sheet.theme).pieces {
        var style = piece.style
        if isHere {
          style =
            sheet.theme.depth < .palette256
            ? style.adding(.reverse) : Style(style.foreground, on: ground, style.attributes)
        }
        x = canvas.put(piece.text, x: x, y: 0, style)
      }
    }
    y += 1
  }
  if rows.isEmpty, y < inside.bottom {
    let text = model.list.filter.isEmpty ? "no frames yet" : "no frame passes the filter; Esc shows all"
    for (line, part) in wrap(text, to: inside.width - 2).enumerated() where y + line < inside.bottom {
      sheet.canvas.put(part, x: inside.x + 1, y: y + line, sheet.theme.dim)
    }
  }
}

/// What the names that are shown have in common.
struct SharedName {
  /// The ending that all have, with its dot.
  private(set) var suffix = ""
  /// `pacbed_*.tif`, where there is something in common.
  private(set) var pattern = ""

  init(_ names: [String]) {
    guard let first = names.first else { return }
    if let dot = first.lastIndex(of: "."), dot > first.startIndex {
      let ending = String(first[dot...])
      if names.allSatisfy({ $0.hasSuffix(ending) && $0.count > ending.count }) { suffix = ending }
    }
    guard names.count > 1 else { return }
    var prefix = Substring(first)
    for name in names { prefix = prefix.commonPrefix(with: name) }
    while let last = prefix.last, last.isNumber { prefix.removeLast() }
    if prefix.count >= 2 { pattern = "\(prefix)*\(suffix)" }
  }

  func short(_ name: String) -> String { suffix.isEmpty ? name : String(name.dropLast(suffix.count)) }
}

extension Substring {
  fileprivate func commonPrefix(with other: String) -> Substring {
    var index = startIndex
    var theirs = other.startIndex
    while index < endIndex, theirs < other.endIndex, self[index] == other[theirs] {
      index = self.index(after: index)
      theirs = other.index(after: theirs)
    }
    return self[..<index]
  }
}

/// The columns of the list for a width: the name takes what the others leave.
private struct ListColumns {
  let names: SharedName
  let numberWidth: Int
  let nameWidth: Int
  let valueWidth: Int
  let valueHead: String
  let hasKind: Bool
  let hasProbability: Bool
  let hasTime: Bool
  /// Values that were asked for besides the one of the list, in the order they were.
  let further: [(name: String, head: String, width: Int, decimals: Int)]
  let unicode: Bool
  static let verdictWidth = 7

  init(_ width: Int, _ rows: [FileRow], _ model: Model, _ names: SharedName) {
    self.names = names
    unicode = model.capabilities.unicode
    numberWidth = max(4, String(model.state.files.count).count)
    let engines = Set(rows.compactMap { $0.run?.engine })
    hasKind = engines.count > 1
    let outputs = engines.count == 1 ? engines.first.flatMap { model.listed($0) } : nil
    let values = rows.map { Self.value($0, model) }
    let widest = max(4, values.map { TextWidth.columns(of: $0) }.max() ?? 0)
    let head = outputs.map { Format.head($0.symbol, $0.unit) } ?? "value"
    // A long unit would cost the names their room.
    valueHead = head.count > widest + 2 ? outputs?.symbol ?? head : head
    valueWidth = max(valueHead.count, widest)
    // mark and cursor, number, blank; verdict.
    var used = 2 + numberWidth + 1 + 1 + Self.verdictWidth
    // The end of a name is what tells frames apart: it goes before a probability.
    let longest = rows.map { TextWidth.columns(of: names.short(String($0.name))) }.max() ?? 0
    var further: [(name: String, head: String, width: Int, decimals: Int)] = []
    if engines.count == 1, let engine = engines.first {
      var room = width - used - valueWidth - 1 - max(8, min(longest, 16))
      for name in model.list.further[engine] ?? [] where name != model.list.values[engine] {
        let output = model.outputs(engine).first { $0.name == name }
        let decimals = min(output?.decimals ?? 3, 4)
        let symbol = output?.symbol ?? Format.words(name)
        let texts = rows.compactMap(\.run).map { Self.further(name, $0, decimals, model) }
        let widest = max(4, texts.map { TextWidth.columns(of: $0) }.max() ?? 0)
        let unit = output?.unit ?? model.state.columns[engine]?.first { $0.name == name }?.unit ?? "1"
        let whole = Format.head(symbol, unit)
        let head = TextWidth.columns(of: whole) > widest + 3 ? symbol : whole
        let width = max(widest, TextWidth.columns(of: head))
        guard width + 1 <= room else { break }
        room -= width + 1
        further.append((name, head, width, decimals))
      }
    }
    self.further = further
    used += further.reduce(0) { $0 + $1.width + 1 }
    let room = width - used - max(8, min(longest, 16))
    hasProbability =
      rows.contains { $0.run?.probability != nil } && room >= valueWidth + 1 + 6 + (hasKind ? 5 : 0)
    used += valueWidth + 1 + (hasProbability ? 6 : 0) + (hasKind ? 5 : 0)
    hasTime = width - used >= 9 + 12
    if hasTime { used += 9 }
    nameWidth = max(1, width - used)
  }

  /// Where the column begins that sorts so, from the left.
  var orders: [(Int, FrameList.Order)] {
    let name = 2 + numberWidth + 1
    let value = name + nameWidth + (hasKind ? 5 : 0)
    let time = value + valueWidth + 1 + further.reduce(0) { $0 + $1.width + 1 } + (hasProbability ? 6 : 0)
    return [(0, .time), (name, .name), (value, .value)]
      + (hasTime ? [(time, .time), (time + 9, .verdict)] : [(time, .verdict)])
  }

  var head: String {
    var text =
      "  " + TextWidth.fitted("#", to: numberWidth, alignment: .right) + " "
      + TextWidth.fitted("file", to: nameWidth)
    if hasKind { text += " kind" }
    text += " " + TextWidth.fitted(valueHead, to: valueWidth, alignment: .right)
    for column in further { text += " " + TextWidth.fitted(column.head, to: column.width, alignment: .right) }
    if hasProbability { text += "     p" }
    if hasTime { text += "     time" }
    return text
  }

  func line(_ row: FileRow, _ model: Model, isHere: Bool, _ theme: Theme) -> Text {
    let verdict = row.run?.verdict
    let isRefused = row.status == .refused || row.status == .timedOut
    let isTransient = !isRefused && row.run == nil
    let quiet = row.isExcluded || isTransient ? theme.dim : theme.text
    let valueStyle =
      row.isExcluded
      ? theme.dim
      : isRefused ? theme.refused : verdict.map { $0 == .accept ? theme.text : theme.style($0) } ?? theme.dim
    let bold: Attributes = isHere ? .bold : []
    var name = names.short(String(row.name))
    if row.revision > 1 { name += " r\(row.revision)" }
    let mark = row.isMarked ? "●" : row.isExcluded ? "!" : row.tags.isEmpty && row.notes.isEmpty ? " " : "+"
    var text = Text(isHere ? "▸" : " ", theme.accent) + Text(mark, theme.accent)
    text += Text(TextWidth.fitted(String(row.id), to: numberWidth, alignment: .right) + " ", theme.dim)
    text += Text(Format.name(name, to: nameWidth), quiet.adding(bold))
    if hasKind { text += Text(" " + TextWidth.fitted(kind(row, model), to: 4), theme.dim) }
    text += Text(
      " " + TextWidth.fitted(Self.value(row, model), to: valueWidth, alignment: .right),
      valueStyle.adding(bold))
    for column in further {
      let value = row.run.map { Self.further(column.name, $0, column.decimals, model) } ?? "—"
      text += Text(" " + TextWidth.fitted(value, to: column.width, alignment: .right), quiet)
    }
    if hasProbability {
      let p = row.run?.probability.map { Format.probability(Double($0)) } ?? ""
      text += Text(
        " " + TextWidth.fitted(p, to: 5, alignment: .right), verdict == .accept ? theme.dim : valueStyle)
    }
    if hasTime {
      text += Text(" " + Timestamp.clockText(unixMilliseconds: row.unixMilliseconds), theme.dim)
    }
    return text + Text(" ") + flag(row, theme)
  }

  private func kind(_ row: FileRow, _ model: Model) -> String {
    row.run.map { run in model.engine(named: run.engine)?.label ?? String(run.engine.prefix(4)).uppercased() }
      ?? ""
  }

  static func value(_ row: FileRow, _ model: Model) -> String {
    guard let run = row.run, let value = model.list.value(run, model.state) else { return "—" }
    let output = model.listed(run.engine)
    // The first value is what everybody compares at a glance; another one was asked for.
    let most = model.list.values[run.engine] == nil ? 1 : 4
    return Format.value(value, decimals: min(output?.decimals ?? 1, most))
  }

  private static func further(_ name: String, _ run: RunRow, _ decimals: Int, _ model: Model) -> String {
    model.state.value(name, of: run).map { Format.value($0, decimals: decimals) } ?? "—"
  }

  /// Glyph and code: the colour only repeats them.
  private func flag(_ row: FileRow, _ theme: Theme) -> Text {
    switch row.status {
    case .waiting: return Text("○ wait", theme.dim)
    case .settling: return Text("○ grow", theme.dim)
    case .queued: return Text("○ next", theme.dim)
    case .reading: return Text("○ busy", theme.accent)
    case .refused: return Text("✕ BAD", theme.refused.adding(.bold))
    case .timedOut: return Text("✕ TIME", theme.refused.adding(.bold))
    case .gone: return Text("○ gone", theme.dim)
    case .skipped: return Text("○ skip", theme.dim)
    case .duplicate: return Text("= same", theme.dim)
    case .done, .partial, nil: break
    }
    guard let run = row.run else { return "" }
    let style = theme.style(run.verdict)
    let code = row.status == .partial ? "PART" : run.codes.first ?? ""
    return Text(run.verdict.glyph(unicode: unicode), style)
      + Text(code.isEmpty ? "" : " \(code)", style.adding(run.verdict == .accept ? [] : .bold))
  }
}
