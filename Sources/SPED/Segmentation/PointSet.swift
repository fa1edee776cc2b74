import Arrays
import Imaging

/// A set of scan points, one bit each: overlaps of many sets are counted a word at a time.
package struct PointSet: Sendable, Equatable {
  package let width: Int
  package let height: Int
  package private(set) var words: [UInt64]

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
    words = [UInt64](repeating: 0, count: (width * height + 63) / 64)
  }

  package init(width: Int, height: Int, points: some Sequence<Int>) {
    self.init(width: width, height: height)
    for point in points { insert(point) }
  }

  package init(_ mask: Mask) {
    self.init(width: mask.columns, height: mask.rows)
    for (point, isIn) in mask.values.enumerated() where isIn { insert(point) }
  }

  package var size: Int { width * height }
  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  package func contains(_ point: Int) -> Bool { words[point >> 6] >> UInt64(point & 63) & 1 == 1 }
  package mutating func insert(_ point: Int) { words[point >> 6] |= 1 << UInt64(point & 63) }
  package mutating func remove(_ point: Int) { words[point >> 6] &= ~(1 << UInt64(point & 63)) }

  package var points: [Int] {
    var points: [Int] = []
    for (i, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        points.append(i << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return points
  }

  package mutating func formUnion(_ other: PointSet) {
    for i in words.indices { words[i] |= other.words[i] }
  }
  package func union(_ other: PointSet) -> PointSet {
    var set = self
    set.formUnion(other)
    return set
  }
  package func intersection(_ other: PointSet) -> PointSet {
    var set = self
    for i in set.words.indices { set.words[i] &= other.words[i] }
    return set
  }
  package func subtracting(_ other: PointSet) -> PointSet {
    var set = self
    for i in set.words.indices { set.words[i] &= ~other.words[i] }
    return set
  }

  package func overlap(_ other: PointSet) -> Int {
    var count = 0
    for i in words.indices { count += (words[i] & other.words[i]).nonzeroBitCount }
    return count
  }

  /// Intersection over union.
  package func agreement(_ other: PointSet) -> Double {
    var (both, either) = (0, 0)
    for i in words.indices {
      both += (words[i] & other.words[i]).nonzeroBitCount
      either += (words[i] | other.words[i]).nonzeroBitCount
    }
    return either > 0 ? Double(both) / Double(either) : 0
  }

  /// The part of this set that lies in the other.
  package func part(in other: PointSet) -> Double {
    let count = self.count
    return count > 0 ? Double(overlap(other)) / Double(count) : 0
  }

  /// With the four neighbours of every point.
  package func grown(_ steps: Int = 1) -> PointSet {
    var set = self
    for _ in 0..<steps {
      let points = set.points
      for p in points {
        let x = p % width
        if x > 0 { set.insert(p - 1) }
        if x + 1 < width { set.insert(p + 1) }
        if p >= width { set.insert(p - width) }
        if p + width < size { set.insert(p + width) }
      }
    }
    return set
  }

  /// Points whose eight neighbours belong too; beyond the edge counts as inside.
  package func core() -> PointSet {
    var set = PointSet(width: width, height: height)
    for p in points {
      let (x, y) = (p % width, p / width)
      var isInside = true
      for v in max(0, y - 1)...min(height - 1, y + 1) where isInside {
        for u in max(0, x - 1)...min(width - 1, x + 1) where !contains(v * width + u) { isInside = false }
      }
      if isInside { set.insert(p) }
    }
    return set
  }

  /// Its parts that hang together by edges and have at least `minimum` points, largest first.
  package func regions(atLeast minimum: Int = 1) -> [PointSet] {
    var rest = self
    var found: [(points: [Int], order: Int)] = []
    for word in words.indices {
      while rest.words[word] != 0 {
        // Found parts are taken out, so that the first point left always begins a new one.
        let first = word << 6 + rest.words[word].trailingZeroBitCount
        rest.remove(first)
        var part = [first]
        var next = 0
        while next < part.count {
          let p = part[next]
          next += 1
          let x = p % width
          if x > 0, rest.take(p - 1) { part.append(p - 1) }
          if x + 1 < width, rest.take(p + 1) { part.append(p + 1) }
          if p >= width, rest.take(p - width) { part.append(p - width) }
          if p + width < size, rest.take(p + width) { part.append(p + width) }
        }
        if part.count >= minimum { found.append((part, found.count)) }
      }
    }
    found.sort {
      $0.points.count != $1.points.count ? $0.points.count > $1.points.count : $0.order < $1.order
    }
    return found.map { PointSet(width: width, height: height, points: $0.points) }
  }

  /// Takes a point out; false where it was not in.
  private mutating func take(_ point: Int) -> Bool {
    guard contains(point) else { return false }
    remove(point)
    return true
  }

  /// Holes that do not reach the edge are filled.
  package func filled() -> PointSet {
    var outside = PointSet(width: width, height: height)
    var stack: [Int] = []
    for p in 0..<size {
      let (x, y) = (p % width, p / width)
      if x == 0 || y == 0 || x == width - 1 || y == height - 1, !contains(p) {
        outside.insert(p)
        stack.append(p)
      }
    }
    while let p = stack.popLast() {
      let x = p % width
      for (isThere, q) in [
        (x > 0, p - 1), (x + 1 < width, p + 1), (p >= width, p - width), (p + width < size, p + width),
      ] where isThere && !contains(q) && !outside.contains(q) {
        outside.insert(q)
        stack.append(q)
      }
    }
    return PointSet(width: width, height: height, points: (0..<size).lazy.filter { !outside.contains($0) })
  }
}
