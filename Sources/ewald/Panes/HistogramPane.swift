import Diffraction
import LiveSession
import TerminalUI

/// The probability of a quantity on an axis from 0 to 1, with the value that counts, its interval and the other answers.
func drawHistogram(_ histogram: Histogram, _ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
  let quantity = model.shown?.result?.finding[histogram.name]
  let isFirst = model.shown?.result?.values.first?.name == histogram.name
  var facts: [Text] = []
  if quantity != nil {
    facts = [
      Text("▇", sheet.theme.network) + Text(" network  ", sheet.theme.dim) + Text("◆", sheet.theme.accent)
        + Text(" value", sheet.theme.dim)
    ]
  }
  let inside = sheet.pane(rect, Text(Format.words(histogram.name).capitalizedFirst), facts: facts)
  let bins = Bins(histogram)
  guard !bins.isEmpty else { return }
  let others = isFirst ? quantity?.alternatives ?? [] : []
  var marks = [quantity?.value, quantity?.low, quantity?.high].compactMap { $0 }
  marks += others.map(\.value)
  let room = inside.inset(left: 1, right: 1)
  let x = Axis(
    bins.range, unit: Format.unit(histogram.unit), ticks: max(1, room.width / 9), margin: 0.04,
    including: marks)
  let y = Axis(low: 0, high: 1, ticks: room.height >= 7 ? 2 : 1)
  guard var plot = Plot(room, x: x, y: y, sheet.theme) else { return }
  plot.axes(on: &sheet.canvas)
  let heights = bins.heights(of: plot)
  plot.columns(heights, sheet.theme.network, on: &sheet.canvas)
  if let quantity {
    plot.interval(
      low: quantity.low, value: quantity.value, high: quantity.high, sheet.theme.accent.adding(.bold))
  }
  func top(_ column: Int) -> Int {
    let height = heights.indices.contains(column - plot.inside.x) ? heights[column - plot.inside.x] : 0
    return plot.inside.bottom - 1 - Int((height * Double(plot.inside.height)).rounded(.up))
  }
  if let peak = heights.indices.max(by: { heights[$0] < heights[$1] }), heights[peak] > 0 {
    let column = plot.inside.x + peak
    let text = Format.probability(heights[peak])
    plot.mark(
      text, column: column - text.count / 2 + 1, row: max(plot.inside.y, top(column)), sheet.theme.text)
  }
  for (index, other) in others.prefix(4).enumerated() {
    guard let column = plot.column(other.value) else { continue }
    plot.mark(
      Format.circled(index + 2), column: column,
      row: max(plot.inside.y, min(top(column), plot.inside.bottom - 2)),
      sheet.theme.doubtful)
  }
  plot.draw(on: &sheet.canvas)
}

/// The bins of a histogram that hold something.
struct Bins {
  private let centres: [Double]
  private let probabilities: [Double]
  private let step: Double

  init(_ histogram: Histogram) {
    let p = histogram.probabilities.map { $0.isFinite ? max(0, $0) : 0 }
    guard p.count == histogram.centres.count, let most = p.max(), most > 0,
      histogram.centres.allSatisfy(\.isFinite)
    else {
      (centres, probabilities, step) = ([], [], 1)
      return
    }
    let first = p.firstIndex { $0 >= most * 0.01 } ?? 0
    let last = p.lastIndex { $0 >= most * 0.01 } ?? p.count - 1
    centres = Array(histogram.centres[first...last])
    probabilities = Array(p[first...last])
    let all = histogram.centres
    step = zip(all, all.dropFirst()).map { ($1 - $0).magnitude }.min().flatMap { $0 > 0 ? $0 : nil } ?? 1
  }

  var isEmpty: Bool { centres.isEmpty }
  var range: [Double] { [(centres.first ?? 0) - step, (centres.last ?? 1) + step] }

  var all: [(low: Double, high: Double, probability: Double)] {
    zip(centres, probabilities).map { ($0 - step / 2, $0 + step / 2, $1) }
  }

  /// One a column of the plot: a bin as wide as it is, or the sum of those that fall on one column.
  func heights(of plot: Plot) -> [Double] {
    var heights = [Double](repeating: 0, count: plot.inside.width)
    let cell = (plot.x.high - plot.x.low) / Double(max(1, plot.inside.width - 1))
    if step >= cell {
      for index in heights.indices {
        let value = plot.value(atColumn: plot.inside.x + index)
        let place = ((value - centres[0]) / step).rounded()
        guard place >= 0, place < Double(centres.count) else { continue }
        heights[index] = probabilities[Int(place)]
      }
    } else {
      for (centre, probability) in zip(centres, probabilities) {
        guard let column = plot.column(centre) else { continue }
        heights[column - plot.inside.x] += probability
      }
    }
    return heights
  }
}

extension String {
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
