/// Exact percentiles of many floats without sorting them: sorting a large frame would take as long as drawing ten.
struct Percentiles {
  /// The finite values as integers in the same order.
  private let keys: [UInt32]

  /// nil where no value is finite.
  init?(_ pictures: [PictureSource], transform: (Float) -> Float = { $0 }) {
    var keys: [UInt32] = []
    keys.reserveCapacity(pictures.reduce(0) { $0 + $1.values.count })
    for picture in pictures {
      for value in picture.values where value.isFinite { keys.append(Percentiles.key(transform(value))) }
    }
    guard !keys.isEmpty else { return nil }
    self.keys = keys
  }

  /// The value whose rank is nearest to `percentage` of the way from the lowest to the highest.
  func value(at percentage: Double) -> Float {
    var rank = Int((Double(keys.count - 1) * min(max(percentage, 0), 100) / 100).rounded())
    // Selection by digits, the highest first: each step counts how many values share a digit and keeps those
    // with the digit that holds the rank.
    var left = keys
    for (shift, bits) in [(21, 11), (10, 11), (0, 10)] as [(UInt32, UInt32)] {
      let mask: UInt32 = 1 << bits - 1
      var counts = [Int](repeating: 0, count: 1 << Int(bits))
      for key in left { counts[Int(key >> shift & mask)] += 1 }
      var digit = 0
      while rank >= counts[digit] {
        rank -= counts[digit]
        digit += 1
      }
      left = left.filter { Int($0 >> shift & mask) == digit }
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
