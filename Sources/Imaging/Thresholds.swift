import Arrays
import Glibc  // log

extension DenseMatrix where Element == Float {
  /// Otsu's threshold (1979) on a histogram between the smallest and the largest pixel: the centre of the
  /// bin that parts the image into the two classes farthest apart. Brighter pixels are foreground.
  public func otsuThreshold(bins: Int = 256) -> Float {
    let (smallest, largest) = extent
    guard largest > smallest else { return smallest }
    let scale = Double(bins) / (Double(largest) - Double(smallest))
    // Four histograms in turn: neighbouring pixels often share a bin, and one counter would be a chain.
    var counts = [UInt32](repeating: 0, count: 4 * bins)
    withElements { pixels in
      let count = self.count
      let (low, scale, last) = (smallest, Float(scale), Int32(bins - 1))
      counts.withUnsafeMutableBufferPointer { counts in
        for i in 0..<count where pixels[i] == pixels[i] {
          let bin = Swift.min(Int32((pixels[i] - low) * scale), last)
          counts[(i & 3) &* bins &+ Int(bin)] &+= 1
        }
      }
    }
    let histogram = (0..<bins).map { b in (0..<4).reduce(0.0) { $0 + Double(counts[$1 * bins + b]) } }
    let centres = (0..<bins).map { Double(smallest) + (Double($0) + 0.5) / scale }
    let total = histogram.reduce(0, +)
    let moment = zip(histogram, centres).reduce(0) { $0 + $1.0 * $1.1 }
    var (weight, part) = (0.0, 0.0)
    var (best, threshold) = (-Double.infinity, centres[0])
    for b in 0..<bins - 1 {
      weight += histogram[b]
      part += histogram[b] * centres[b]
      let other = total - weight
      guard weight > 0 && other > 0 else { continue }
      let difference = part / weight - (moment - part) / other
      let variance = weight * other * difference * difference
      if variance > best { (best, threshold) = (variance, centres[b]) }
    }
    return Float(threshold)
  }

  /// Li's minimum cross-entropy threshold by the fixed-point iteration of Li & Tam (1998), from the mean,
  /// until it moves by less than half the smallest grey step.
  public func liThreshold() -> Float {
    let keys = withElements { pixels in
      (0..<count).compactMap { pixels[$0].isFinite ? orderedBits(pixels[$0]) : nil }
    }
    guard !keys.isEmpty else { return .nan }
    let sorted = sortedKeys(keys)
    let smallest = Double(orderedValue(sorted[0]))
    // Sums of the ascending values, above the smallest so that every logarithm exists.
    var sums = [Double](repeating: 0, count: sorted.count + 1)
    var step = Double.infinity
    for i in 0..<sorted.count {
      let value = Double(orderedValue(sorted[i])) - smallest
      sums[i + 1] = sums[i] + value
      if i > 0 && sorted[i] != sorted[i - 1] {
        step = Swift.min(step, value - (Double(orderedValue(sorted[i - 1])) - smallest))
      }
    }
    guard step.isFinite else { return Float(smallest) }
    let tolerance = step / 2
    var current = sums[sorted.count] / Double(sorted.count)
    var previous = -2 * tolerance
    // A fixed point may alternate between two thresholds; the published iteration has no other end.
    for _ in 0..<10_000 where abs(current - previous) > tolerance {
      previous = current
      let dark = upperBound(sorted, orderedBits(Float(current + smallest)))
      guard dark > 0 && dark < sorted.count else { break }
      let darkMean = sums[dark] / Double(dark)
      let brightMean = (sums[sorted.count] - sums[dark]) / Double(sorted.count - dark)
      guard darkMean > 0 else { break }
      current = (brightMean - darkMean) / (log(brightMean) - log(darkMean))
    }
    return Float(current + smallest)
  }
}

/// How many keys are not above `key`.
private func upperBound(_ sorted: [UInt32], _ key: UInt32) -> Int {
  var (low, high) = (0, sorted.count)
  while low < high {
    let middle = (low + high) / 2
    if sorted[middle] <= key { low = middle + 1 } else { high = middle }
  }
  return low
}
