import Glibc  // exp, log

/// Temperature scaling (Guo et al. 2017): probabilities are softened, or sharpened, by one number, softmax(logits /
/// temperature), so that confidence matches accuracy on patterns that were held out. Their order stays.
package enum TemperatureFit {
  /// The temperature of the least loss, which has one valley: golden section in the logarithm.
  package static func temperature(
    in range: ClosedRange<Double>, rounds: Int = 14, loss: (Double) -> Double
  ) -> Double {
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (log(range.lowerBound), log(range.upperBound))
    for _ in 0..<rounds {
      let a = high - ratio * (high - low)
      let b = low + ratio * (high - low)
      if loss(exp(a)) < loss(exp(b)) { high = b } else { low = a }
    }
    return exp((low + high) / 2)
  }
}
