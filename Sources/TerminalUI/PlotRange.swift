/// The values that a plot's lowest and highest rows stand for.
struct PlotRange {
  let low: Float
  let high: Float

  /// `wanted`, or what the finite `values` span; never empty.
  init(_ wanted: ClosedRange<Float>?, _ values: some Sequence<Float>) {
    var low = Float.infinity
    var high = -Float.infinity
    if let wanted, wanted.lowerBound.isFinite, wanted.upperBound.isFinite {
      low = wanted.lowerBound
      high = wanted.upperBound
    } else {
      for value in values where value.isFinite {
        low = min(low, value)
        high = max(high, value)
      }
    }
    if low > high { (low, high) = (0, 1) }
    // One value alone stands in the middle.
    let margin = low == high ? max(abs(low) * 0.05, .leastNormalMagnitude) : 0
    self.low = max(low - margin, -.greatestFiniteMagnitude)
    self.high = min(high + margin, .greatestFiniteMagnitude)
  }

  /// The row, counted from the top, of the band that holds `value`; nil outside the range.
  func row(_ value: Float, of height: Int) -> Int? {
    guard value.isFinite, height > 0, value >= low, value <= high else { return nil }
    // Halved first: the span itself may overflow.
    let place = (value / 2 - low / 2) / (high / 2 - low / 2)
    guard place.isFinite else { return height / 2 }
    return height - 1 - min(height - 1, Int(place * Float(height)))
  }

  /// The middle of a row's band.
  func value(row: Int, of height: Int) -> Float {
    let place = (Float(height - 1 - row) + 0.5) / Float(height)
    return low * (1 - place) + high * place
  }

  /// Labels of all rows with just as many digits as tell them apart.
  func labels(height: Int) -> [String] {
    let values = (0..<height).map { value(row: $0, of: height) }
    for digits in 2...6 {
      let labels = values.map { compact($0, digits: digits) }
      if Set(labels).count == labels.count { return labels }
    }
    return values.map { compact($0, digits: 6) }
  }
}
