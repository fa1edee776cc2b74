import Glibc

/// An axis of a plot: its range and its round ticks, 1, 2 or 5 times a power of ten.
package struct Axis: Sendable, Equatable {
  package let low: Double
  package let high: Double
  package let ticks: [Double]
  /// What a tick is written as.
  package let labels: [String]
  /// Stands at the axis' end.
  package var unit: String

  /// The range of `values` with at most `count` ticks. `isRound` widens it to whole ticks, `margin` leaves a part of
  /// it free on both sides; a range of nothing gets some room about it.
  package init(
    _ values: some Sequence<Double>, unit: String = "", ticks count: Int, isRound: Bool = false,
    margin: Double = 0,
    including: [Double] = []
  ) {
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    for value in including where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    self.init(low: low, high: high, unit: unit, ticks: count, isRound: isRound, margin: margin)
  }

  package init(
    low: Double, high: Double, unit: String = "", ticks count: Int, isRound: Bool = false, margin: Double = 0,
    isWhole: Bool = false
  ) {
    var (low, high) = Self.span(low, high)
    let room = (high - low) * margin
    low -= room
    high += room
    var step = Self.step((high - low) / Double(max(1, count)))
    // Frames and points are counted.
    if isWhole { step = max(1, step) }
    if isRound {
      low = (low / step).rounded(.down) * step
      high = (high / step).rounded(.up) * step
    }
    self.low = low
    self.high = high
    self.unit = unit
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    let number = last >= first ? min(Int(last - first), max(1, count) + 1) : -1
    ticks = number >= 0 ? (0...number).map { (first + Double($0)) * step } : []
    labels = Self.labels(ticks, step)
  }

  /// A range that can be divided: of finite numbers, and not of nothing.
  private static func span(_ low: Double, _ high: Double) -> (Double, Double) {
    var (low, high) = (low, high)
    if !low.isFinite || !high.isFinite || low > high { (low, high) = (0, 1) }
    // What a double can still divide.
    low = min(max(low, -1e300), 1e300)
    high = min(max(high, -1e300), 1e300)
    if high - low <= max(low.magnitude, high.magnitude) * 1e-9 {
      let room = max(low.magnitude * 0.05, 1e-9)
      low -= room
      high += room
    }
    return (low, high)
  }

  /// With ticks and labels of another kind than numbers: times of day.
  package init(low: Double, high: Double, unit: String = "", ticks: [Double], labels: [String]) {
    (self.low, self.high) = Self.span(low, high)
    self.unit = unit
    let (least, most) = (self.low, self.high)
    let inside = zip(ticks, labels).filter { $0.0 >= least && $0.0 <= most }
    self.ticks = inside.map(\.0)
    self.labels = inside.map(\.1)
  }

  /// 1, 2 or 5 times a power of ten, not below `least`.
  package static func step(_ least: Double) -> Double {
    guard least.isFinite, least > 0 else { return 1 }
    let power = pow(10, log10(least).rounded(.down))
    guard power > 0, power.isFinite else { return 1 }
    for factor in [1.0, 2, 5] where factor * power >= least * (1 - 1e-9) { return factor * power }
    return 10 * power
  }

  private static func labels(_ ticks: [Double], _ step: Double) -> [String] {
    let most = ticks.map(\.magnitude).max() ?? 0
    var (unit, suffix) = (1.0, "")
    for (limit, letter) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")]
    where most >= limit && suffix.isEmpty {
      (unit, suffix) = (letter == "k" ? 1e3 : limit, letter)
    }
    let decimals = min(9, max(0, -Int(log10(step / unit * 1.0001).rounded(.down))))
    return ticks.map { $0 == 0 || $0.magnitude < step / 2 ? "0" : number($0 / unit, decimals) + suffix }
  }

  /// With a true minus sign.
  package static func number(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "—" }
    let places = min(max(decimals, 0), 12)
    let scale = pow(10, Double(places))
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 9e18 else { return (value < 0 ? "−" : "") + "\(Int64(value.magnitude))" }
    let digits = String(Int64(scaled))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let whole = padded.dropLast(places)
    let sign = value < 0 && scaled > 0 ? "−" : ""
    return places > 0 ? "\(sign)\(whole).\(padded.suffix(places))" : "\(sign)\(whole)"
  }

  /// The power of ten of a number.
  package static func exponent(_ value: Double) -> Double { log10(value * 1.0001).rounded(.down) }

  /// Where a value lies on the axis, 0 to 1 inside it; nil where it is none.
  package func fraction(_ value: Double) -> Double? {
    guard value.isFinite, high > low else { return nil }
    let fraction = (value - low) / (high - low)
    return fraction.isFinite ? fraction : nil
  }
}
