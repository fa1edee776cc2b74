/// Ascending by the upper 32 bits, equal ones in the order they came: three counting passes of 11, 11 and 10 bits.
@inline(__always)
func sortedByUpperBits<Key: FixedWidthInteger & UnsignedInteger>(_ keys: [Key]) -> [Key] {
  let count = keys.count
  let low = Key.bitWidth - 32
  var counts = [Int32](repeating: 0, count: 3 * 2048)
  var a = keys
  var b = [Key](repeating: 0, count: count)
  counts.withUnsafeMutableBufferPointer { counts in
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        for i in 0..<count {
          let key = a[i]
          counts[Int(truncatingIfNeeded: key >> low) & 2047] &+= 1
          counts[2048 + Int(truncatingIfNeeded: key >> (low + 11)) & 2047] &+= 1
          counts[4096 + Int(truncatingIfNeeded: key >> (low + 22)) & 2047] &+= 1
        }
        for pass in 0..<3 {
          let shift = low + 11 * pass
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
            let digit = Int(truncatingIfNeeded: key >> shift) & 2047
            to[Int(counts[digit])] = key
            counts[digit] &+= 1
          }
        }
      }
    }
  }
  return b
}
