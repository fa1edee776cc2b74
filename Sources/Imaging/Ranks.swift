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

extension DenseMatrix where Element == Float {
  /// Values below which the given percentages of the pixels lie, interpolated between neighbours in rank.
  /// Pixels that are not numbers are left out.
  package func percentiles(_ percentages: [Double]) -> [Float] {
    precondition(percentages.allSatisfy { (0...100).contains($0) }, "percentages lie between 0 and 100")
    return withElements { pixels in
      // How many keys share each upper half; NaNs have the largest keys, or (with a sign) the smallest.
      var coarse = [Int32](repeating: 0, count: 65536)
      coarse.withUnsafeMutableBufferPointer { coarse in
        for i in 0..<count { coarse[Int(orderedBits(pixels[i]) >> 16)] &+= 1 }
      }
      let negativeNaNs = keyCount(pixels, below: orderedBits(-.infinity), coarse)
      let numbers = keyCount(pixels, below: orderedBits(.infinity) + 1, coarse) - negativeNaNs
      guard numbers > 0 else { return percentages.map { _ in .nan } }
      let places = percentages.map { percentage -> (low: Int, fraction: Double) in
        let rank = percentage / 100 * Double(numbers - 1)
        return (Int(rank), rank - Double(Int(rank)))
      }
      let wanted = Set(
        places.flatMap { [$0.low, Swift.min($0.low + 1, numbers - 1)] }.map { $0 + negativeNaNs })
      let found = valuesAtRanks(wanted.sorted(), pixels, count, coarse)
      return places.map { low, fraction in
        guard let a = found[low + negativeNaNs], let b = found[Swift.min(low + 1, numbers - 1) + negativeNaNs]
        else { return .nan }
        return Float(Double(a) + (Double(b) - Double(a)) * fraction)
      }
    }
  }

  private func keyCount(_ pixels: UnsafePointer<Float>, below key: UInt32, _ coarse: [Int32]) -> Int {
    let upper = Int(key >> 16)
    let before = coarse[..<upper].reduce(0) { $0 + Int($1) }
    guard coarse[upper] > 0 else { return before }
    return (0..<count).reduce(before) {
      let bits = orderedBits(pixels[$1])
      return bits >> 16 == key >> 16 && bits < key ? $0 + 1 : $0
    }
  }

  package func percentile(_ percentage: Double) -> Float { percentiles([percentage])[0] }
  package var median: Float { percentile(50) }
}

extension [Float] {
  /// What would stand at `rank` if the values, all of them numbers, were sorted; 0 where no value has that rank.
  package func value(atRank rank: Int) -> Float {
    guard indices.contains(rank) else { return 0 }
    if count < 4096 { return sorted()[rank] }
    return withUnsafeBufferPointer { values -> Float in
      guard let pixels = values.baseAddress else { return 0 }
      var coarse = [Int32](repeating: 0, count: 65536)
      coarse.withUnsafeMutableBufferPointer { coarse in
        for value in values { coarse[Int(orderedBits(value) >> 16)] &+= 1 }
      }
      return valuesAtRanks([rank], pixels, values.count, coarse)[rank] ?? 0
    }
  }
}

private func valuesAtRanks(
  _ ranks: [Int], _ pixels: UnsafePointer<Float>, _ count: Int, _ coarse: [Int32]
) -> [Int: Float] {
  // The upper halves that hold a wanted rank, how many keys lie before each, and which slot each has.
  var parts: [(before: Int, ranks: [Int], size: Int)] = []
  var slots = [UInt16](repeating: 0, count: 65536)
  var (total, next) = (0, 0)
  for upper in 0..<65536 where coarse[upper] > 0 && next < ranks.count {
    let end = total + Int(coarse[upper])
    var inside: [Int] = []
    while next < ranks.count && ranks[next] < end {
      inside.append(ranks[next])
      next += 1
    }
    if !inside.isEmpty {
      parts.append((total, inside, Int(coarse[upper])))
      slots[upper] = UInt16(parts.count)
    }
    total = end
  }
  // All keys of these slots in one pass over the pixels, then each slot sorted.
  var starts = [0]
  for part in parts { starts.append(starts[starts.count - 1] + part.size) }
  var ends = starts
  var members = [UInt32](repeating: 0, count: starts[starts.count - 1])
  slots.withUnsafeBufferPointer { slots in
    members.withUnsafeMutableBufferPointer { members in
      for i in 0..<count {
        let key = orderedBits(pixels[i])
        let slot = Int(slots[Int(key >> 16)])
        guard slot > 0 else { continue }
        members[ends[slot - 1]] = key
        ends[slot - 1] += 1
      }
    }
  }
  var found: [Int: Float] = [:]
  for (slot, part) in parts.enumerated() {
    let keys = Array(members[starts[slot]..<starts[slot + 1]])
    let sorted = keys.count < 4096 ? keys.sorted() : sortedByUpperBits(keys)
    for rank in part.ranks { found[rank] = orderedValue(sorted[rank - part.before]) }
  }
  return found
}
