import Arrays
import Diffraction

/// What there is to say of one frame.
struct FrameReport {
  let zone: ZoneSeries.Zone
  let rows: Int
  /// Of these above three standard deviations.
  let observed: Int
  /// Of all its reflections, in per cent.
  let r: Double
  /// Of the observed ones.
  let rObserved: Double
  /// By the spline.
  let scale: Double
  let deviation: Double
  /// The scale that suits this frame alone best.
  let free: Double
  /// By how many degrees about x and about y another orientation would suit its reflections better.
  let turn: SIMD2<Double>
  /// Of the free scale from the spline's, relative.
  var off: Double { free / max(scale, 1e-300) - 1 }
  /// The angle of the turn.
  var mistilt: Double { (turn * turn).sum().squareRoot() }
  var isOdd = false

  static func all(_ problem: ScalingProblem, _ row: ScalingStudy.Row, _ series: ZoneSeries) -> [FrameReport] {
    let scales = row.curve.scales(row.solution.nodes)
    let intensities = row.solution.intensities
    let freedom = max(1, problem.rows.count - row.parameters)
    let goodness = max(1e-300, row.solution.agreement.chi2 / Double(freedom))
    var reports = problem.frames.indices.map { frame -> FrameReport in
      let range = problem.starts[frame]..<problem.starts[frame + 1]
      var (squares, products) = (0.0, 0.0)
      var (off, sum, offObserved, sumObserved, observed) = (0.0, 0.0, 0.0, 0.0, 0)
      for place in range {
        let measured = problem.rows[place]
        let intensity = max(0, intensities[place])
        squares += measured.weight * intensity
        products += measured.weight * measured.amplitude * intensity.squareRoot()
        let difference = (measured.amplitude - (scales[frame] * intensity).squareRoot()).magnitude
        off += difference
        sum += measured.amplitude
        if measured.isObserved {
          observed += 1
          offObserved += difference
          sumObserved += measured.amplitude
        }
      }
      let root = squares > 0 ? products / squares : 0
      return FrameReport(
        zone: series.zones[problem.zones[frame]], rows: range.count, observed: observed,
        r: sum > 0 ? 100 * off / sum : .nan,
        rObserved: sumObserved > 0 ? 100 * offObserved / sumObserved : .nan, scale: scales[frame],
        deviation: row.uncertainties.scales[frame], free: root * root,
        turn: turn(problem, row.solution, range, scale: root * root, goodness))
    }
    // Robustly: the odd ones must not hide themselves.
    let sorted = reports.map(\.off.magnitude).sorted()
    let limit = max(0.05, 2.5 * 1.4826 * (sorted.isEmpty ? 0 : sorted[sorted.count / 2]))
    for place in reports.indices { reports[place].isOdd = reports[place].off.magnitude > limit }
    return reports
  }

  /// Orientations that are refined are as good as this, in degrees: with some ten reflections a frame they would follow
  /// noise without it.
  private static let usualMistilt = 0.1

  /// One step of least squares over the frame's orientation and scale, held by what is usual.
  private static func turn(
    _ problem: ScalingProblem, _ solution: ScalingSolution, _ rows: Range<Int>, scale: Double,
    _ goodness: Double
  ) -> SIMD2<Double> {
    guard solution.turns.count == problem.rows.count, scale > 0 else { return SIMD2(.nan, .nan) }
    let degree = Double.pi / 180
    var normal = DoubleMatrix(rows: 3, columns: 3)
    var side = [0.0, 0.0, 0.0]
    for place in rows {
      let measured = problem.rows[place]
      let root = (measured.weight / goodness).squareRoot()
      let amplitude = (scale * max(0, solution.intensities[place])).squareRoot()
      let slope =
        Refinement.slope(ofAmplitude: amplitude, scale: scale, weight: measured.weight) * degree
      let change = [
        root * slope * solution.turns[place].x, root * slope * solution.turns[place].y,
        root * 0.5 * amplitude,
      ]
      for i in 0..<3 {
        side[i] += change[i] * root * (measured.amplitude - amplitude)
        for j in 0..<3 { normal[i, j] += change[i] * change[j] }
      }
    }
    for i in 0..<2 { normal[i, i] += 1 / (usualMistilt * usualMistilt) }
    normal[2, 2] += 1e-9 + 1e-9 * normal[2, 2]
    guard let step = (try? Cholesky(normal))?.solve(side) else { return SIMD2(.nan, .nan) }
    return SIMD2(step[0], step[1])
  }
}
