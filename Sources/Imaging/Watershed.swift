import Arrays

extension DenseMatrix where Element == Float {
  /// Floods the image from numbered markers, lowest pixels first and among equals in the order in which
  /// they were reached (Meyer's algorithm); a pixel joins the region that reaches it first. Pixels outside
  /// the mask stay 0.
  public func watershed(
    markers: Labels, mask: Mask? = nil, connectivity: Connectivity = .four
  ) -> Labels {
    precondition(markers.rows == self.rows && markers.columns == self.columns, "a marker a pixel")
    precondition(
      mask.map { $0.rows == self.rows && $0.columns == self.columns } ?? true, "a mask value a pixel")
    let (rows, columns) = (self.rows, self.columns)
    let stride = columns + 2
    var flood = Flood(
      image: self, stride: stride, mask: mask ?? Mask(rows: rows, columns: columns, repeating: true))
    markers.withElements { markers in
      for r in 0..<rows {
        for c in 0..<columns where markers[r * columns + c] > 0 {
          flood.seed((r + 1) * stride + c + 1, markers[r * columns + c])
        }
      }
    }
    let four = [-stride, -1, 1, stride]
    flood.run(connectivity == .four ? four : four + [-stride - 1, -stride + 1, stride - 1, stride + 1])
    return Labels(rows: rows, columns: columns) { out in
      for r in 0..<rows {
        let row = flood.pixels + (r + 1) * stride + 1
        for c in 0..<columns {
          out.initializeElement(at: r * columns + c, to: row[c].label > 0 ? row[c].label : 0)
        }
      }
    }
  }
}

/// What the flood knows of a pixel, in one piece so that a visit costs one line of cache.
private struct FloodPixel {
  /// `outside`, 0 not reached, or its region.
  var label: Int32
  /// Its place among the distinct values.
  var rank: Int32
  /// The next pixel in its list, 0 at the end.
  var next: Int32

  static let outside: Int32 = -1
}

/// The queue of a flood: one first-in-first-out list per distinct pixel value, and a tree of bits to find
/// the lowest list that is not empty. Every pixel enters once, so the lists are links between pixels.
private struct Flood: ~Copyable {
  let pixels: UnsafeMutablePointer<FloodPixel>
  private let lists: UnsafeMutablePointer<(head: Int32, tail: Int32)>
  private var pending: BitTree

  init(image: Image, stride: Int, mask: Mask) {
    let (rows, columns) = (image.rows, image.columns)
    let capacity = (rows + 2) * stride
    pixels = .allocate(capacity: capacity)
    pixels.initialize(repeating: FloodPixel(label: FloodPixel.outside, rank: 0, next: 0), count: capacity)
    let flood = pixels
    // Value and place in one word: sorting them ranks the pixels.
    let keys = [UInt64](unsafeUninitializedCapacity: rows * columns) { keys, count in
      image.withElements { pixels in
        mask.withElements { mask in
          for r in 0..<rows {
            for c in 0..<columns where mask[r * columns + c] {
              let place = (r + 1) * stride + c + 1
              flood[place].label = 0
              keys[count] =
                UInt64(orderedBits(pixels[r * columns + c])) << 32 | UInt64(truncatingIfNeeded: place)
              count += 1
            }
          }
        }
      }
    }
    var distinct: Int32 = 0
    var previous = UInt32.max
    sortedByUpperBits(keys).withUnsafeBufferPointer { sorted in
      for key in sorted {
        let value = UInt32(truncatingIfNeeded: key >> 32)
        if value != previous { distinct &+= 1 }
        previous = value
        flood[Int(truncatingIfNeeded: key & 0xffff_ffff)].rank = distinct
      }
    }
    lists = .allocate(capacity: Int(distinct) + 1)
    pending = BitTree(count: Int(distinct) + 1)
  }

  deinit {
    pixels.deallocate()
    lists.deallocate()
  }

  mutating func seed(_ place: Int, _ region: Int32) {
    guard pixels[place].label == 0 else { return }
    push(place, region)
  }

  @inline(__always)
  private mutating func push(_ place: Int, _ region: Int32) {
    let level = Int(pixels[place].rank)
    pixels[place].label = region
    let short = Int32(truncatingIfNeeded: place)
    if pending.insert(level) {
      lists[level] = (short, short)
    } else {
      pixels[Int(lists[level].tail)].next = short
      lists[level].tail = short
    }
  }

  mutating func run(_ offsets: [Int]) {
    let free = UnsafeMutablePointer<Int>.allocate(capacity: offsets.count + 1)
    defer { free.deallocate() }
    offsets.withUnsafeBufferPointer { offsets in
      while let level = pending.first {
        let place = Int(lists[level].head)
        let next = pixels[place].next
        if next == 0 { pending.remove(level) } else { lists[level].head = next }
        let region = pixels[place].label
        // Which neighbours are free is a coin toss: collecting them without a branch and then pushing that
        // many costs one misprediction instead of four.
        var found = 0
        for offset in offsets {
          free[found] = place &+ offset
          found &+= pixels[place &+ offset].label == 0 ? 1 : 0
        }
        for i in 0..<found { push(free[i], region) }
      }
    }
  }
}

/// A set of small integers that finds its smallest quickly: 64 children a word, three levels.
private struct BitTree: ~Copyable {
  private let leaves: UnsafeMutablePointer<UInt64>
  private let middle: UnsafeMutablePointer<UInt64>
  private let top: UnsafeMutablePointer<UInt64>
  private let topCount: Int

  init(count: Int) {
    let leafCount = count / 64 + 1
    let middleCount = leafCount / 64 + 1
    topCount = middleCount / 64 + 1
    leaves = .allocate(capacity: leafCount)
    leaves.initialize(repeating: 0, count: leafCount)
    middle = .allocate(capacity: middleCount)
    middle.initialize(repeating: 0, count: middleCount)
    top = .allocate(capacity: topCount)
    top.initialize(repeating: 0, count: topCount)
  }

  deinit {
    leaves.deallocate()
    middle.deallocate()
    top.deallocate()
  }

  /// False when it was there already.
  @inline(__always)
  mutating func insert(_ index: Int) -> Bool {
    let bit: UInt64 = 1 << UInt64(index & 63)
    let word = leaves[index >> 6]
    if word & bit != 0 { return false }
    leaves[index >> 6] = word | bit
    if word == 0 {
      middle[index >> 12] |= 1 << UInt64(index >> 6 & 63)
      top[index >> 18] |= 1 << UInt64(index >> 12 & 63)
    }
    return true
  }

  @inline(__always)
  mutating func remove(_ index: Int) {
    leaves[index >> 6] &= ~(1 << UInt64(index & 63))
    guard leaves[index >> 6] == 0 else { return }
    middle[index >> 12] &= ~(1 << UInt64(index >> 6 & 63))
    guard middle[index >> 12] == 0 else { return }
    top[index >> 18] &= ~(1 << UInt64(index >> 12 & 63))
  }

  @inline(__always)
  var first: Int? {
    for t in 0..<topCount where top[t] != 0 {
      let m = t << 6 | top[t].trailingZeroBitCount
      let l = m << 6 | middle[m].trailingZeroBitCount
      return l << 6 | leaves[l].trailingZeroBitCount
    }
    return nil
  }
}
