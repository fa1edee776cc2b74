/// Ascending by the upper 32 bits, equal ones in the order they came: three counting passes of 11, 11 and 10 bits.
@inline(__always)
func sortedByUpperBits<Key: FixedWidthInteger & UnsignedInteger>(_ keys: [Key]) -> [Key] {
  let digits = DigitCounts(keys)
  var a = keys
  var b = [Key](repeating: 0, count: keys.count)
  digits.scatter(a, into: &b, pass: 0)
  digits.scatter(b, into: &a, pass: 1)
  digits.scatter(a, into: &b, pass: 2)
  return b
}

/// Calls `body` for every key with the place of the first key of its value (the upper 32 bits) in ascending order:
/// the last pass of the sort only counts.
@inline(__always)
func eachFirstOfEquals(_ keys: [UInt64], _ body: (UInt64, Int32) -> Void) {
  struct Digit {
    var next: Int32
    /// Within a digit of the last pass equal values follow each other.
    var first: Int32 = 0
    var value = UInt64.max
  }
  let digits = DigitCounts(keys)
  var a = keys
  var b = [UInt64](repeating: 0, count: keys.count)
  digits.scatter(a, into: &b, pass: 0)
  digits.scatter(b, into: &a, pass: 1)
  var last = digits.starts(pass: 2).map { Digit(next: $0) }
  last.withUnsafeMutableBufferPointer { last in
    a.withUnsafeBufferPointer { keys in
      for key in keys {
        let value = key >> 32
        let digit = Int(truncatingIfNeeded: key >> 54)
        if value != last[digit].value { (last[digit].value, last[digit].first) = (value, last[digit].next) }
        last[digit].next &+= 1
        body(key, last[digit].first)
      }
    }
  }
}

/// How often each digit of the keys' upper 32 bits occurs, from the least: 11, 11 and 10 bits.
private struct DigitCounts<Key: FixedWidthInteger & UnsignedInteger> {
  private var counts = [Int32](repeating: 0, count: 3 * 2048)
  private let low = Key.bitWidth - 32

  @inline(__always)
  init(_ keys: [Key]) {
    let low = low
    counts.withUnsafeMutableBufferPointer { counts in
      keys.withUnsafeBufferPointer { keys in
        for key in keys {
          counts[Int(truncatingIfNeeded: key >> low) & 2047] &+= 1
          counts[2048 + Int(truncatingIfNeeded: key >> (low + 11)) & 2047] &+= 1
          counts[4096 + Int(truncatingIfNeeded: key >> (low + 22)) & 2047] &+= 1
        }
      }
    }
  }

  /// Where the keys of each digit begin.
  @inline(__always)
  func starts(pass: Int) -> [Int32] {
    var total: Int32 = 0
    return counts[2048 * pass..<2048 * (pass + 1)].map { count in
      defer { total &+= count }
      return total
    }
  }

  /// Sorts by one digit and keeps the order of equal ones.
  @inline(__always)
  func scatter(_ from: [Key], into to: inout [Key], pass: Int) {
    let shift = low + 11 * pass
    var next = starts(pass: pass)
    next.withUnsafeMutableBufferPointer { next in
      from.withUnsafeBufferPointer { from in
        to.withUnsafeMutableBufferPointer { to in
          for key in from {
            let digit = Int(truncatingIfNeeded: key >> shift) & 2047
            to[Int(next[digit])] = key
            next[digit] &+= 1
          }
        }
      }
    }
  }
}
