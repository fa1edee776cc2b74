import Diffraction
import LiveSession
import TerminalUI

/// The probabilities of one quantity, as bars; its best answers are numbered.
func drawHistogram(_ histogram: Histogram, _ rect: Rect, divider: Bool, _ canvas: inout Canvas) {
  let unit = histogram.unit == "1" ? "" : "/\(histogram.unit)"
  let inside = canvas.pane(rect, [histogram.name + unit], style: Theme.title, divider: divider)
  canvas.bars(HistogramBars.bars(histogram, rows: inside.height), in: inside)
}

enum HistogramBars {
  /// As many bars as there are rows: bins that hold nothing on either side are left out, neighbours are
  /// added up where there are still more bins than rows. Two peaks that lie far apart are both seen.
  static func bars(_ histogram: Histogram, rows: Int) -> [Bar] {
    let p = histogram.probabilities.map { $0.isFinite ? max(0, $0) : 0 }
    guard rows > 0, let most = p.max(), most > 0, p.count == histogram.centres.count else { return [] }
    let first = p.firstIndex { $0 >= most * 0.02 } ?? 0
    let last = p.lastIndex { $0 >= most * 0.02 } ?? p.count - 1
    let group = (last - first + rows) / rows
    var bars: [(centre: Double, probability: Double)] = []
    for start in stride(from: first, through: last, by: group) {
      let range = start...min(start + group - 1, last)
      let sum = range.reduce(0) { $0 + p[$1] }
      let centre = (histogram.centres[range.lowerBound] + histogram.centres[range.upperBound]) / 2
      bars.append((centre, sum))
    }
    let peaks = peaks(bars.map(\.probability))
    let decimals = decimals(bars.map(\.centre))
    return bars.enumerated().map { index, bar in
      let rank = peaks.firstIndex(of: index).map { "<\($0 + 1)" } ?? ""
      return Bar(
        label: Format.fixed(bar.centre, decimals), value: Float(bar.probability),
        note: rank.isEmpty ? "" : Format.probability(bar.probability) + rank)
    }
  }

  /// The highest bar and at most two other maxima of at least a tenth of it, best first.
  private static func peaks(_ values: [Double]) -> [Int] {
    let maxima = values.indices.filter { index in
      let left = index > 0 ? values[index - 1] : -1
      let right = index + 1 < values.count ? values[index + 1] : -1
      return values[index] > left && values[index] >= right && values[index] > 0
    }
    let best = maxima.sorted { values[$0] > values[$1] }
    guard let top = best.first else { return [] }
    return best.prefix(3).filter { values[$0] >= values[top] / 10 }
  }

  /// As many digits as tell one bar from the next.
  private static func decimals(_ centres: [Double]) -> Int {
    let step = zip(centres, centres.dropFirst()).map { abs($1 - $0) }.min() ?? 1
    return step >= 1 ? 0 : step >= 0.1 ? 1 : 2
  }
}
