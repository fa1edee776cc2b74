import Diffraction
import LiveSession
import TerminalUI

/// One row a frame: cursor, mark, number, name, kind, first value, probability, flags.
func drawFrameList(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  var title = ["Frames-\(model.list.count)", "sort:\(model.list.order.rawValue)"]
  title.append("filter:\(model.list.filter.isEmpty ? "none" : model.list.filterText)")
  let inside = canvas.pane(
    rect, title, style: model.focus == .frames ? .plain : Theme.title, divider: rect.width < model.size.width)
  let columns = ListColumns(width: inside.width, showsFlag: inside.width >= 30)
  for (line, place) in model.list.scroll.visible(count: model.list.count, height: inside.height).enumerated()
  {
    guard let row = model.state[file: model.list.id(at: place)] else { continue }
    let y = inside.y + line
    let isCursor = row.id == model.list.cursor
    var style = rowStyle(row)
    if isCursor { style = style.adding(.reverse) }
    canvas.within(Rect(x: inside.x, y: y, width: inside.width, height: 1)) { canvas in
      canvas.put(columns.text(row, model, isCursor: isCursor), x: 0, y: 0, style)
    }
  }
  if model.list.count == 0 {
    let text = model.list.filter.isEmpty ? "no frames yet" : "no frame passes the filter; Esc shows all"
    canvas.within(inside) { canvas in canvas.put(text, x: 1, y: 0, Theme.hint) }
  }
}

private func rowStyle(_ row: FileRow) -> Style {
  if row.isExcluded { return .dim }
  switch row.status {
  case .refused, .timedOut: return Theme.bad
  case .waiting, .settling, .queued, .reading, .skipped, .duplicate, .gone: return .dim
  case .done, .partial, nil: break
  }
  switch row.run?.verdict {
  case .notAnalysable, .outOfDomain: return Theme.bad
  case .doubtful: return Theme.warning
  case .accept, nil: return .plain
  }
}

/// The columns of the list for a width: the name takes what the others leave.
private struct ListColumns {
  let width: Int
  let showsFlag: Bool

  func text(_ row: FileRow, _ model: Model, isCursor: Bool) -> String {
    let number = TextWidth.fitted(String(row.id), to: 5, alignment: .right)
    let mark = row.isMarked ? "*" : row.isExcluded ? "!" : row.tags.isEmpty && row.notes.isEmpty ? " " : "+"
    var fixed = 2 + 5 + 1
    var tail = " " + TextWidth.fitted(Self.kind(row, model), to: 4)
    tail += " " + TextWidth.fitted(Self.value(row, model), to: 8, alignment: .right)
    if width >= 44 {
      tail += " " + TextWidth.fitted(row.run?.probability.map { Format.probability(Double($0)) } ?? "", to: 3)
    }
    if showsFlag { tail += " " + TextWidth.fitted(Self.flag(row), to: 4) }
    fixed += tail.count
    // The suffix says nothing that the kind does not say; the number of an overwrite does.
    var name = String(row.name)
    if let dot = row.name.lastIndex(of: "."), dot > row.name.startIndex { name = String(row.name[..<dot]) }
    if row.revision > 1 { name += " r\(row.revision)" }
    return (isCursor ? ">" : " ") + mark + number + " "
      + TextWidth.fitted(name, to: max(1, width - fixed)) + tail
  }

  private static func kind(_ row: FileRow, _ model: Model) -> String {
    switch row.status {
    case .waiting: "wait"
    case .settling: "setl"
    case .queued: "queu"
    case .reading: "run"
    case .refused: "BAD"
    case .timedOut: "TIME"
    case .gone: "gone"
    case .skipped: "skip"
    case .duplicate: "same"
    case .done, .partial, nil:
      row.run.map { run in model.engine(named: run.engine)?.label ?? String(run.engine.prefix(4)).uppercased()
      } ?? "-"
    }
  }

  private static func value(_ row: FileRow, _ model: Model) -> String {
    guard let run = row.run, let value = run.values.first, !value.isNaN else { return "-" }
    let decimals = model.engine(named: run.engine)?.outputs.first?.decimals ?? 1
    return Format.value(Double(value), decimals: decimals)
  }

  private static func flag(_ row: FileRow) -> String {
    if row.status == .refused { return "BAD" }
    if row.status == .partial { return "PART" }
    return row.run?.codes.first ?? ""
  }
}
