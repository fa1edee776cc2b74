// What is measured, or typed, may be no number at all, or lie anywhere: conversions and ranges that never trap.

extension Int {
  /// The whole part of a number. What is no number is 0, and the ends are those of 32 bits, so that sums and
  /// products of a few of them are numbers, too.
  @inlinable @inline(__always)
  public init(bounded number: Double) {
    if number.magnitude < 0x1p31 {
      self = Int(number)
    } else {
      self = number.isNaN ? 0 : number < 0 ? -1 << 31 : 1 << 31
    }
  }

  @inlinable @inline(__always)
  public init(bounded number: Float) { self.init(bounded: Double(number)) }
}

/// `low..<high` as far as it lies in `bounds`: empty where it lies beside them.
@inlinable @inline(__always)
public func within(_ bounds: Range<Int>, _ low: Int, _ high: Int) -> Range<Int> {
  let first = min(max(low, bounds.lowerBound), bounds.upperBound)
  return first..<max(first, min(high, bounds.upperBound))
}

/// Of `count` pixels in a row those that something at `middle` may touch with a reach to both sides.
@inlinable @inline(__always)
public func span(of count: Int, around middle: Double, reach: Double) -> Range<Int> {
  within(0..<count, Int(bounded: middle - reach), Int(bounded: middle + reach) + 2)
}
