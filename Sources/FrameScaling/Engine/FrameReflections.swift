import Arrays
import Diffraction
import Glibc

/// What was measured in one frame beside what the refined crystal gives: its reflections where they stand on the
/// detector, and how the intensity of each comes and goes while the frame is taken.
struct FrameReflections {
  let points: Exhibit.Points
  /// Two series a reflection, called as its row is. Nil where the rocking was not followed.
  let rocking: Exhibit.Curves?

  /// A frame's rocking is drawn with no more points than this.
  private static let mostPoints = 96

  /// - Parameter curves: intensities at unit scale, measured reflections x steps.
  init(
    _ problem: ScalingProblem, frame: Int, zone: ZoneSeries.Zone, scale: Double, amplitudes: [Double],
    geometry: ZoneSeries.Geometry, curves: DoubleMatrix?
  ) {
    let start = problem.starts[frame]
    let range = start..<problem.starts[frame + 1]
    let rows = range.map { place -> Exhibit.Row in
      let row = problem.rows[place]
      return Exhibit.Row(
        "\(row.index.x) \(row.index.y) \(row.index.z)",
        [
          row.amplitude, amplitudes[place],
          row.weight.squareRoot() * (row.amplitude - amplitudes[place]),
        ], flags: row.isObserved ? [] : ["weak"])
    }
    points = Exhibit.Points(
      "Reflections of \(zone.id)", unit: "1/Å", places: problem.frames[frame].places, radius: 0.04,
      columns: [
        Exhibit.Column("F observed", decimals: 1), Exhibit.Column("calculated", decimals: 1),
        Exhibit.Column("off", unit: "σ", decimals: 1),
      ], rows: rows, part: problem.zones[frame])
    guard let curves, curves.columns > 0, curves.rows == rows.count else {
      rocking = nil
      return
    }
    let every = (curves.columns + Self.mostPoints - 1) / Self.mostPoints
    let steps = Array(stride(from: 0, to: curves.columns, by: every))
    // At the middles of the steps, as the mean over them is taken.
    let whole = geometry == .rotation ? 2 * zone.semiAngle : 360
    let step = whole / Double(curves.columns)
    rocking = Exhibit.Curves(
      "Rocking of \(zone.id)", unit: "deg",
      start: (geometry == .rotation ? -zone.semiAngle : 0) + 0.5 * step, step: step * Double(every),
      rows.enumerated().flatMap { place, row in
        [
          // Of the whole movement one number was measured: the mean.
          Exhibit.Curves.Series(
            row.name, role: .measured,
            [Double](repeating: problem.rows[start + place].intensity, count: steps.count)),
          Exhibit.Curves.Series(row.name, role: .expected, steps.map { scale * curves[place, $0] }),
        ]
      }, part: problem.zones[frame])
  }
}

extension FrameBeams {
  /// Of the measured reflections on the detector at the middle of the rocking, in 1/Å.
  var places: [SIMD2<Double>] {
    let middle = diagonals.rows / 2
    // What a turn about x or y does to a reflection's height is where it lies across the beam.
    return measured.map {
      SIMD2(-slopesY[middle, $0], slopesX[middle, $0]) / (2 * wavenumber)
    }
  }
}
