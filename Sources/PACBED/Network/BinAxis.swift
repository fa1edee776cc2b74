import Glibc  // exp

/// The bins of a quantity that a network gives probabilities for.
package struct BinAxis: Sendable, Hashable {
  /// Ascending.
  package let centres: [Double]
  /// Where the quantity is an angle: the last bin is a neighbour of the first, one period apart.
  package let period: Double?

  package init(centres: [Double], period: Double? = nil) {
    precondition(centres.count > 1, "a histogram has several bins")
    self.centres = centres
    self.period = period
  }

  /// Evenly from `range.lowerBound` to `range.upperBound`, in steps of at most `step`.
  package init(_ range: ClosedRange<Double>, step: Double) {
    let width = range.upperBound - range.lowerBound
    let count = max(1, Int((width / step - 1e-9).rounded(.up)))
    self.init(centres: (0...count).map { range.lowerBound + width * Double($0) / Double(count) })
  }

  /// So many bins around a circle.
  package init(around period: Double, count: Int) {
    self.init(centres: (0..<count).map { period * Double($0) / Double(count) }, period: period)
  }

  /// Thickness: 0.5 nm below 20 nm, where errors count most, 1 nm above.
  package static func thickness(_ range: ClosedRange<Double>) -> BinAxis {
    let start = (range.lowerBound * 2).rounded(.down) / 2
    let fine = min(20, range.upperBound)
    var centres = Array(stride(from: start, to: fine - 1e-9, by: 0.5))
    centres += Array(stride(from: fine, through: max(fine, range.upperBound) + 0.49, by: 1))
    return BinAxis(centres: centres)
  }

  package var count: Int { centres.count }

  /// Shares the value between the two bins around it, so that their mean is the value: bins as wide as
  /// these would otherwise cost accuracy. Beyond the ends all belongs to the last bin.
  package func share(_ value: Double, _ write: (Int, Float) -> Void) {
    if let period {
      let x = value / period * Double(count)
      let below = x.rounded(.down)
      let low = ((Int(below) % count) + count) % count
      write(low, Float(1 - (x - below)))
      write((low + 1) % count, Float(x - below))
      return
    }
    guard let high = centres.firstIndex(where: { $0 > value }) else { return write(count - 1, 1) }
    guard high > 0 else { return write(0, 1) }
    let part = (value - centres[high - 1]) / (centres[high] - centres[high - 1])
    write(high - 1, Float(1 - part))
    write(high, Float(part))
  }

  package func nearest(to value: Double) -> Int {
    centres.indices.min { distance(centres[$0], value) < distance(centres[$1], value) } ?? 0
  }

  /// Around the circle where there is one.
  package func distance(_ a: Double, _ b: Double) -> Double {
    guard let period else { return abs(a - b) }
    let d = abs(a - b).truncatingRemainder(dividingBy: period)
    return min(d, period - d)
  }

  /// A summit of a histogram with the mean and the probability of the bins around it.
  package struct Peak: Sendable, Equatable {
    package var value: Double
    package var probability: Double
    /// First and last of its bins' centres: where the truth lies if it belongs to this summit.
    package var range: ClosedRange<Double>
  }

  /// The summits, most probable first: each is the mean over its bin and `reach` neighbours; bins belong
  /// to one summit only.
  package func peaks(_ probabilities: [Double], reach: Int = 2, limit: Int = 6) -> [Peak] {
    precondition(probabilities.count == count, "a probability a bin")
    var isTaken = [Bool](repeating: false, count: count)
    var peaks: [Peak] = []
    while peaks.count < limit {
      // The pair of neighbours with most probability: a value between two bins belongs to both.
      var best = -1
      var most = 0.0
      for i in 0..<count where !isTaken[i] {
        let j = i + 1 < count ? i + 1 : (period == nil ? -1 : 0)
        let pair = probabilities[i] + (j >= 0 && !isTaken[j] ? probabilities[j] : 0)
        if pair > most { (best, most) = (i, pair) }
      }
      guard best >= 0, most > 0 else { break }
      var (mass, moment) = (0.0, 0.0)
      var (low, high) = (centres[best], centres[best])
      for offset in -(reach - 1)...reach {
        var i = best + offset
        if period != nil { i = ((i % count) + count) % count }
        guard i >= 0, i < count, !isTaken[i] else { continue }
        isTaken[i] = true
        (low, high) = (min(low, centres[i]), max(high, centres[i]))
        mass += probabilities[i]
        moment += probabilities[i] * (period == nil ? centres[i] : Double(offset))
      }
      guard mass > 0 else { continue }
      var value = moment / mass
      if let period {
        value = centres[best] + value * period / Double(count)
        value -= (value / period).rounded(.down) * period
      }
      peaks.append(Peak(value: value, probability: mass, range: low...high))
    }
    return peaks.sorted { $0.probability > $1.probability }
  }

  /// The value below which a share of the probability lies, evenly spread within each bin.
  package func quantile(_ share: Double, _ probabilities: [Double]) -> Double {
    var sum = 0.0
    for i in 0..<count {
      let p = probabilities[i]
      if sum + p >= share, p > 0 {
        let low = i > 0 ? (centres[i - 1] + centres[i]) / 2 : centres[i]
        let high = i + 1 < count ? (centres[i] + centres[i + 1]) / 2 : centres[i]
        return low + (high - low) * (share - sum) / p
      }
      sum += p
    }
    return centres[count - 1]
  }
}

/// softmax(logits / temperature).
func softmax(_ logits: some Collection<Float>, temperature: Double = 1) -> [Double] {
  let peak = Double(logits.max() ?? 0)
  let powers = logits.map { exp((Double($0) - peak) / temperature) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}
