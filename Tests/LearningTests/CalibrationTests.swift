import Arrays
import Glibc
import Learning
import System
import Testing

private func softmax(_ logits: Matrix, _ temperature: Double) -> Matrix {
  var out = logits
  for r in 0..<logits.rows {
    let powers = logits.row(r).map { exp(Double($0) / temperature) }
    let sum = powers.reduce(0, +)
    for (c, power) in powers.enumerated() { out[r, c] = Float(power / sum) }
  }
  return out
}

/// Logits whose softmax is exactly right about labels drawn from it, then multiplied.
private func overconfident(_ factor: Float, rows: Int = 4000, seed: UInt64 = 1) -> (Matrix, [Int]) {
  var numbers = RandomNumbers(seed: seed)
  var logits = Matrix(rows: rows, columns: 5)
  for i in logits.values.indices { logits.values[i] = Float(1.5 * numbers.normal()) }
  let probabilities = softmax(logits, 1)
  let labels = (0..<rows).map { r in
    var rest = numbers.uniform()
    for c in 0..<5 {
      rest -= Double(probabilities[r, c])
      if rest < 0 { return c }
    }
    return 4
  }
  return (logits.mapValues { $0 * factor }, labels)
}

@Test(arguments: [Float(0.5), 1, 3])
func temperatureUndoesAFactorOnTheLogits(factor: Float) {
  let (logits, labels) = overconfident(factor)
  let temperature = TemperatureFit.temperature(in: 0.05...20) { temperature in
    let probabilities = softmax(logits, temperature)
    return labels.indices.reduce(0.0) { $0 - log(Double(probabilities[$1, labels[$1]])) }
  }
  #expect(abs(temperature / Double(factor) - 1) < 0.07)
  let before = ReliabilityCurve(probabilities: softmax(logits, 1), labels: labels)
  let after = ReliabilityCurve(probabilities: softmax(logits, temperature), labels: labels)
  #expect(after.expectedCalibrationError < 0.03)
  if factor > 1 { #expect(after.expectedCalibrationError < 0.3 * before.expectedCalibrationError) }
}

@Test func theTemperatureOfTheLeastLossIsFoundToAsManyDigitsAsAreAskedFor() {
  let found = [5, 14, 40].map { rounds in
    TemperatureFit.temperature(in: 0.4...3, rounds: rounds) { ($0 - 1.7) * ($0 - 1.7) }
  }
  #expect(abs(found[0] - 1.7) < 0.2 && abs(found[1] - 1.7) < 4e-3 && abs(found[2] - 1.7) < 1e-6)
}

@Test func calibrationErrorIsTheWeightedGapOfTheBins() {
  let curve = ReliabilityCurve(
    confidences: [0.1, 0.1, 0.95, 0.95, 1.0], correct: [false, false, true, true, false], bins: 10)
  // Two answers at 0.1 and never right; three at 0.9667 on average and right two times.
  #expect(curve.bins[1].count == 2 && curve.bins[9].count == 3 && curve.count == 5)
  let gap = (0.95 + 0.95 + 1.0) / 3 - 2.0 / 3
  #expect(abs(curve.expectedCalibrationError - (2 * 0.1 + 3 * gap) / 5) < 1e-12)
  #expect(abs(curve.maximumCalibrationError - gap) < 1e-12)
  #expect(ReliabilityCurve(confidences: [], correct: []).expectedCalibrationError == 0)
}
