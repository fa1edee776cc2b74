import Arrays

/// Mean absolute error of each target.
package func meanAbsoluteError(_ predicted: DoubleMatrix, _ truth: DoubleMatrix) -> [Double] {
  precondition(
    predicted.rows == truth.rows && predicted.columns == truth.columns, "predictions of the truth's shape")
  return (0..<truth.columns).map { c in
    zip(predicted.column(c), truth.column(c)).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(truth.rows)
  }
}

/// The share of each target's variance that is explained: 1 is perfect, 0 no better than the mean, and
/// worse than the mean is negative. A target that does not vary gives 1 when met exactly, else 0.
package func explainedVariance(_ predicted: DoubleMatrix, _ truth: DoubleMatrix) -> [Double] {
  precondition(
    predicted.rows == truth.rows && predicted.columns == truth.columns, "predictions of the truth's shape")
  return (0..<truth.columns).map { c in
    let values = truth.column(c)
    let mean = values.reduce(0, +) / Double(values.count)
    let total = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let rest = zip(predicted.column(c), values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return total > 0 ? 1 - rest / total : (rest == 0 ? 1 : 0)
  }
}
