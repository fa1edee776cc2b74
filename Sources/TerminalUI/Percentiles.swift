/// Exact percentiles of many floats without sorting them.
enum Percentiles {
  /// The values at the given percentages of the finite `pictures` values (after `transform`), lowest rank first;
  /// nil where no value is finite.
  static func of(
    _ pictures: [PictureSource], at percentages: [Double], transform: (Float) -> Float = { $0 }
  ) -> [Float]? {
    let count = pictures.reduce(0) { $0 + $1.values.count }
    return count <= 4096
      ? sorted(pictures, percentages, transform) : counted(pictures, percentages, transform)
  }

  private static func rank(_ percentage: Double, of count: Int) -> Int {
    Int((Double(count - 1) * min(max(percentage, 0), 100) / 100).rounded())
  }

  private static func sorted(
    _ pictures: [PictureSource], _ percentages: [Double], _ transform: (Float) -> Float
  ) -> [Float]? {
    let values = pictures.flatMap { $0.values.filter(\.isFinite).map(transform) }.sorted()
    return values.isEmpty ? nil : percentages.map { values[rank($0, of: values.count)] }
  }

  /// First the upper, then the lower 16 bits of an order-preserving key are counted: two passes whatever the
  /// distribution, where sorting a large frame would take as long as drawing ten of them.
  private static func counted(
    _ pictures: [PictureSource], _ percentages: [Double], _ transform: (Float) -> Float
  ) -> [Float]? {
    var upper = [Int](repeating: 0, count: 1 << 16)
    var count = 0
    for picture in pictures {
      for value in picture.values where value.isFinite {
        upper[Int(key(transform(value)) >> 16)] += 1
        count += 1
      }
    }
    guard count > 0 else { return nil }
    return percentages.map { percentage in
      var rank = rank(percentage, of: count)
      let high = bucket(of: &rank, in: upper)
      var lower = [Int](repeating: 0, count: 1 << 16)
      for picture in pictures {
        for value in picture.values where value.isFinite {
          let bits = key(transform(value))
          if Int(bits >> 16) == high { lower[Int(bits & 0xFFFF)] += 1 }
        }
      }
      return value(UInt32(high) << 16 | UInt32(bucket(of: &rank, in: lower)))
    }
  }

  private static func bucket(of rank: inout Int, in counts: [Int]) -> Int {
    for (index, count) in counts.enumerated() {
      if rank < count { return index }
      rank -= count
    }
    return counts.count - 1
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
