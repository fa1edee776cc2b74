import Arrays
import CVectorLoops
import Glibc  // log

extension DenseMatrix where Element == Float {
  /// Otsu's threshold (1979) on a histogram between the smallest and the largest pixel: the centre of the
  /// bin that parts the image into the two classes farthest apart. Brighter pixels are foreground.
  package func otsuThreshold(bins: Int = 256) -> Float {
    let (smallest, largest) = extent
    guard largest > smallest else { return smallest }
    let scale = Double(bins) / (Double(largest) - Double(smallest))
    // The last places count the largest value, which belongs to the last bin, and what is not a number.
    var counts = [UInt32](repeating: 0, count: bins + 2)
    withElements { vl_histogram($0, count, smallest, Float(scale), bins, &counts) }
    counts[bins - 1] += counts[bins]
    let histogram = counts[..<bins].map(Double.init)
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
  package func liThreshold() -> Float {
    if !values.allSatisfy(\.isFinite) {
      let finite = values.filter(\.isFinite)
      return finite.isEmpty ? .nan : Image(rows: 1, columns: finite.count, values: finite).liThreshold()
    }
    let (smallest, largest) = extent
    guard largest > smallest else { return smallest }
    // Moves of the threshold, until the two classes no longer change and it stays where it is.
    var path = [classes(above: .infinity, from: smallest).all / Double(count)]
    while path.count < 10_000 {
      let current = path[path.count - 1]
      let part = classes(above: Float(current + Double(smallest)), from: smallest)
      guard part.bright > 0 && part.bright < count else { break }
      let darkMean = (part.all - part.sum) / Double(count - part.bright)
      let brightMean = part.sum / Double(part.bright)
      guard darkMean > 0 else { break }
      path.append((brightMean - darkMean) / (log(brightMean) - log(darkMean)))
      if path[path.count - 1] == current { break }
    }
    // The smallest grey step ends the path early only if a move is as short as half of it. Any two values
    // bound it from above, so a few hundred usually show that it does not; only then must all be sorted.
    let moves = zip(path, path.dropFirst()).map { abs($1 - $0) }
    let shortest = moves.filter { $0 > 0 }.min() ?? 0
    var step = smallestStep(every: Swift.max(1, count / 512))
    if shortest <= step / 2 { step = smallestStep(every: 1) }
    let end = moves.firstIndex { $0 <= step / 2 }.map { $0 + 1 } ?? path.count - 1
    return Float(path[end] + Double(smallest))
  }

  private func classes(above threshold: Float, from origin: Float) -> (bright: Int, sum: Double, all: Double)
  {
    var (bright, sum, all) = (0, 0.0, 0.0)
    withElements { vl_sums_above($0, count, threshold, origin, &bright, &sum, &all) }
    return (bright, sum, all)
  }

  /// The smallest difference between distinct values among every so-many-th pixel.
  private func smallestStep(every stride: Int) -> Double {
    let sorted = sortedByUpperBits(
      Swift.stride(from: 0, to: count, by: stride).map { orderedBits(values[$0]) })
    var step = Double.infinity
    for (a, b) in zip(sorted, sorted.dropFirst()) where a != b {
      step = Swift.min(step, Double(orderedValue(b)) - Double(orderedValue(a)))
    }
    return step
  }
}
