import System
import Arrays
import Learning
import Testing

/// Logits whose softmax is exactly right about labels drawn from it, then multiplied.
private func overconfident(_ factor: Float, rows: Int = 4000, seed: UInt64 = 1) -> (Matrix, [Int]) {
  var numbers = RandomNumbers(seed: seed)
  var logits = Matrix(rows: rows, columns: 5)
  for i in logits.values.indices { logits.values[i] = Float(1.5 * numbers.normal()) }
  let probabilities = TemperatureScaling(temperature: 1).probabilities(logits)
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
  let scaling = TemperatureScaling(fitting: logits, labels: labels)
  #expect(abs(scaling.temperature / Double(factor) - 1) < 0.07)
  let before = ReliabilityCurve(
    probabilities: TemperatureScaling(temperature: 1).probabilities(logits), labels: labels)
  let after = ReliabilityCurve(probabilities: scaling.probabilities(logits), labels: labels)
  #expect(after.expectedCalibrationError < 0.03)
  if factor > 1 { #expect(after.expectedCalibrationError < 0.3 * before.expectedCalibrationError) }
}

@Test func softLabelsGiveTheTemperatureOfTheirOwnDistribution() {
  let (logits, _) = overconfident(2, rows: 300)
  let targets = TemperatureScaling(temperature: 2).probabilities(logits)
  #expect(abs(TemperatureScaling(fitting: logits, targets: targets).temperature - 2) < 1e-3)
}

@Test func scaledProbabilitiesSumToOneAndKeepTheOrder() {
  let logits = Matrix(rows: 2, columns: 3, values: [1000, 999, -1000, 0, 2, 1])
  let probabilities = TemperatureScaling(temperature: 1.7).probabilities(logits)
  for r in 0..<2 { #expect(abs(probabilities.row(r).reduce(0, +) - 1) < 1e-6) }
  #expect(probabilities[0, 0] > probabilities[0, 1] && probabilities[1, 1] > probabilities[1, 2])
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
