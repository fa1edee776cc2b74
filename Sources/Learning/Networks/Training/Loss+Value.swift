import Glibc

extension Loss {
  /// The mean loss of answers (before softmax or sigmoid), in double precision.
  package func value(_ output: [Float], _ target: [Float], samples: Int) -> Double {
    precondition(output.count == target.count && samples > 0, "answers and targets of one size")
    var sum = 0.0
    switch self {
    case .softmaxCrossEntropy:
      let size = output.count / samples
      for sample in 0..<samples {
        let range = sample * size..<(sample + 1) * size
        let peak = Double(output[range].max() ?? 0)
        let logarithm = peak + log(range.reduce(0) { $0 + exp(Double(output[$1]) - peak) })
        sum += range.reduce(0) { $0 + Double(target[$1]) * (logarithm - Double(output[$1])) }
      }
      return sum / Double(samples)
    case .binaryCrossEntropy:
      for (z, t) in zip(output, target) {
        let z = Double(z)
        sum += max(z, 0) - z * Double(t) + log1p(exp(-abs(z)))
      }
    case .meanSquaredError:
      for (y, t) in zip(output, target) { sum += Double(y - t) * Double(y - t) }
    }
    return sum / Double(output.count)
  }
}
