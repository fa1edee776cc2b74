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
    self.init(
      problem.rows.indices.filter(uses).map { row in
        let measured = problem.rows[row]
        return Pair(
          measured: measured.amplitude, calculated: amplitudes[row], weight: measured.weight,
          isObserved: measured.isObserved)
      })
  }

  /// Each measurement once: rows that repeat one number of one reflection are compared with the mean of what was
  /// calculated for them.
  package init(merged problem: ScalingProblem, amplitudes: [Double]) {
    let groups = Dictionary(grouping: problem.rows.indices) { problem.rows[$0].identity }
    self.init(
      groups.values.sorted { $0[0] < $1[0] }.map { rows in
        let measured = problem.rows[rows[0]]
        return Pair(
          measured: measured.amplitude,
          calculated: rows.reduce(0) { $0 + amplitudes[$1] } / Double(rows.count), weight: measured.weight,
          isObserved: measured.isObserved)
      })
  }

  private struct Pair {
    let measured: Double
    let calculated: Double
    let weight: Double
    let isObserved: Bool
  }

  private init(_ pairs: some Sequence<Pair>) {
    var (difference, sum, differenceObserved, sumObserved, weighted) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for pair in pairs {
      let off = (pair.measured - pair.calculated).magnitude
      rows += 1
      difference += off
      sum += pair.measured
      chi2 += pair.weight * off * off
      weighted += pair.weight * pair.measured * pair.measured
      if pair.isObserved {
        observed += 1
        differenceObserved += off
        sumObserved += pair.measured
      }
    }
    if sum > 0 { rAll = 100 * difference / sum }
    if sumObserved > 0 { rObserved = 100 * differenceObserved / sumObserved }
    if weighted > 0 { wrAll = 100 * (chi2 / weighted).squareRoot() }
  }
}
