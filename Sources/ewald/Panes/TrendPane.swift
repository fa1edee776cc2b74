import Diffraction
import LiveSession
import TerminalUI

/// A value over the last frames. Accepted and doubtful ones are joined; doubtful and foreign ones are glyphs, refused
/// ones stand on the axis; the newest is a diamond.
func drawTrend(_ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
  let theme = sheet.theme
  let engine =
    model.row?.run?.engine ?? model.state.newestResult.flatMap { model.state[file: $0]?.run?.engine }
  guard let engine, let columns = model.state.columns[engine],
    columns.indices.contains(model.list.column(of: engine, model.state))
  else {
    return sheet.empty(rect, Text("Trend"), "the first value of every frame, when there is one")
  }
  let column = columns[model.list.column(of: engine, model.state)]
  let title = Format.head(Format.words(column.name).capitalizedFirst, "1")
  let unit = Format.unit(column.unit)
  let inside = sheet.pane(
    rect, Text(unit.isEmpty ? title : "\(title), \(unit)"),
    facts: [
      Text("──", theme.accent) + Text(" \(engine)  ", theme.dim) + Text("?", theme.doubtful)
        + Text(" doubtful  ", theme.dim)
        + Text("✕", theme.refused) + Text(" refused", theme.dim)
    ])
  let area = inside.inset(right: 1)
  let points = TrendPoints(model, engine, count: max(10, 2 * (area.width - 8)))
  let x = Axis(
    low: Double(points.rows.first?.file ?? 0),
    high: Double(max(points.rows.last?.file ?? 1, (points.rows.first?.file ?? 0) + 1)),
    unit: "frame", ticks: max(1, area.width / 11), isWhole: true)
  let y = Axis(points.range, ticks: max(1, area.height / 3), isRound: true)
  guard var plot = Plot(area, x: x, y: y, theme) else { return }
  plot.axes(on: &sheet.canvas)
  var line: [(x: Double, y: Double)] = []
  for row in points.rows {
    let at = Double(row.file)
    switch row.kind {
    case .value(let value, .accept), .value(let value, .doubtful):
      line.append((at, min(max(value, y.low), y.high)))
    case .value, .refused: line.append((at, .nan))
    }
  }
  plot.line(line, theme.accent)
  for row in points.rows {
    let at = Double(row.file)
    switch row.kind {
    case .refused: plot.mark("✕", x: at, y: y.low, theme.refused)
    case .value(let value, let verdict):
      guard value.isFinite else { continue }
      let isInside = value >= y.low && value <= y.high
      let shown = min(max(value, y.low), y.high)
      if verdict != .accept {
        plot.mark(
          isInside ? verdict.glyph(unicode: true) : value > y.high ? "↑" : "↓", x: at, y: shown,
          theme.style(verdict))
      }
      if row.file == model.list.cursor { plot.mark("◆", x: at, y: shown, theme.bright) }
    }
  }
  plot.draw(on: &sheet.canvas)
}

/// The last frames with a result of one engine, or without any.
struct TrendPoints {
  enum Kind {
    case value(Double, Verdict)
    case refused
  }

  private(set) var rows: [(file: Int, kind: Kind)] = []

  init(_ model: Model, _ engine: String, count: Int) {
    // Ends at the newest frame, or shows the one that is looked at in the middle.
    var index = model.state.files.count - 1
    if let cursor = model.list.cursor, cursor < index - count { index = min(index, cursor + count / 2) }
    var looked = 0
    while index >= 0, rows.count < count, looked < 20 * count {
      let row = model.state.files[index]
      index -= 1
      looked += 1
      if row.status == .refused || row.status == .timedOut {
        rows.append((row.id, .refused))
      } else if let run = row.run, run.engine == engine, !row.isExcluded,
        let value = model.list.value(run, model.state)
      {
        rows.append((row.id, .value(value, run.verdict)))
      }
    }
    rows.reverse()
  }

  /// The middle nine tenths with some air: one saturated frame must not flatten the day.
  var range: [Double] {
    let values = rows.compactMap {
      if case .value(let value, _) = $0.kind, value.isFinite { value } else { nil }
    }.sorted()
    guard let first = values.first, let last = values.last else { return [0, 1] }
    var (low, high) = (first, last)
    if values.count >= 20 {
      let inner = (values[values.count / 20], values[values.count - 1 - values.count / 20])
      let air = max((inner.1 - inner.0) * 0.25, inner.1.magnitude * 0.005)
      low = max(low, inner.0 - air)
      high = min(high, inner.1 + air)
    }
    return low >= 0 && low < 0.6 * high ? [0, low, high] : [low, high]
  }
}
