import Arrays

/// Which neighbours touch.
package enum Connectivity: Sendable {
  case four
  case eight
}

/// Numbered regions of touching pixels.
package struct Regions: Sendable {
  package let labels: Labels
  package let count: Int

  /// Pixels of every region; index 0 is region 1.
  package var sizes: [Int] {
    var sizes = [Int](repeating: 0, count: count)
    for label in labels.values where label > 0 { sizes[Int(label) - 1] += 1 }
    return sizes
  }
}

extension DenseMatrix where Element == Bool {
  /// Numbers the regions in the order in which rows, read from the top, first meet them.
  package func labelledRegions(_ connectivity: Connectivity = .four) -> Regions {
    let (rows, columns) = (self.rows, self.columns)
    let reach: Int32 = connectivity == .eight ? 1 : 0
    // Runs of foreground within a row, joined to the runs of the row above that they touch.
    var runs = RunTable(rows: rows, limit: runCount)
    withElements { mask in
      var above = 0..<0
      for r in 0..<rows {
        let first = runs.count
        runs.appendRuns(of: UnsafeRawPointer(mask + r * columns), columns)
        let here = first..<runs.count
        runs.join(here, with: above, reach: reach)
        runs.rowEnds[r] = runs.count
        above = here
      }
    }
    var count: Int32 = 0
    let labels = Labels(rows: rows, columns: columns) { labels in
      guard let base = labels.baseAddress else { return }
      base.initialize(repeating: 0, count: rows * columns)
      var index = 0
      for r in 0..<rows {
        while index < runs.rowEnds[r] {
          // A root comes before every run that hangs on it, so its number is known by now.
          let parent = Int(runs.parent[index])
          if parent == index {
            count += 1
            runs.number[index] = count
          } else {
            runs.number[index] = runs.number[Int(runs.root(Int32(parent)))]
          }
          (base + r * columns + Int(runs.start[index])).update(
            repeating: runs.number[index], count: Int(runs.end[index] - runs.start[index]))
          index += 1
        }
      }
    }
    return Regions(labels: labels, count: Int(count))
  }
}

extension DenseMatrix where Element == Bool {
  /// Counted first, so that the table of runs is as small as it can be.
  private var runCount: Int {
    withElements { mask in
      var total = 0
      for r in 0..<rows {
        let row = UnsafeRawPointer(mask + r * columns)
        var inside: UInt64 = 0
        for c in stride(from: 0, to: columns, by: 64) {
          let bits = packedBits(row + c, Swift.min(64, columns - c))
          total &+= (bits & ~(bits << 1 | inside)).nonzeroBitCount
          inside = bits >> 63
        }
      }
      return total
    }
  }
}

/// All runs of foreground, row by row, and the tree of those that touch.
private struct RunTable: ~Copyable {
  var count = 0
  let start: UnsafeMutablePointer<Int32>
  let end: UnsafeMutablePointer<Int32>
  let parent: UnsafeMutablePointer<Int32>
  let number: UnsafeMutablePointer<Int32>
  /// After which run each row ends.
  let rowEnds: UnsafeMutablePointer<Int>

  init(rows: Int, limit: Int) {
    start = .allocate(capacity: limit)
    end = .allocate(capacity: limit)
    parent = .allocate(capacity: limit)
    number = .allocate(capacity: limit)
    rowEnds = .allocate(capacity: rows)
  }

  deinit {
    start.deallocate()
    end.deallocate()
    parent.deallocate()
    number.deallocate()
    rowEnds.deallocate()
  }

  /// Bits mark where a row changes between background and foreground, 64 pixels a word.
  mutating func appendRuns(of row: UnsafeRawPointer, _ columns: Int) {
    var inside: UInt64 = 0
    var c = 0
    while c < columns {
      let bits = c + 64 <= columns ? packedBits(row + c, 64) : packedBits(row + c, columns - c)
      var changes = bits ^ (bits << 1 | inside)
      while changes != 0 {
        let place = Int32(truncatingIfNeeded: c &+ changes.trailingZeroBitCount)
        if inside == 0 {
          start[count] = place
          parent[count] = Int32(truncatingIfNeeded: count)
          inside = 1
        } else {
          end[count] = place
          count &+= 1
          inside = 0
        }
        changes &= changes &- 1
      }
      c += 64
    }
    if inside == 1 {
      end[count] = Int32(truncatingIfNeeded: columns)
      count += 1
    }
  }

  func root(_ index: Int32) -> Int32 {
    var i = index
    while parent[Int(i)] != i {
      parent[Int(i)] = parent[Int(parent[Int(i)])]
      i = parent[Int(i)]
    }
    return i
  }

  /// Both rows' runs ascend, so one walk along them meets every touching pair.
  func join(_ here: Range<Int>, with above: Range<Int>, reach: Int32) {
    var (i, j) = (here.lowerBound, above.lowerBound)
    while i < here.upperBound && j < above.upperBound {
      if start[i] < end[j] &+ reach && start[j] < end[i] &+ reach {
        let (a, b) = (root(Int32(truncatingIfNeeded: j)), root(Int32(truncatingIfNeeded: i)))
        // The smaller run number is the one met first.
        if a < b { parent[Int(b)] = a } else { parent[Int(a)] = b }
      }
      if end[i] < end[j] { i += 1 } else { j += 1 }
    }
  }
}

/// Up to 64 bytes of 0 and 1 as bits, the first lowest; bits beyond `count` repeat nothing and are 0.
@inline(__always)
private func packedBits(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
  var bits: UInt64 = 0
  var i = 0
  while i + 8 <= count {
    // Eight bytes into the highest byte: the multiplier moves byte k's bit to place 56 + k.
    let eight = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
    bits |= ((eight &* 0x0102_0408_1020_4080) >> 56) << UInt64(i)
    i += 8
  }
  while i < count {
    bits |= UInt64(bytes.load(fromByteOffset: i, as: UInt8.self)) << UInt64(i)
    i += 1
  }
  return bits
}
