import Arrays

extension DenseMatrix where Element == Float {
  /// Floods the image from numbered markers, lowest pixels first and among equals in the order in which
  /// they were reached (Meyer's algorithm); a pixel joins the region that reaches it first. Pixels outside
  /// the mask stay 0.
  package func watershed(
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
          out.initializeElement(at: r * columns + c, to: Swift.max(0, row[c].label))
        }
      }
    }
  }
}

/// What the flood knows of a pixel, in one piece so that a visit costs one line of cache.
private struct FloodPixel {
  /// `outside`, 0 not reached, or its region.
  var label: Int32
  /// The first of the places in the queue that belong to pixels of its value.
  var rank: Int32

  static let outside: Int32 = -1
}

/// A place in the queue.
private struct FloodSlot {
  /// The pixel that waits here.
  var pixel: Int32
  /// At the first place of a value: how many of its pixels have come so far.
  var taken: Int32
}

/// The queue of a flood. In ascending order of their values every pixel would have its own place; those of
/// one value fill their stretch of places in the order in which they come. Every pixel enters once, so no
/// stretch overflows, and the next pixel is at the first place that is taken: a tree of bits finds it.
private struct Flood: ~Copyable {
  let pixels: UnsafeMutablePointer<FloodPixel>
  private let slots: UnsafeMutablePointer<FloodSlot>
  private var pending: BitTree

  init(image: Image, stride: Int, mask: Mask) {
    let (rows, columns) = (image.rows, image.columns)
    let capacity = (rows + 2) * stride
    pixels = .allocate(capacity: capacity)
    pixels.initialize(repeating: FloodPixel(label: FloodPixel.outside, rank: 0), count: capacity)
    let flood = pixels
    let keys = [UInt64](unsafeUninitializedCapacity: rows * columns) { keys, count in
      image.withElements { pixels in
        mask.withElements { mask in
          for r in 0..<rows {
            for c in 0..<columns {
              let place = (r + 1) * stride + c + 1
              // Value and place in one word; written always, counted where the mask says.
              keys[count] =
                UInt64(orderedBits(pixels[r * columns + c])) << 32 | UInt64(truncatingIfNeeded: place)
              count += mask[r * columns + c] ? 1 : 0
              flood[place].label = mask[r * columns + c] ? 0 : FloodPixel.outside
            }
          }
        }
      }
    }
    eachFirstOfEquals(keys) { key, first in
      flood[Int(truncatingIfNeeded: key & 0xffff_ffff)].rank = first
    }
    slots = .allocate(capacity: keys.count + 1)
    slots.initialize(repeating: FloodSlot(pixel: 0, taken: 0), count: keys.count + 1)
    pending = BitTree(count: keys.count + 1)
  }

  deinit {
    pixels.deallocate()
    slots.deallocate()
  }

  mutating func seed(_ place: Int, _ region: Int32) {
    guard pixels[place].label == 0 else { return }
    push(place, region)
  }

  @inline(__always)
  private mutating func push(_ place: Int, _ region: Int32) {
    pixels[place].label = region
    let first = Int(pixels[place].rank)
    let slot = first &+ Int(slots[first].taken)
    slots[first].taken &+= 1
    slots[slot].pixel = Int32(truncatingIfNeeded: place)
    pending.insert(slot)
  }

  mutating func run(_ offsets: [Int]) {
    let free = UnsafeMutablePointer<Int>.allocate(capacity: offsets.count + 1)
    defer { free.deallocate() }
    offsets.withUnsafeBufferPointer { offsets in
      while let slot = pending.popFirst() {
        let place = Int(slots[slot].pixel)
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

  /// Without a branch: whether a word was empty is as good as random.
  @inline(__always)
  mutating func insert(_ index: Int) {
    leaves[index >> 6] |= 1 << UInt64(index & 63)
    middle[index >> 12] |= 1 << UInt64(index >> 6 & 63)
    top[index >> 18] |= 1 << UInt64(index >> 12 & 63)
  }

  /// Takes the smallest out.
  @inline(__always)
  mutating func popFirst() -> Int? {
    for t in 0..<topCount where top[t] != 0 {
      let m = t << 6 | top[t].trailingZeroBitCount
      let l = m << 6 | middle[m].trailingZeroBitCount
      let word = leaves[l]
      leaves[l] = word & (word &- 1)
      if leaves[l] == 0 {
        middle[m] &= middle[m] &- 1
        if middle[m] == 0 { top[t] &= top[t] &- 1 }
      }
      return l << 6 | word.trailingZeroBitCount
    }
    return nil
  }
}
