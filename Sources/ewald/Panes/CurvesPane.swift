import Diffraction
import LiveSession
import TerminalUI

/// Series over one axis: what was measured as points, what was computed as lines, their difference below them where
/// there is room.
func drawCurves(
  _ curves: Exhibit.Curves, _ model: Model, _ rect: Rect, _ sheet: inout Sheet, chosen: Int? = nil,
  withResidual: Bool = true
) {
  let theme = sheet.theme
  let measured = curves.series.first { $0.role == .measured }
  let expected = curves.series.first { $0.role == .expected }
  var facts: [Text] = []
  if measured != nil, expected != nil {
    facts = [
      Text("⠶", theme.bright) + Text(" measured  ", theme.dim) + Text("──", theme.accent)
        + Text(" computed", theme.dim)
    ]
  }
  let inside = sheet.pane(rect, Text(Format.words(curves.title).capitalizedFirst), facts: facts).inset(
    left: 1, right: 1)
  let count = curves.series.map(\.values.count).max() ?? 0
  guard count > 0 else { return }
  func at(_ index: Int) -> Double { curves.start + curves.step * Double(index) }
  let x = Axis(
    low: at(0), high: at(max(1, count - 1)), unit: Format.unit(curves.unit), ticks: max(1, inside.width / 10))
  let hasResidual = withResidual && measured != nil && expected != nil && inside.height >= 12
  let (lower, upper) = hasResidual ? inside.splitBottom(max(5, inside.height / 3)) : inside.splitBottom(0)
  let values = curves.series.flatMap(\.values).filter(\.isFinite)
  // A step of a scree is a column; everything else is a curve. What is never negative begins at zero, unless it
  // hardly moves at all.
  let (low, high) = (values.min() ?? 0, values.max() ?? 1)
  let isFlat = low > 0 && high - low < 0.3 * high
  // Noise below zero is no reason for an axis that goes as far down as up.
  let isNoise = low < 0 && low > -0.1 * high
  let y =
    isNoise
    ? Axis(low: low, high: high, ticks: max(1, upper.height / 4))
    : Axis(values, ticks: max(1, upper.height / 4), isRound: true, including: low >= 0 && !isFlat ? [0] : [])
  var residuals: [(x: Double, y: Double)] = []
  if let measured, let expected {
    let top = measured.values.filter(\.isFinite).max() ?? 1
    for (index, pair) in zip(measured.values, expected.values).enumerated() where top > 0 {
      residuals.append((at(index), 100 * (pair.0 - pair.1) / top))
    }
  }
  let size = max(residuals.map(\.y.magnitude).filter(\.isFinite).max() ?? 0, 0.5)
  let below = Axis(low: -size, high: size, ticks: 2)
  let gutter = max(Plot.gutter(y), hasResidual ? Plot.gutter(below) : 0)
  guard var plot = Plot(upper, x: x, y: y, gutter: gutter, theme) else { return }
  plot.axes(on: &sheet.canvas)
  if count <= plot.inside.width / 2, measured?.title == "", curves.series.count == 1,
    curves.unit == "component"
  {
    var heights = [Double](repeating: 0, count: plot.inside.width)
    for index in heights.indices {
      let place = ((plot.value(atColumn: plot.inside.x + index) - curves.start) / curves.step).rounded()
      if place >= 0, place < Double(count) { heights[index] = curves.series[0].values[Int(place)] }
    }
    plot.columns(heights, theme.network, on: &sheet.canvas)
  } else {
    for series in curves.series {
      let points = series.values.enumerated().map { (x: at($0.offset), y: $0.element) }
      if series.role == .expected {
        plot.line(points, theme.accent)
      } else if expected != nil {
        plot.points(points, theme.bright)
      } else {
        plot.line(points, series.role == .measured ? theme.bright : theme.accent)
      }
    }
  }
  markAnswers(curves, model, &plot)
  if let chosen, let values = curves.series.first?.values, values.indices.contains(chosen) {
    plot.mark("◆", x: at(chosen), y: values[chosen], theme.accent.adding(.bold))
  }
  plot.draw(on: &sheet.canvas)
  if hasResidual, var plot = Plot(lower, x: x, y: below, gutter: gutter, theme) {
    plot.axes(on: &sheet.canvas)
    plot.strokes(residuals, theme.text)
    plot.draw(on: &sheet.canvas)
    let label = "residual, %"
    sheet.canvas.put(label, x: plot.inside.right - label.count, y: plot.inside.y, theme.dim)
  }
}

/// A curve over the value itself (`match by thickness`) shows where the answers lie on it.
private func markAnswers(_ curves: Exhibit.Curves, _ model: Model, _ plot: inout Plot) {
  guard let first = model.shown?.result?.values.first, curves.unit == first.unit,
    curves.title.hasSuffix(" by \(first.name)"), let series = curves.series.first, curves.step > 0
  else { return }
  for (index, answer) in model.answers.prefix(5).enumerated().reversed() {
    let place = ((answer.value - curves.start) / curves.step).rounded()
    guard place >= 0, place < Double(series.values.count), series.values[Int(place)].isFinite else {
      continue
    }
    let style = index == 0 ? model.theme.accent.adding(.bold) : model.theme.doubtful
    plot.mark(Format.circled(index + 1), x: answer.value, y: series.values[Int(place)], style)
  }
}
