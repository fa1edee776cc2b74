import Arrays

/// How far coordinates may be from where they were found: an estimate errs by the noise and by forces that hold the true
/// atoms although the potential has none there. How strong those are the misfit's own gradient says, which balances them.
struct IntervalEstimate {
  /// Second derivatives; the energy's without alpha.
  var misfit: DoubleMatrix
  var energy: DoubleMatrix
  var alpha: Double
  /// The squared length of the misfit's gradient.
  var measured: Double
  /// The misfit that is one unit of chi squared.
  var unit: Double
  /// Curvature that every direction has: those that hardly anything holds are bounded by where the next atom is.
  var least: Double

  /// Half of the 95 % interval of every coordinate; nil where there is none.
  func halfWidths() -> [Double]? {
    let size = misfit.rows
    var total = DoubleMatrix(rows: size, columns: size)
    for i in 0..<size {
      for j in 0..<size { total[i, j] = misfit[i, j] + alpha * energy[i, j] }
    }
    guard let inverse = Self.inverse(total, least: least) else { return nil }
    let left = inverse * misfit
    // Of the measured gradient of the misfit: what noise leaves in it, and what a force of unit strength does.
    let byNoise = DoubleMatrix.product(left, inverse, right: .transposed)
    let held = alpha == 0 ? nil : energy * byNoise * energy
    let fromNoise =
      held.map { held in (0..<size).reduce(0) { $0 + held[$1, $1] } * 2 * unit * alpha * alpha } ?? 0
    let perForce = left.values.reduce(0) { $0 + $1 * $1 }
    let force = perForce > 0 ? max(0, measured - fromNoise) / perForce : 0
    let byForce = DoubleMatrix.product(inverse, inverse, right: .transposed)
    return (0..<size).map { at in
      1.96 * max(0, 2 * unit * byNoise[at, at] + force * byForce[at, at]).squareRoot()
    }
  }

  /// Of a symmetric matrix whose eigenvalues are taken as `least` at least.
  static func inverse(_ matrix: DoubleMatrix, least: Double) -> DoubleMatrix? {
    guard let eigen = try? matrix.symmetricEigen() else { return nil }
    var scaled = eigen.vectors
    for column in 0..<matrix.rows {
      let factor = 1 / max(least, eigen.values[column])
      for row in 0..<matrix.rows { scaled[row, column] *= factor }
    }
    return DoubleMatrix.product(scaled, eigen.vectors, right: .transposed)
  }
}
