import Arrays

/// Which neighbours touch.
public enum Connectivity: Sendable {
  case four
  case eight
}

/// Numbered regions of touching pixels.
public struct Regions: Sendable {
  public let labels: Labels
  public let count: Int

  /// Pixels of every region; index 0 is region 1.
  public var sizes: [Int] {
    var sizes = [Int](repeating: 0, count: count)
    for label in labels.values where label > 0 { sizes[Int(label) - 1] += 1 }
    return sizes
  }
}

extension DenseMatrix where Element == Bool {
  /// Numbers the regions in the order in which rows, read from the top, first meet them.
  public func labelledRegions(_ connectivity: Connectivity = .four) -> Regions {
    let (rows, columns) = (self.rows, self.columns)
    let reach = connectivity == .eight ? 1 : 0
    // Runs of foreground within a row, joined to the runs of the row above that they touch.
    var runs: [(row: Int32, start: Int32, end: Int32)] = []
    var parents: [Int32] = []
    func root(_ index: Int32) -> Int32 {
      var i = index
      while parents[Int(i)] != i {
        parents[Int(i)] = parents[Int(parents[Int(i)])]
        i = parents[Int(i)]
      }
      return i
    }
    withElements { mask in
      var above = 0..<0
      for r in 0..<rows {
        let row = mask + r * columns
        let first = runs.count
        var candidate = above.lowerBound
        var c = 0
        while true {
          c = nextColumn(row, c, columns, where: true)
          guard c < columns else { break }
          let start = c
          c = nextColumn(row, c, columns, where: false)
          let index = Int32(runs.count)
          runs.append((Int32(r), Int32(start), Int32(c)))
          parents.append(index)
          while candidate < above.upperBound && Int(runs[candidate].end) + reach <= start { candidate += 1 }
          var touching = candidate
          while touching < above.upperBound && Int(runs[touching].start) < c + reach {
            let (a, b) = (root(Int32(touching)), root(index))
            // The smaller run number is the one met first.
            if a < b { parents[Int(b)] = a } else { parents[Int(a)] = b }
            touching += 1
          }
        }
        above = first..<runs.count
      }
    }
    var numbers = [Int32](repeating: 0, count: runs.count)
    var count: Int32 = 0
    var labels = Labels(rows: rows, columns: columns)
    labels.withMutableElements { labels in
      for (index, run) in runs.enumerated() {
        let top = Int(root(Int32(index)))
        if numbers[top] == 0 {
          count += 1
          numbers[top] = count
        }
        let row = labels + Int(run.row) * columns
        (row + Int(run.start)).update(repeating: numbers[top], count: Int(run.end - run.start))
      }
    }
    return Regions(labels: labels, count: Int(count))
  }
}

/// The next column at or after `start` that is foreground (or background), eight pixels at a time.
@inline(__always)
private func nextColumn(
  _ row: UnsafePointer<Bool>, _ start: Int, _ columns: Int, where wanted: Bool
) -> Int {
  let bytes = UnsafeRawPointer(row)
  let skip: UInt64 = wanted ? 0 : 0x0101_0101_0101_0101
  var c = start
  while c + 8 <= columns {
    let difference = bytes.loadUnaligned(fromByteOffset: c, as: UInt64.self) ^ skip
    if difference != 0 { return c + difference.trailingZeroBitCount / 8 }
    c += 8
  }
  while c < columns && row[c] != wanted { c += 1 }
  return c
}
