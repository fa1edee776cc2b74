import Arrays

extension DenseMatrix where Element == Bool {
  /// For every foreground pixel the exact Euclidean distance to the nearest background pixel's centre; 0 on
  /// the background. Outside the image is not background: without any background all is infinite.
  ///
  /// Two passes (Felzenszwalb & Huttenlocher 2012): distances down the columns, then along each row the
  /// lower envelope of the parabolas (x - c)^2 + d(c)^2. A background pixel shields what lies beyond it, so
  /// each run of foreground has its own envelope.
  package func distanceTransform() -> Image {
    let (rows, columns) = (self.rows, self.columns)
    // Far beyond any distance in an image, and its square still fits.
    let far: Int32 = 30_000
    precondition(rows < far && columns < far, "an image has fewer than \(far) rows and columns")
    var down = DenseMatrix<Int32>(rows: rows, columns: columns)
    var out = Image(rows: rows, columns: columns)
    withElements { mask in
      let mask = UnsafeRawPointer(mask).assumingMemoryBound(to: UInt8.self)
      down.withMutableElements { down in
        for c in 0..<columns { down[c] = mask[c] == 0 ? 0 : far }
        for r in 1..<Swift.max(rows, 1) {
          let (row, above, inside) = (down + r * columns, down + (r - 1) * columns, mask + r * columns)
          for c in 0..<columns {
            let next = above[c] < far ? above[c] &+ 1 : far
            row[c] = inside[c] == 0 ? 0 : next
          }
        }
        for r in stride(from: rows - 2, through: 0, by: -1) {
          let (row, below) = (down + r * columns, down + (r + 1) * columns)
          for c in 0..<columns {
            let next = below[c] &+ 1
            row[c] = next < row[c] ? next : row[c]
          }
        }
        out.withMutableElements { out in
          var envelope = LowerEnvelope(capacity: columns)
          for r in 0..<rows {
            let (row, result) = (down + r * columns, out + r * columns)
            var c = 0
            while c < columns {
              if row[c] == 0 {
                c += 1
                continue
              }
              let start = c
              while c < columns && row[c] != 0 { c += 1 }
              envelope.fill(row, start..<c, columns: columns, far: far, into: result)
            }
          }
        }
      }
    }
    return out
  }
}

private struct LowerEnvelope: ~Copyable {
  private let apex: UnsafeMutablePointer<Int32>
  private let height: UnsafeMutablePointer<Int32>
  /// From this column on the parabola is the lowest.
  private let from: UnsafeMutablePointer<Int32>

  init(capacity: Int) {
    apex = .allocate(capacity: capacity + 2)
    height = .allocate(capacity: capacity + 2)
    from = .allocate(capacity: capacity + 2)
  }

  deinit {
    apex.deallocate()
    height.deallocate()
    from.deallocate()
  }

  mutating func fill(
    _ row: UnsafePointer<Int32>, _ run: Range<Int>, columns: Int, far: Int32,
    into out: UnsafeMutablePointer<Float>
  ) {
    // A run of one or two pixels between background pixels needs no envelope: the neighbour is 1 away.
    if run.count <= 2 && run.lowerBound > 0 && run.upperBound < columns {
      for c in run { out[c] = 1 }
      return
    }
    var count = 0
    let first = Swift.max(run.lowerBound - 1, 0)
    let last = Swift.min(run.upperBound, columns - 1)
    for c in first...last where row[c] < far {
      let (x, square) = (Int32(truncatingIfNeeded: c), row[c] &* row[c])
      var begin = Int32(truncatingIfNeeded: run.lowerBound)
      var hidden = false
      while count > 0 {
        // Where the new parabola reaches the last: x^2 + d^2 differences over twice the distance. From the
        // next whole column on the new one is lower.
        let (a, h) = (apex[count - 1], height[count - 1])
        let numerator = (square &+ x &* x) &- (h &+ a &* a)
        let denominator = 2 &* (x &- a)
        let crossing = floorDivide(numerator, denominator) &+ 1
        if crossing <= from[count - 1] {
          count -= 1
          continue
        }
        begin = crossing
        hidden = crossing >= Int32(truncatingIfNeeded: run.upperBound)
        break
      }
      if hidden { continue }
      apex[count] = x
      height[count] = square
      from[count] = begin
      count += 1
    }
    guard count > 0 else {
      for c in run { out[c] = .infinity }
      return
    }
    for k in 0..<count {
      let end = k + 1 < count ? Int(from[k + 1]) : run.upperBound
      let (a, h) = (apex[k], height[k])
      var c = Int(from[k])
      while c < end {
        let d = Int32(truncatingIfNeeded: c) &- a
        out[c] = Float(d &* d &+ h).squareRoot()
        c += 1
      }
    }
  }
}

/// Division of numbers below 2^31 rounded down; the quotient in double precision is exact enough to floor.
@inline(__always)
private func floorDivide(_ a: Int32, _ b: Int32) -> Int32 {
  let q = Double(a) / Double(b)
  let t = Int32(q)
  return Double(t) > q ? t &- 1 : t
}
