import TerminalUI

/// Two axes on a plate and the places between them.
struct PlotFrame {
  let x: Axis
  let y: Axis
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double

  /// Leaves room for labels left of the vertical axis and below the horizontal one; plots one above the other share
  /// the widest `gutter`.
  init(x: Axis, y: Axis, at corner: Place, width: Double, height: Double, gutter: Double? = nil) {
    self.x = x
    self.y = y
    left = corner.x + (gutter ?? Self.gutter(y)) + 8
    right = corner.x + width - 8
    top = corner.y + 8
    bottom = corner.y + height - 22
  }

  static func gutter(_ y: Axis) -> Double { y.labels.map { Typeface.columns(of: $0) }.max() ?? 0 }

  func place(_ px: Double, _ py: Double) -> Place? {
    guard let fx = x.fraction(px), let fy = y.fraction(py), fx > -0.001, fx < 1.001 else { return nil }
    return Place(across(fx), down(fy))
  }

  func across(_ fraction: Double) -> Double { left + min(max(fraction, 0), 1) * (right - left) }
  func down(_ fraction: Double) -> Double { bottom - min(max(fraction, 0), 1) * (bottom - top) }

  /// Where a line through points breaks: at each that is no number, or lies off the plot.
  func runs(_ points: [(x: Double, y: Double)]) -> [[Place]] {
    var runs: [[Place]] = [[]]
    for point in points {
      if let place = place(point.x, point.y) {
        runs[runs.count - 1].append(place)
      } else if runs.last?.isEmpty == false {
        runs.append([])
      }
    }
    return runs.filter { !$0.isEmpty }
  }

  func drawAxes(on plate: inout Plate) {
    for (tick, label) in zip(y.ticks, y.labels) {
      guard let fraction = y.fraction(tick) else { continue }
      let row = down(fraction)
      plate.line([Place(left, row), Place(right, row)], .grid)
      plate.text(label, Place(left - 5, row - 8), .end, .quiet)
    }
    let unit = Typeface.columns(of: x.unit)
    if unit > 0 { plate.text(x.unit, Place(right, bottom + 6), .end, .quiet) }
    let most = right - (unit > 0 ? unit + 9 : 0)
    var free = left - 20
    for (tick, label) in zip(x.ticks, x.labels) {
      guard let fraction = x.fraction(tick) else { continue }
      let column = across(fraction)
      plate.line([Place(column, bottom), Place(column, bottom + 4)], .rule)
      let half = Typeface.columns(of: label) / 2
      guard column - half >= free, column + half <= most else { continue }
      plate.text(label, Place(column, bottom + 6), .middle, .quiet)
      free = column + half + 9
    }
    plate.line([Place(left, top), Place(left, bottom), Place(right, bottom)], .rule)
  }
}
