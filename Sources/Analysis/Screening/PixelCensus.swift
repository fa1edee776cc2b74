import Diffraction

/// A frame's pixels counted once: how many hold numbers, from where to where they reach, how many are full.
package struct PixelCensus: Sendable, Equatable {
  package private(set) var pixels = 0
  /// Values that are no counts: not finite, or so large that what is computed from them would be no number.
  package private(set) var notFinite = 0
  package private(set) var lowest = Double.infinity
  package private(set) var highest = -Double.infinity
  package private(set) var saturated = 0

  package init() {}

  /// `limit`: values of this magnitude are no counts. In single precision, as engines compute, sums of their
  /// differences or squares are not finite.
  package init(_ values: [Double], of sample: SampleType, limit: Double, full: FullPixels) {
    self = values.withUnsafeBufferPointer { Self.count($0, sample, limit, full) }
  }

  package init(_ values: [Float], ceiling: Double?, limit: Float, full: FullPixels) {
    self = values.withUnsafeBufferPointer { Self.count($0, ceiling, limit, full) }
  }

  /// All pixels are the same, or none holds a number.
  package var isFlat: Bool { highest <= lowest }

  package var hasNumbers: Bool { notFinite < pixels }

  package static func += (all: inout PixelCensus, one: PixelCensus) {
    all.pixels += one.pixels
    all.notFinite += one.notFinite
    all.saturated += one.saturated
    all.lowest = min(all.lowest, one.lowest)
    all.highest = max(all.highest, one.highest)
  }

  @inline(__always)
  private static func count<Value: BinaryFloatingPoint>(
    _ values: UnsafeBufferPointer<Value>, _ sample: SampleType, _ limit: Value, _ full: FullPixels
  ) -> PixelCensus {
    count(values, sample.ceiling, limit, full)
  }

  @inline(__always)
  private static func count<Value: BinaryFloatingPoint>(
    _ values: UnsafeBufferPointer<Value>, _ ceiling: Double?, _ limit: Value, _ full: FullPixels
  ) -> PixelCensus {
    var census = PixelCensus()
    census.pixels = values.count
    var (lowest, highest) = (Value.infinity, -Value.infinity)
    var counts = 0
    var brightest = 0
    for value in values where value.magnitude < limit {
      counts += 1
      if value < lowest { lowest = value }
      if value > highest {
        highest = value
        brightest = 1
      } else if value == highest {
        brightest += 1
      }
    }
    census.notFinite = values.count - counts
    census.lowest = Double(lowest)
    census.highest = Double(highest)
    switch full.level(highest: census.highest, count: brightest, of: values.count, ceiling: ceiling) {
    case nil: break
    case census.highest: census.saturated = brightest
    case let level?:
      if level < Double(Value.greatestFiniteMagnitude) {
        let level = Value(level)
        census.saturated = values.reduce(0) { $0 + ($1 >= level && $1.magnitude < limit ? 1 : 0) }
      }
    }
    return census
  }
}

/// From where on a pixel is full.
package enum FullPixels: Sendable, Equatable {
  /// Somebody said.
  case from(Double)
  /// The largest value of the stored type.
  case ofType
  /// A power of two less one: the type's own, or the 12 or 14 bits that a camera sends in a wider type, if that
  /// is where the values end.
  case ofCamera
  /// The top is flat: more than four pixels are as bright as the brightest, at the type's end, or so many that it
  /// is no chance.
  case flatTop

  /// Nil where nothing is full.
  func level(highest: Double, count: Int, of pixels: Int, ceiling: Double?) -> Double? {
    switch self {
    case .from(let level): return level
    case .ofType: return ceiling
    case .ofCamera:
      guard let ceiling else { return nil }
      return [4095, 16383].contains(highest) && ceiling > highest ? highest : ceiling
    case .flatTop:
      let isFull = count > 4 && (highest == ceiling || count * 2000 > pixels)
      return isFull ? highest : nil
    }
  }
}
