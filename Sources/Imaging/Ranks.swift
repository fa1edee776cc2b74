import Arrays

/// Floats as integers of the same order, so that digits can sort them. Values that are not numbers come last.
@inline(__always)
func orderedBits(_ value: Float) -> UInt32 {
  let bits = value.bitPattern
  return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
}

@inline(__always)
func orderedValue(_ bits: UInt32) -> Float {
  Float(bitPattern: bits & 0x8000_0000 == 0 ? ~bits : bits & 0x7fff_ffff)
}

/// Ascending keys by three counting passes of 11, 11 and 10 bits.
func sortedKeys(_ keys: [UInt32]) -> [UInt32] {
  let count = keys.count
  var counts = [Int32](repeating: 0, count: 3 * 2048)
  var a = keys
  var b = [UInt32](repeating: 0, count: count)
  counts.withUnsafeMutableBufferPointer { counts in
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        for i in 0..<count {
          let key = a[i]
          counts[Int(key & 2047)] &+= 1
          counts[2048 + Int(key >> 11 & 2047)] &+= 1
          counts[4096 + Int(key >> 22)] &+= 1
        }
        for pass in 0..<3 {
          let shift = UInt32(11 * pass)
          let counts = UnsafeMutableBufferPointer(rebasing: counts[2048 * pass..<2048 * (pass + 1)])
          var total: Int32 = 0
          for digit in 0..<2048 {
            let here = counts[digit]
            counts[digit] = total
            total &+= here
          }
          let (from, to) = pass == 1 ? (b, a) : (a, b)
          for i in 0..<count {
            let key = from[i]
            let digit = Int(key >> shift & 2047)
            to[Int(counts[digit])] = key
            counts[digit] &+= 1
          }
        }
      }
    }
  }
  return b
}

extension DenseMatrix where Element == Float {
  /// Values below which the given percentages of the pixels lie, interpolated between neighbours in rank.
  /// Pixels that are not numbers are left out.
  public func percentiles(_ percentages: [Double]) -> [Float] {
    precondition(percentages.allSatisfy { (0...100).contains($0) }, "percentages lie between 0 and 100")
    return withElements { pixels in
      let count = self.count
      // The upper 16 bits of every key, then the lower 16 of those that share a wanted upper half.
      var coarse = [Int32](repeating: 0, count: 65536)
      var numbers = 0
      coarse.withUnsafeMutableBufferPointer { coarse in
        for i in 0..<count where pixels[i] == pixels[i] {
          coarse[Int(orderedBits(pixels[i]) >> 16)] &+= 1
          numbers += 1
        }
      }
      guard numbers > 0 else { return percentages.map { _ in .nan } }
      var wanted: [Int] = []
      for percentage in percentages {
        let rank = percentage / 100 * Double(numbers - 1)
        wanted.append(Int(rank.rounded(.down)))
        wanted.append(Swift.min(numbers - 1, Int(rank.rounded(.down)) + 1))
      }
      let found = valuesAtRanks(Array(Set(wanted)).sorted(), pixels, count, coarse)
      return percentages.map { percentage in
        let rank = percentage / 100 * Double(numbers - 1)
        let low = Int(rank.rounded(.down))
        let fraction = rank - Double(low)
        guard let a = found[low], let b = found[Swift.min(numbers - 1, low + 1)] else { return .nan }
        return Float(Double(a) + (Double(b) - Double(a)) * fraction)
      }
    }
  }

  public func percentile(_ percentage: Double) -> Float { percentiles([percentage])[0] }
  public var median: Float { percentile(50) }
}

private func valuesAtRanks(
  _ ranks: [Int], _ pixels: UnsafePointer<Float>, _ count: Int, _ coarse: [Int32]
) -> [Int: Float] {
  // The upper halves that hold a wanted rank, and how many keys lie before each.
  var before: [(upper: UInt32, before: Int, ranks: [Int])] = []
  var (total, next) = (0, 0)
  for upper in 0..<65536 where coarse[upper] > 0 && next < ranks.count {
    let end = total + Int(coarse[upper])
    var inside: [Int] = []
    while next < ranks.count && ranks[next] < end {
      inside.append(ranks[next])
      next += 1
    }
    if !inside.isEmpty { before.append((UInt32(upper), total, inside)) }
    total = end
  }
  var found: [Int: Float] = [:]
  for part in before {
    var members: [UInt32] = []
    members.reserveCapacity(Int(coarse[Int(part.upper)]))
    for i in 0..<count where pixels[i] == pixels[i] {
      let key = orderedBits(pixels[i])
      if key >> 16 == part.upper { members.append(key) }
    }
    members = members.count < 512 ? members.sorted() : sortedKeys(members)
    for rank in part.ranks { found[rank] = orderedValue(members[rank - part.before]) }
  }
  return found
}
