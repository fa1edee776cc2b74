import LiveSession
import TerminalUI

/// The radial profile of the frame under the cursor.
func drawProfile(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  guard let result = model.detail?.result, model.detail?.fileID == model.list.cursor,
    let profile = result.profiles.first
  else {
    _ = canvas.pane(rect, ["Profile"], style: Theme.title)
    return
  }
  let end = profile.start + profile.step * Double(max(0, profile.values.count - 1))
  let inside = canvas.pane(
    rect,
    [
      "\(profile.name)-profile", "\(Format.fixed(profile.start, 0))-\(Format.fixed(end, 0))\(profile.unit)",
      "log", result.profiles.count > 1 ? "o:measured x:predicted" : "",
    ],
    style: Theme.title)
  // Those on the same axis are compared: measured, predicted. Discs fall off over decades: the logarithm
  // shows both the disc and its tail.
  let curves = result.profiles.filter {
    $0.unit == profile.unit && $0.start == profile.start && $0.step == profile.step
  }
  canvas.within(inside) { canvas in
    canvas.profile(
      zip(curves, ["o", "x", "+"]).map { curve, glyph in
        Curve(values: curve.values.map { logOnePlus(Float(max($0, 0))) }, glyph: glyph)
      }, in: canvas.bounds)
  }
}

/// The engine's first value over the last frames, in the order of acquisition.
func drawTrend(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  let engine =
    model.row?.run?.engine ?? model.state.newestResult.flatMap { model.state[file: $0]?.run?.engine }
  let column = engine.flatMap { model.state.columns[$0]?.first }
  let count = max(10, rect.width - 8)
  let name = column.map { $0.unit == "1" ? $0.name : "\($0.name)/\($0.unit)" } ?? "Trend"
  let inside = canvas.pane(
    rect, [name, "last-\(count)"], style: Theme.title, divider: rect.right < model.size.width)
  guard let engine else { return }
  var points: [TrendPoint] = []
  var index = model.state.files.count - 1
  while index >= 0, points.count < count {
    let row = model.state.files[index]
    index -= 1
    guard let run = row.run, run.engine == engine, !row.isExcluded, let value = run.values.first else {
      continue
    }
    let isCursor = row.id == model.list.cursor
    points.append(TrendPoint(value: value, glyph: isCursor ? "@" : run.verdict == .accept ? "." : "x"))
  }
  let range = robustRange(points.map(\.value))
  points.reverse()
  for index in points.indices {
    if let range, points[index].value.isFinite, !range.contains(points[index].value) {
      points[index].glyph = points[index].value > range.upperBound ? "^" : "v"
      points[index].value = min(max(points[index].value, range.lowerBound), range.upperBound)
    }
  }
  canvas.within(inside) { canvas in canvas.trend(points, in: canvas.bounds, range: range) }
}

/// The middle nine tenths with some air: one saturated frame must not flatten the day. What lies outside is
/// drawn at the edge as `^` or `v`.
private func robustRange(_ values: [Float]) -> ClosedRange<Float>? {
  let sorted = values.filter(\.isFinite).sorted()
  guard sorted.count >= 5 else { return nil }
  let low = sorted[sorted.count / 20]
  let high = sorted[sorted.count - 1 - sorted.count / 20]
  let air = max((high - low) * 0.25, high.magnitude * 0.005, .leastNormalMagnitude)
  return low - air...high + air
}

/// Alarms that stand, then what happened, newest first.
func drawEvents(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  let alarms = model.state.alarms.filter { !$0.isAcknowledged }
  var title = ["Events"]
  if !alarms.isEmpty { title.append("\(alarms.count) alarms, a:ack") }
  let inside = canvas.pane(rect, title, style: model.focus == .events ? .plain : Theme.title)
  var y = inside.y
  func put(_ text: String, _ style: Style) {
    guard y < inside.bottom else { return }
    canvas.put(TextWidth.fitted(text, to: inside.width), x: inside.x, y: y, style)
    y += 1
  }
  // Half the pane at most: what just happened must stay visible too.
  for alarm in alarms.suffix(max(1, inside.height / 2)).reversed() {
    let times = alarm.count > 1 ? " (\(alarm.count)x)" : ""
    put(
      "\(Timestamp.clockText(unixMilliseconds: alarm.unixMilliseconds)) ! \(alarm.severity.rawValue) \(alarm.code) \(alarm.text)\(times)",
      Theme.style(alarm.severity).adding(.bold))
  }
  for line in model.state.lines.reversed().dropFirst(model.eventScroll) {
    let number = line.fileID.map { " \($0)" } ?? ""
    put(
      "\(Timestamp.clockText(unixMilliseconds: line.unixMilliseconds)) \(line.code)\(number) \(line.text)",
      Theme.style(line.severity))
  }
}
