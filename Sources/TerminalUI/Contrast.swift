import Glibc

/// The values that are shown darkest and brightest, in the picture's own unit.
public struct Limits: Hashable, Sendable {
  public var low: Float
  public var high: Float

  public init(low: Float, high: Float) {
    self.low = low
    self.high = high
  }
}

/// How values become brightness. Never a change of the data: only of what is shown, and always written beside it.
public struct Contrast: Hashable, Sendable {
  public enum Scale: String, Sendable, CaseIterable {
    case log
    case linear = "lin"
    case sqrt

    public var next: Scale {
      switch self {
      case .log: .linear
      case .linear: .sqrt
      case .sqrt: .log
      }
    }
  }

  public enum Range: Hashable, Sendable {
    case percentile(Double, Double)
    case fixed(Limits)
  }

  public var scale: Scale
  public var range: Range
  /// A difference: zero lies in the middle and the limits are symmetric.
  public var isSigned: Bool

  public init(scale: Scale = .log, range: Range = .percentile(1, 99.5), isSigned: Bool = false) {
    self.scale = scale
    self.range = range
    self.isSigned = isSigned
  }

  /// The limits that hold for all `pictures` together, so that they can be compared by eye.
  public func limits(of pictures: [PictureSource]) -> Limits {
    guard case .percentile(let low, let high) = range else {
      if case .fixed(let limits) = range { return limits }
      return Limits(low: 0, high: 1)
    }
    if isSigned {
      guard let sizes = Percentiles(pictures, transform: { abs($0) }) else { return Limits(low: -1, high: 1) }
      let most = sizes.value(at: high)
      let size = most > 0 ? most : sizes.value(at: 100)
      return Limits(low: -size, high: size)
    }
    guard let values = Percentiles(pictures) else { return Limits(low: 0, high: 1) }
    let least = values.value(at: low)
    let most = values.value(at: high)
    // A counting detector may leave more than 99.5 % of the pixels at zero: then up to the largest.
    return Limits(low: least, high: most > least ? most : values.value(at: 100))
  }

  /// Where `value` lies from dark (0) to bright (1); nil for a value that is missing.
  public func fraction(_ value: Float, _ limits: Limits) -> Float? {
    let fraction = ContrastCurve(self, limits).fraction(value)
    return fraction.isNaN ? nil : fraction
  }

  /// `log,p1-99.5`, `lin,0-255`, `+/-.12`: what stands on the border.
  public func label(_ limits: Limits) -> String {
    if isSigned {
      let size = "+/-" + compact(max(abs(limits.low), abs(limits.high)))
      return scale == .linear ? size : "\(scale.rawValue),\(size)"
    }
    switch range {
    case .percentile(let low, let high):
      return "\(scale.rawValue),p\(compact(Float(low), digits: 3))-\(compact(Float(high), digits: 3))"
    case .fixed:
      return "\(scale.rawValue),\(compact(limits.low, digits: 3))-\(compact(limits.high, digits: 3))"
    }
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
