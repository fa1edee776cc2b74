/// How well calculated amplitudes agree with measured ones, in per cent.
package struct Agreement: Sendable, Equatable {
  package var rows = 0
  package var observed = 0
  package var rObserved = Double.nan
  package var rAll = Double.nan
  package var wrAll = Double.nan
  package var chi2 = 0.0

  /// Of one set of rows, predicted several times.
  init(mean agreements: [Agreement]) {
    let share = 1 / Double(max(1, agreements.count))
    rows = agreements.first?.rows ?? 0
    observed = agreements.first?.observed ?? 0
    rObserved = agreements.reduce(0) { $0 + share * $1.rObserved }
    rAll = agreements.reduce(0) { $0 + share * $1.rAll }
    wrAll = agreements.reduce(0) { $0 + share * $1.wrAll }
    chi2 = agreements.reduce(0) { $0 + share * $1.chi2 }
  }

  package init(_ problem: ScalingProblem, amplitudes: [Double], uses: (Int) -> Bool = { _ in true }) {
    var (difference, sum, differenceObserved, sumObserved, weighted) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (row, measured) in problem.rows.enumerated() where uses(row) {
      let off = (measured.amplitude - amplitudes[row]).magnitude
      rows += 1
      difference += off
      sum += measured.amplitude
      chi2 += measured.weight * off * off
      weighted += measured.weight * measured.amplitude * measured.amplitude
      if measured.isObserved {
        observed += 1
        differenceObserved += off
        sumObserved += measured.amplitude
      }
    }
    if sum > 0 { rAll = 100 * difference / sum }
    if sumObserved > 0 { rObserved = 100 * differenceObserved / sumObserved }
    if weighted > 0 { wrAll = 100 * (chi2 / weighted).squareRoot() }
  }
}
