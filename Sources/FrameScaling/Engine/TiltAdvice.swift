import Arrays
import Diffraction
import Scattering

/// Which further tilts would make the structure surest: what zones there would add to the normal matrix, with
/// reflections as sure as measured ones of their strength and a scale of their own.
package struct TiltAdvice: Sendable {
  /// Degrees.
  package let tilts: [Double]
  /// By what share the structure's uncertainties shrink with `width` degrees more about each tilt, in the mean.
  package let gains: [Double]

  package static let width = 5.0
  /// As far as holders go.
  private static let limit = 70.0
  /// Less is not worth the beam.
  private static let worthwhile = 0.02
  /// Steps of the rocking that are enough to compare.
  private static let steps = 24

  /// Where most is to be gained; nil where nothing is.
  package var best: (tilt: Double, gain: Double)? {
    guard let place = gains.indices.max(by: { gains[$0] < gains[$1] }), gains[place] >= Self.worthwhile else {
      return nil
    }
    return (tilts[place], gains[place])
  }

  /// Nil where the data determine too little to tell.
  package init?(
    _ problem: ScalingProblem, _ curve: ScaleCurve, _ solution: ScalingSolution, series: ZoneSeries,
    goniometer: Goniometer, selection: BeamSelection, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    let numbers = solution.values.count
    guard numbers > 0, !problem.frames.isEmpty, let before = Self.covariance(problem, curve, solution),
      let known = (try? Cholesky(before))?.solve(.identity(numbers + 1)),
      let lattice = ReciprocalLattice(cell: problem.structure.unit.cell, radius: selection.limit)
    else { return nil }
    let rocking = Rocking(geometry: series.geometry, steps: min(Self.steps, max(1, problem.steps)))
    func accepted(_ matrix: Matrix3, _ semiAngle: Double) -> [SIMD3<Int>] {
      lattice.accepted(
        by: selection, matrix, wavenumber: problem.wave.wavenumber, rocking: rocking, semiAngle: semiAngle)
    }
    let tilts = Array(stride(from: -Self.limit, through: Self.limit, by: Self.width))
    guard let more = Self.zones(tilts, series, goniometer) else { return nil }
    var wanted = series
    wanted.zones = more
    let other = Goniometer(
      orientation: goniometer.orientation, axisPosition: goniometer.axisPosition, zones: more)
    wanted.reflections = more.indices.flatMap { zone in
      accepted(other.matrix(zone), more[zone].semiAngle).map {
        ZoneSeries.Reflection(index: $0, intensity: 1, sigma: 1, zone: zone)
      }
    }
    // Of what can be measured in a zone, programs integrate a part.
    let possible = problem.zones.reduce(0) {
      $0 + accepted(goniometer.matrix($1), series.zones[$1].semiAngle).count
    }
    let part = min(1, Double(problem.rows.count) / Double(max(1, possible)))
    guard
      let there = try? ScalingProblem(
        series: wanted, goniometer: other, structure: problem.structure, wave: problem.wave, rocking: rocking,
        selection: selection, model: problem.model, hand: problem.hand),
      let response = try? there.response(
        solution.values, thickness: solution.thickness, isCancelled: isCancelled)
    else { return nil }
    let scales = curve.scales(solution.nodes)
    let scale = scales.sorted()[scales.count / 2]
    let sureness = Sureness(problem, solution.intensities, scales)
    let count = Self.width / Self.step(series)
    var gains = [Double](repeating: 0, count: tilts.count)
    for frame in there.frames.indices {
      let added = Self.information(
        response, there.starts[frame]..<there.starts[frame + 1], scale: scale, sureness)
      var after = known
      for i in after.values.indices { after.values[i] += count * part * added.values[i] }
      guard let covariance = (try? Cholesky(after))?.solve(.identity(numbers + 1)) else { continue }
      let left = (0..<numbers).reduce(0) { sum, i in
        sum + (max(0, covariance[i, i]) / max(before[i, i], 1e-300)).squareRoot()
      }
      gains[there.zones[frame]] = max(0, 1 - left / Double(numbers))
    }
    self.tilts = tilts
    self.gains = gains
  }

  /// Of the structure's numbers and the thickness, whatever the scales are.
  private static func covariance(
    _ problem: ScalingProblem, _ curve: ScaleCurve, _ solution: ScalingSolution
  ) -> DoubleMatrix? {
    guard solution.derivatives.rows == problem.rows.count else { return nil }
    let system = NormalEquations(
      Refinement(problem, curve), solution.intensities, solution.derivatives, solution.nodes,
      uses: { _ in true })
    guard let all = system.covariance else { return nil }
    let count = solution.derivatives.columns
    var block = DoubleMatrix(rows: count, columns: count)
    for i in 0..<count { for j in 0..<count { block[i, j] = all[i, j] } }
    return block
  }

  /// At these tilts, with everything else as in the zone that is nearest.
  private static func zones(
    _ tilts: [Double], _ series: ZoneSeries, _ goniometer: Goniometer
  ) -> [ZoneSeries.Zone]? {
    guard !series.zones.isEmpty else { return nil }
    return tilts.enumerated().compactMap { number, tilt in
      let nearest = series.zones.indices.min {
        (goniometer.alpha[$0] - tilt).magnitude < (goniometer.alpha[$1] - tilt).magnitude
      }
      guard let nearest else { return nil }
      return ZoneSeries.Zone(
        id: number + 1, direction: series.zones[nearest].direction,
        semiAngle: series.zones[nearest].semiAngle, alpha: tilt, beta: goniometer.beta[nearest],
        omega: goniometer.omega[nearest], scale: 1)
    }
  }

  /// Degrees from one zone to the next.
  private static func step(_ series: ZoneSeries) -> Double {
    let tilts = series.zones.map(\.alpha).sorted()
    let steps = zip(tilts.dropFirst(), tilts).map { $0 - $1 }.filter { $0 > 0 }.sorted()
    let middle = steps.isEmpty ? width : steps[steps.count / 2]
    return max(0.05, min(width, middle))
  }

  /// What a frame's rows add, its scale being unknown.
  private static func information(
    _ response: ScalingProblem.Response, _ rows: Range<Int>, scale: Double, _ sureness: Sureness
  ) -> DoubleMatrix {
    let count = response.derivatives.columns
    var normal = DoubleMatrix(rows: count, columns: count)
    var mixed = [Double](repeating: 0, count: count)
    var own = 0.0
    for row in rows {
      let amplitude = (scale * max(0, response.intensities[row])).squareRoot()
      let weight = sureness.weight(of: amplitude)
      let slope = Refinement.slope(ofAmplitude: amplitude, scale: scale, weight: weight)
      let change = (0..<count).map { slope * response.derivatives[row, $0] }
      let ofScale = 0.5 * amplitude / scale
      own += weight * ofScale * ofScale
      for i in 0..<count {
        mixed[i] += weight * change[i] * ofScale
        for j in 0..<count { normal[i, j] += weight * change[i] * change[j] }
      }
    }
    guard own > 0 else { return DoubleMatrix(rows: count, columns: count) }
    for i in 0..<count { for j in 0..<count { normal[i, j] -= mixed[i] * mixed[j] / own } }
    return normal
  }

  /// How sure measured amplitudes of about the same strength are.
  private struct Sureness {
    private let amplitudes: [Double]
    /// Sums of the weights up to each.
    private let sums: [Double]
    private static let reach = 10

    init(_ problem: ScalingProblem, _ intensities: [Double], _ scales: [Double]) {
      let pairs = problem.rows.indices.map { row in
        let measured = problem.rows[row]
        return ((scales[measured.frame] * max(0, intensities[row])).squareRoot(), measured.weight)
      }.sorted { $0.0 < $1.0 }
      amplitudes = pairs.map(\.0)
      sums = pairs.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.1) }
    }

    func weight(of amplitude: Double) -> Double {
      var (low, high) = (0, amplitudes.count)
      while low < high {
        let middle = (low + high) / 2
        if amplitudes[middle] < amplitude { low = middle + 1 } else { high = middle }
      }
      let first = max(0, min(low, amplitudes.count) - Self.reach)
      let last = min(amplitudes.count, low + Self.reach)
      return last > first ? (sums[last] - sums[first]) / Double(last - first) : 0
    }
  }
}
