import Arrays

/// How often answers of each confidence are right.
package struct ReliabilityCurve: Sendable {
  package struct Bin: Sendable, Equatable {
    package var range: ClosedRange<Double>
    package var count: Int
    /// The mean of the confidences in the bin; 0 when it is empty.
    package var confidence: Double
    /// The share of them that were right; 0 when it is empty.
    package var accuracy: Double
  }

  package let bins: [Bin]

  /// From the confidence of each answer and whether it was right, in bins of equal width.
  package init(confidences: [Double], correct: [Bool], bins count: Int = 15) {
    precondition(confidences.count == correct.count && count > 0, "one outcome an answer")
    precondition(confidences.allSatisfy { $0 >= 0 && $0 <= 1 + 1e-6 }, "confidences are probabilities")
    var sums = [(n: Int, confidence: Double, right: Int)](repeating: (0, 0, 0), count: count)
    for (confidence, correct) in zip(confidences, correct) {
      let bin = min(count - 1, Int(confidence * Double(count)))
      sums[bin].n += 1
      sums[bin].confidence += confidence
      sums[bin].right += correct ? 1 : 0
    }
    bins = sums.enumerated().map { index, sum in
      Bin(
        range: Double(index) / Double(count)...Double(index + 1) / Double(count), count: sum.n,
        confidence: sum.n > 0 ? sum.confidence / Double(sum.n) : 0,
        accuracy: sum.n > 0 ? Double(sum.right) / Double(sum.n) : 0)
    }
  }

  /// The most probable class of each row against its label.
  package init(probabilities: Matrix, labels: [Int], bins: Int = 15) {
    precondition(probabilities.rows == labels.count, "one label a row")
    var (confidences, correct) = ([Double](), [Bool]())
    for (r, label) in labels.enumerated() {
      let row = probabilities.row(r)
      let best = row.indices.max { row[$0] < row[$1] } ?? row.startIndex
      confidences.append(Double(row[best]))
      correct.append(best - row.startIndex == label)
    }
    self.init(confidences: confidences, correct: correct, bins: bins)
  }

  package var count: Int { bins.reduce(0) { $0 + $1.count } }

  /// The mean distance of accuracy from confidence, bins weighted by their answers (Naeini et al. 2015).
  package var expectedCalibrationError: Double {
    guard count > 0 else { return 0 }
    return bins.reduce(0) { $0 + Double($1.count) * abs($1.accuracy - $1.confidence) } / Double(count)
  }

  /// The worst bin's distance.
  package var maximumCalibrationError: Double {
    bins.filter { $0.count > 0 }.map { abs($0.accuracy - $0.confidence) }.max() ?? 0
  }
}
