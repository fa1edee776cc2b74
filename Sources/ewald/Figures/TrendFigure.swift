import Diffraction
import LiveSession
import TerminalUI

/// A value over the frames of a session, with its intervals; of very many frames means of neighbours.
package struct TrendFigure {
  private struct Point {
    var frame: Double
    var value: Double
    var interval: (low: Double, high: Double)?
    var verdict: Verdict?
  }

  private let title: String
  private let decimalsUnit: String
  private var points: [Point] = []
  /// How many frames a point stands for.
  private var group = 1

  private static let mostPoints = 600

  /// Nil where the value was never told.
  package init?(_ state: SessionState, engine: String, column: Int) {
    guard let columns = state.columns[engine], columns.indices.contains(column) else { return nil }
    title = Format.words(columns[column].name).capitalizedFirst
    decimalsUnit = Format.unit(columns[column].unit)
    for row in state.files {
      guard let run = row.run, run.engine == engine, !row.isExcluded, run.values.indices.contains(column),
        run.values[column].isFinite
      else { continue }
      points.append(
        Point(
          frame: Double(row.id), value: Double(run.values[column]),
          interval: run.interval(column).map { (Double($0.low), Double($0.high)) }, verdict: run.verdict))
    }
    guard !points.isEmpty else { return nil }
    group = (points.count + Self.mostPoints - 1) / Self.mostPoints
    guard group > 1 else { return }
    points = stride(from: 0, to: points.count, by: group).map { start in
      let part = points[start..<min(start + group, points.count)]
      let count = Double(part.count)
      return Point(
        frame: part.reduce(0) { $0 + $1.frame } / count, value: part.reduce(0) { $0 + $1.value / count })
    }
  }

  package func plate(width: Double) -> Plate {
    var plate = Plate(width: width, height: 190)
    plate.text(decimalsUnit.isEmpty ? title : "\(title), \(decimalsUnit)", Place(0, 2), isBold: true)
    let frame = PlotFrame(
      x: Axis(
        low: points.first?.frame ?? 0, high: max(points.last?.frame ?? 1, (points.first?.frame ?? 0) + 1),
        unit: "frame", ticks: max(1, Int(width / 90)), isWhole: true),
      y: Axis(points.map(\.value), ticks: 4, isRound: true), at: Place(0, 22), width: width, height: 168)
    frame.drawAxes(on: &plate)
    for point in points {
      guard let interval = point.interval, let low = frame.place(point.frame, max(interval.low, frame.y.low)),
        let high = frame.place(point.frame, min(interval.high, frame.y.high))
      else { continue }
      plate.line([low, high], .band, width: 3)
    }
    let line = points.map { point in
      (x: point.frame, y: [.outOfDomain, .notAnalysable].contains(point.verdict) ? Double.nan : point.value)
    }
    for run in frame.runs(line) { plate.line(run, .computed) }
    if points.count <= 200 {
      for point in points {
        guard let place = frame.place(point.frame, point.value) else { continue }
        plate.disc(place, radius: 2.2, point.verdict.map { $0 == .accept ? .computed : $0.ink } ?? .computed)
      }
    }
    if group > 1 { plate.text("means of \(group) frames", Place(width, 2), .end, .quiet) }
    return plate
  }
}
