import Glibc  // log

/// Tells when something that should rest has moved: two cumulated sums (Page 1954), one for each direction, of values
/// that the mean and the spread of those before make standard normal (self-starting: Hawkins 1987), so that nobody has
/// to say what is usual. An outlier counts as three deviations, so that no frame by itself is a change.
package struct ChangeDetector: Sendable {
  package struct Change: Sendable, Equatable {
    package let before: Double
    package let after: Double
    /// How many values ago it came.
    package let age: Int
  }

  /// A change by this share of the value matters, and less does not: three deviations are never less.
  package let tolerance: Double
  private var count = 0
  private var mean = 0.0
  private var squares = 0.0
  private var (up, down) = (Run(), Run())

  /// Siegmund (1985): a sum that drifts by d a value comes to h after (exp(-2 d b) + 2 d b - 1) / 2 d² values in the
  /// mean, b = h + 1.166. What rests drifts by -slack: 384,000 values, 192,000 with both directions, so that of four
  /// quantities at rest one is called changed in 48,000 frames. What moved by a deviation drifts by 1 - slack: 22 values,
  /// and hardly ever 50; by two deviations, 8. So a change of `tolerance` is found within 50 frames where values scatter
  /// by up to `tolerance` about their mean; where they scatter more, no rule finds it so soon and keeps so still.
  private static let limit = 11.0
  private static let slack = 0.5
  /// So many values tell what is usual.
  private static let least = 20

  /// A sum, and the values since it was last nothing.
  private struct Run: Sendable {
    var sum = 0.0
    var values = 0
    var total = 0.0

    mutating func take(_ z: Double, _ value: Double) {
      sum += z - ChangeDetector.slack
      values += 1
      total += value
      if sum <= 0 { self = Run() }
    }
  }

  package init(tolerance: Double) { self.tolerance = tolerance }

  /// A change that is certain with this value; from then on the new level is the usual one.
  package mutating func take(_ value: Double) -> Change? {
    guard value.isFinite else { return nil }
    guard count >= Self.least else {
      learn(value)
      return nil
    }
    let spread = spread
    let z = normal((value - mean) / spread)
    up.take(z, value)
    down.take(-z, value)
    let run = up.sum > down.sum ? up : down
    if run.sum > Self.limit {
      let change = Change(before: mean, after: run.total / Double(run.values), age: run.values)
      self = ChangeDetector(tolerance: tolerance)
      return change
    }
    // What may be a change is not learned as usual, and what is far off only as far as it counts.
    if run.sum < Self.limit / 2 || count < 3 * Self.least {
      learn(min(max(value, mean - 3 * spread), mean + 3 * spread))
    }
    return nil
  }

  private mutating func learn(_ value: Double) {
    count += 1
    let off = value - mean
    mean += off / Double(count)
    squares += off * (value - mean)
  }

  private var spread: Double {
    max((squares / Double(count - 1)).squareRoot(), tolerance * abs(mean) / 3, 1e-300)
  }

  /// Deviations from a mean that is itself uncertain (Student's distribution) as those of the normal one (Wallace 1959).
  private func normal(_ off: Double) -> Double {
    let freedom = Double(count - 1)
    let t = off * (Double(count) / Double(count + 1)).squareRoot()
    let z = (8 * freedom + 1) / (8 * freedom + 3) * (freedom * log(1 + t * t / freedom)).squareRoot()
    return min(z, 3) * (t < 0 ? -1 : 1)
  }
}
