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
  let look = (model.views.lazy.compactMap { $0 as? LiveView }.first ?? LiveView()).trend
  var points = TrendPoints(model, engine, count: look.count(max(10, 2 * (area.width - 8))))
  if look.axis == .time { points.rows.sort { $0.seconds < $1.seconds } }
  let x = look.axis(points, ticks: max(1, area.width / 11))
  let y = Axis(points.range, ticks: max(1, area.height / 3), isRound: true)
  guard var plot = Plot(area, x: x, y: y, theme) else { return }
  plot.axes(on: &sheet.canvas)
  // The interval lies behind everything else.
  for row in points.rows {
    guard let interval = row.interval else { continue }
    let (low, high) = (max(Double(interval.low), y.low), min(Double(interval.high), y.high))
    if low < high { plot.line([(look.place(row), low), (look.place(row), high)], theme.rule) }
  }
  var line: [(x: Double, y: Double)] = []
  for row in points.rows {
    let at = look.place(row)
    switch row.kind {
    case .value(let value, .accept), .value(let value, .doubtful):
      line.append((at, min(max(value, y.low), y.high)))
    case .value, .refused: line.append((at, .nan))
    }
  }
  plot.line(line, theme.accent)
  for row in points.rows {
    let at = look.place(row)
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

/// What the horizontal axis of the trend is, and how much of the session it shows.
package struct TrendLook: Sendable, Equatable {
  package enum Axis: Sendable { case frames, time }

  package var axis = Axis.frames
  /// So many times what the pane shows by itself, as a power of two.
  package private(set) var zoom = 0

  private static let zooms = -4...5

  package mutating func zoom(by step: Int) {
    zoom = min(max(zoom + step, Self.zooms.lowerBound), Self.zooms.upperBound)
  }

  func count(_ usual: Int) -> Int { max(5, zoom < 0 ? usual >> -zoom : usual << zoom) }

  func place(_ row: TrendPoints.Row) -> Double {
    axis == .frames ? Double(row.file) : row.seconds
  }

  func axis(_ points: TrendPoints, ticks: Int) -> TerminalUI.Axis {
    guard let first = points.rows.first, let last = points.rows.last else {
      return TerminalUI.Axis(low: 0, high: 1, unit: "frame", ticks: ticks, isWhole: true)
    }
    switch axis {
    case .frames:
      return TerminalUI.Axis(
        low: place(first), high: max(place(last), place(first) + 1), unit: "frame", ticks: ticks,
        isWhole: true)
    case .time:
      let places = points.rows.map { place($0) }
      return .clock(low: places.min() ?? 0, high: places.max() ?? 1, ticks: ticks)
    }
  }
}

extension TerminalUI.Axis {
  /// Seconds since 1970, with times of day at round ones.
  package static func clock(low: Double, high: Double, ticks: Int) -> TerminalUI.Axis {
    let high = max(high, low + 1)
    let steps: [Double] = [
      1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    ]
    let least = (high - low) / Double(max(1, ticks))
    let step = steps.first { $0 >= least } ?? (least / 86_400).rounded(.up) * 86_400
    let first = (low / step).rounded(.up)
    let count = (high / step).rounded(.down) - first
    // Times of a damaged session may be any.
    guard low >= 0, high < 1e11, count >= 0, count < 1000 else {
      return TerminalUI.Axis(low: low, high: high, ticks: [], labels: [])
    }
    let places = (0...Int(count)).map { (first + Double($0)) * step }
    return TerminalUI.Axis(
      low: low, high: high, ticks: places,
      labels: places.map { place in
        let text = Timestamp.clockText(unixMilliseconds: Int(place) * 1000)
        return step >= 60 ? String(text.prefix(5)) : text
      })
  }
}

/// The last frames with a result of one engine, or without any.
struct TrendPoints {
  enum Kind {
    case value(Double, Verdict)
    case refused
  }

  struct Row {
    var file: Int
    /// When the frame was taken, in seconds since 1970; analyses may come in any order, and again days later.
    var seconds: Double
    var kind: Kind
    /// The ends of the 95 % interval.
    var interval: (low: Float, high: Float)?
  }

  var rows: [Row] = []

  init(_ model: Model, _ engine: String, count: Int) {
    // Ends at the newest frame, or shows the one that is looked at in the middle.
    var index = model.state.files.count - 1
    if let cursor = model.list.cursor, cursor < index - count { index = min(index, cursor + count / 2) }
    var looked = 0
    while index >= 0, rows.count < count, looked < Self.mostLooked {
      let row = model.state.files[index]
      index -= 1
      looked += 1
      if row.status == .refused || row.status == .timedOut {
        rows.append(Row(file: row.id, seconds: Self.seconds(row), kind: .refused))
      } else if let run = row.run, run.engine == engine, !row.isExcluded,
        let value = model.list.value(run, model.state)
      {
        rows.append(
          Row(
            file: row.id, seconds: Self.seconds(row), kind: .value(value, run.verdict),
            interval: run.interval(model.list.column(of: engine, model.state))))
      }
    }
    rows.reverse()
  }

  private static func seconds(_ row: FileRow) -> Double {
    row.modifiedNanoseconds > 0
      ? Double(row.modifiedNanoseconds) / 1e9 : Double(row.unixMilliseconds) / 1000
  }

  /// Rows without a result of this engine are passed over, but not a whole folder of them for every picture.
  private static let mostLooked = 20_000

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
