import Arrays
import Glibc  // exp, log

/// Probabilities softened (or sharpened) by one number: softmax(logits / temperature) (Guo et al. 2017). The order
/// of the classes stays; the confidence comes to match the accuracy on held-out data.
public struct TemperatureScaling: Sendable, Equatable {
  public let temperature: Double

  public init(temperature: Double) {
    precondition(temperature > 0, "a temperature is positive")
    self.temperature = temperature
  }

  /// The temperature of the largest likelihood of held-out labels, one class index a row.
  public init(fitting logits: Matrix, labels: [Int], range: ClosedRange<Double> = 0.05...20) {
    precondition(logits.rows == labels.count && logits.columns > 0, "one label a row")
    precondition(labels.allSatisfy { $0 >= 0 && $0 < logits.columns }, "labels are classes")
    var targets = Matrix(rows: logits.rows, columns: logits.columns)
    for (r, label) in labels.enumerated() { targets[r, label] = 1 }
    self.init(fitting: logits, targets: targets, range: range)
  }

  /// The same for soft labels: a row of `targets` holds the share of each class.
  public init(fitting logits: Matrix, targets: Matrix, range: ClosedRange<Double> = 0.05...20) {
    precondition(targets.rows == logits.rows && targets.columns == logits.columns, "a share a logit")
    // The mean negative log-likelihood is convex in the inverse temperature: bisect its slope.
    var (low, high) = (1 / range.upperBound, 1 / range.lowerBound)
    for _ in 0..<60 {
      let middle = (low * high).squareRoot()
      if Self.slope(logits, targets, middle) > 0 { high = middle } else { low = middle }
    }
    self.init(temperature: 1 / (low * high).squareRoot())
  }

  public func probabilities(_ logits: Matrix) -> Matrix {
    var out = logits
    for r in 0..<logits.rows {
      let largest = Double(logits.row(r).max() ?? 0)
      let powers = logits.row(r).map { exp((Double($0) - largest) / temperature) }
      let sum = powers.reduce(0, +)
      for (c, power) in powers.enumerated() { out[r, c] = Float(power / sum) }
    }
    return out
  }

  /// The derivative of the loss by the inverse temperature: expected less observed logit, summed over rows.
  private static func slope(_ logits: Matrix, _ targets: Matrix, _ inverse: Double) -> Double {
    let parts = parallelChunkMap(logits.rows, size: 256) { rows in
      var slope = 0.0
      for r in rows {
        let row = logits.row(r)
        let largest = Double(row.max() ?? 0)
        var (norm, mean, observed, weight) = (0.0, 0.0, 0.0, 0.0)
        for (logit, target) in zip(row, targets.row(r)) {
          let z = Double(logit) - largest
          let power = exp(inverse * z)
          norm += power
          mean += power * z
          observed += Double(target) * z
          weight += Double(target)
        }
        slope += weight * mean / norm - observed
      }
      return slope
    }
    return parts.reduce(0, +)
  }
}
