import Arrays

/// Predicts one or more numbers from a row of features. Fitting is an initialiser; a regressor never changes.
package protocol Regressor: Sendable {
  var featureCount: Int { get }
  var targetCount: Int { get }
  /// One row of targets for every row of features.
  func predict(_ features: DoubleMatrix) -> DoubleMatrix
}

/// Why a regressor could not be fitted. These come from the data or the settings.
package enum RegressionError: Error, Equatable, Sendable, CustomStringConvertible {
  case tooFewRows(Int, needed: Int)
  case notFinite
  case algebra(LinearAlgebraError)
  case refused(String)

  package var description: String {
    switch self {
    case .tooFewRows(let rows, let needed): "\(rows) training rows where \(needed) are needed"
    case .notFinite: "the training data hold a value that is not finite"
    case .algebra(let error): error.description
    case .refused(let reason): reason
    }
  }
}

/// Linear algebra that fails because of the training data.
func algebra<T>(_ body: () throws(LinearAlgebraError) -> T) throws(RegressionError) -> T {
  do { return try body() } catch { throw .algebra(error) }
}

func checkTraining(
  _ features: DoubleMatrix, _ targets: DoubleMatrix, needed: Int = 1
) throws(RegressionError) {
  precondition(features.rows == targets.rows, "one row of targets a row of features")
  guard features.rows >= needed else { throw .tooFewRows(features.rows, needed: needed) }
  guard features.values.allSatisfy(\.isFinite) && targets.values.allSatisfy(\.isFinite) else {
    throw .notFinite
  }
}

/// Each target centred and divided by its population standard deviation, as most regressors want them.
package struct TargetScaling: Sendable {
  package let mean: [Double]
  package let deviation: [Double]

  package init(_ targets: DoubleMatrix) {
    let rows = Double(Swift.max(targets.rows, 1))
    let mean = (0..<targets.columns).map { targets.column($0).reduce(0, +) / rows }
    self.mean = mean
    deviation = (0..<targets.columns).map { c in
      let variance = targets.column(c).reduce(0) { $0 + ($1 - mean[c]) * ($1 - mean[c]) } / rows
      return variance > 0 ? variance.squareRoot() : 1
    }
  }

  package func scaled(_ targets: DoubleMatrix) -> DoubleMatrix {
    map(targets) { ($0 - mean[$1]) / deviation[$1] }
  }

  package func restored(_ targets: DoubleMatrix) -> DoubleMatrix {
    map(targets) { $0 * deviation[$1] + mean[$1] }
  }

  private func map(_ targets: DoubleMatrix, _ transform: (Double, Int) -> Double) -> DoubleMatrix {
    DoubleMatrix(
      rows: targets.rows, columns: targets.columns,
      values: targets.values.indices.map { transform(targets.values[$0], $0 % targets.columns) })
  }
}

/// One regressor a target, for methods that know a single number.
func predictions(
  _ rows: Int, _ targets: Int, _ column: (Int) -> [Double]
) -> DoubleMatrix {
  var out = DoubleMatrix(rows: rows, columns: targets)
  for t in 0..<targets {
    for (r, value) in column(t).enumerated() { out[r, t] = value }
  }
  return out
}
