/// Exact percentiles of many floats without sorting them: sorting a large frame would take as long as drawing ten.
struct Percentiles {
  /// The finite values as integers in the same order.
  private let keys: [UInt32]
  /// How many of them share each first digit, of eleven bits.
  private let counts: [Int]

  /// Of the values, or of their sizes without the sign; nil where none is finite.
  init?(_ pictures: [PictureSource], ofSizes: Bool = false) {
    let sign: UInt32 = ofSizes ? 0x7FFF_FFFF : .max
    var counts = [Int](repeating: 0, count: 1 << 11)
    let all = pictures.reduce(0) { $0 + $1.values.count }
    keys = counts.withUnsafeMutableBufferPointer { counts in
      Array(unsafeUninitializedCapacity: all) { keys, filled in
        for picture in pictures {
          picture.values.withUnsafeBufferPointer { values in
            for value in values where value.isFinite {
              let key = Percentiles.key(Float(bitPattern: value.bitPattern & sign))
              keys.initializeElement(at: filled, to: key)
              filled += 1
              counts[Int(key >> 21)] += 1
            }
          }
        }
      }
    }
    guard !keys.isEmpty else { return nil }
    self.counts = counts
  }

  /// The value whose rank is nearest to `percentage` of the way from the lowest to the highest.
  func value(at percentage: Double) -> Float {
    var rank = Int((Double(keys.count - 1) * min(max(percentage, 0), 100) / 100).rounded())
    // Selection by digits, the highest first: each step counts how many values share a digit and keeps those
    // with the digit that holds the rank.
    func digit(_ counts: [Int]) -> UInt32 {
      var digit = 0
      while rank >= counts[digit] {
        rank -= counts[digit]
        digit += 1
      }
      return UInt32(digit)
    }
    let first = digit(counts)
    var left = Array(unsafeUninitializedCapacity: counts[Int(first)]) { left, filled in
      keys.withUnsafeBufferPointer { keys in
        for key in keys where key >> 21 == first {
          left.initializeElement(at: filled, to: key)
          filled += 1
        }
      }
    }
    for (shift, bits) in [(10, 11), (0, 10)] as [(UInt32, UInt32)] {
      let mask: UInt32 = 1 << bits - 1
      var counts = [Int](repeating: 0, count: 1 << Int(bits))
      for key in left { counts[Int(key >> shift & mask)] += 1 }
      let wanted = digit(counts)
      left = left.filter { $0 >> shift & mask == wanted }
    }
    return Percentiles.value(left[0])
  }

  /// Larger floats have larger keys, negative ones included.
  private static func key(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
  }

  private static func value(_ key: UInt32) -> Float {
    Float(bitPattern: key >> 31 == 1 ? key & 0x7FFF_FFFF : ~key)
  }
}
