import Glibc

/// The values that are shown darkest and brightest, in the picture's own unit.
package struct Limits: Hashable, Sendable {
  package var low: Float
  package var high: Float

  package init(low: Float, high: Float) {
    self.low = low
    self.high = high
  }
}

/// How values become brightness. Never a change of the data: only of what is shown, and always written beside it.
package struct Contrast: Hashable, Sendable {
  package enum Scale: String, Sendable, CaseIterable {
    case log, linear
    case sqrt = "root"

    package var next: Scale {
      switch self {
      case .log: .linear
      case .linear: .sqrt
      case .sqrt: .log
      }
    }
  }

  package enum Range: Hashable, Sendable {
    case percentile(Double, Double)
    /// From zero to a percentile.
    case fromZero(Double)
    /// From zero to a part of the largest value.
    case partOfMaximum(Double)
    /// Of a signed picture: so many standard deviations about zero.
    case deviations(Double)
    case fixed(Limits)
  }

  package var scale: Scale
  package var range: Range
  /// A difference: zero lies in the middle and the limits are symmetric.
  package var isSigned: Bool

  package init(scale: Scale = .log, range: Range = .percentile(1, 99.5), isSigned: Bool = false) {
    self.scale = scale
    self.range = range
    self.isSigned = isSigned
  }

  /// The limits that hold for all `pictures` together, so that they can be compared by eye.
  package func limits(of pictures: [PictureSource]) -> Limits {
    switch range {
    case .fixed(let limits): return limits
    case .percentile(let low, let high):
      if isSigned { return symmetric(pictures) { $0.value(at: high) } }
      guard let values = Percentiles(pictures) else { return Limits(low: 0, high: 1) }
      let least = values.value(at: low)
      let most = values.value(at: high)
      // A counting detector may leave more than 99.5 % of the pixels at zero: then up to the largest.
      return Limits(low: least, high: most > least ? most : values.value(at: 100))
    case .fromZero(let high):
      if isSigned { return symmetric(pictures) { $0.value(at: high) } }
      guard let values = Percentiles(pictures) else { return Limits(low: 0, high: 1) }
      let least = min(0, values.value(at: 1))
      let most = values.value(at: high)
      return Limits(low: least, high: most > least ? most : max(values.value(at: 100), least))
    case .partOfMaximum(let part):
      guard let values = Percentiles(pictures) else { return Limits(low: 0, high: 1) }
      let most = values.value(at: 100)
      return Limits(low: min(0, values.value(at: 1)), high: most > 0 ? most * Float(part) : most)
    case .deviations(let count):
      return symmetric(pictures) { _ in Self.deviation(pictures) * Float(count) }
    }
  }

  private func symmetric(_ pictures: [PictureSource], _ size: (Percentiles) -> Float) -> Limits {
    guard let sizes = Percentiles(pictures, ofSizes: true) else { return Limits(low: -1, high: 1) }
    let wanted = size(sizes)
    let most = wanted > 0 && wanted.isFinite ? wanted : sizes.value(at: 100)
    return Limits(low: -most, high: most)
  }

  private static func deviation(_ pictures: [PictureSource]) -> Float {
    var (sum, count) = (0.0, 0.0)
    for picture in pictures {
      for value in picture.values where value.isFinite {
        sum += Double(value) * Double(value)
        count += 1
      }
    }
    return count > 0 ? Float((sum / count).squareRoot()) : 0
  }

  /// Where `value` lies from dark (0) to bright (1); nil for a value that is missing.
  package func fraction(_ value: Float, _ limits: Limits) -> Float? {
    let fraction = ContrastCurve(self, limits).fraction(value)
    return fraction.isNaN ? nil : fraction
  }
}

/// A contrast and its limits, made ready for many values.
struct ContrastCurve {
  private let contrast: Contrast
  // Doubles: the span of finite floats can be infinite as a float.
  private let floor: Double
  private let gain: Double
  private let start: Double
  private let span: Double

  init(_ contrast: Contrast, _ limits: Limits) {
    self.contrast = contrast
    let low = limits.low.isFinite ? Double(limits.low) : 0
    let high = limits.high.isFinite ? Double(limits.high) : 1
    let top: Double
    if contrast.isSigned {
      floor = 0
      top = max(abs(low), abs(high))
    } else {
      // Negative values (background taken off) have no logarithm: the lowest shown value becomes zero.
      floor = min(low, 0)
      top = high - floor
    }
    // log1p bends only above 1. Pictures in small units (a fraction, a probability) are scaled to reach 100, so
    // that "log" shows two decades of them too; counts above 100 are taken as they are.
    gain = contrast.scale == .log && top > 0 ? max(1, 100 / top) : 1
    start = contrast.isSigned ? 0 : ContrastCurve.bend(low - floor, contrast.scale, gain)
    span = ContrastCurve.bend(top, contrast.scale, gain) - start
  }

  /// 0...1, or nan for a value that is not finite.
  func fraction(_ value: Float) -> Float {
    guard value.isFinite else { return .nan }
    let value = Double(value)
    if contrast.isSigned {
      guard span > 0 else { return 0.5 }
      let size = min(1, ContrastCurve.bend(abs(value), contrast.scale, gain) / span)
      return Float(0.5 + (value < 0 ? -0.5 : 0.5) * size)
    }
    let bent = ContrastCurve.bend(max(value - floor, 0), contrast.scale, gain) - start
    guard span > 0 else { return bent > 0 ? 1 : 0 }
    return Float(min(max(bent / span, 0), 1))
  }

  private static func bend(_ value: Double, _ scale: Contrast.Scale, _ gain: Double) -> Double {
    switch scale {
    case .log: log1p(max(value, 0) * gain)
    case .linear: value
    case .sqrt: max(value, 0).squareRoot()
    }
  }
}
