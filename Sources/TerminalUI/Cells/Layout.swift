/// How much of a row or column of panes one of them wants.
package enum Length: Hashable, Sendable {
  case fixed(Int)
  /// At least so much, and a share of what is left.
  case minimum(Int, weight: Int = 1)
  case weight(Int)

  fileprivate var least: Int {
    switch self {
    case .fixed(let length), .minimum(let length, _): Rect.clamped(length, from: 0)
    case .weight: 0
    }
  }

  fileprivate var share: Int {
    switch self {
    case .fixed: 0
    case .minimum(_, let weight), .weight(let weight): min(max(weight, 0), 1000)
    }
  }
}

extension Rect {
  /// The rectangle cut into rows from top to bottom. Where there is too little room the first ones are served first.
  package func rows(_ lengths: [Length]) -> [Rect] {
    var top = y
    return Rect.lengths(lengths, in: height).map { length in
      defer { top += length }
      return Rect(x: x, y: top, width: width, height: length)
    }
  }

  /// The rectangle cut into columns from left to right, `gap` cells between them.
  package func columns(_ lengths: [Length], gap: Int = 0) -> [Rect] {
    let gap = Rect.clamped(gap, from: 0)
    let room = max(0, width - gap * max(0, lengths.count - 1))
    var left = x
    return Rect.lengths(lengths, in: room).map { length in
      defer { left += length + gap }
      return Rect(x: left, y: y, width: min(length, max(0, right - left)), height: height)
    }
  }

  /// (the upper `height` rows, the rest)
  package func splitTop(_ height: Int) -> (Rect, Rect) {
    let taken = min(Rect.clamped(height, from: 0), self.height)
    return (
      Rect(x: x, y: y, width: width, height: taken),
      Rect(x: x, y: y + taken, width: width, height: self.height - taken)
    )
  }

  /// (the lower `height` rows, the rest)
  package func splitBottom(_ height: Int) -> (Rect, Rect) {
    let taken = min(Rect.clamped(height, from: 0), self.height)
    let (rest, bottom) = splitTop(self.height - taken)
    return (bottom, rest)
  }

  /// (the left `width` columns, the rest)
  package func splitLeft(_ width: Int) -> (Rect, Rect) {
    let taken = min(Rect.clamped(width, from: 0), self.width)
    return (
      Rect(x: x, y: y, width: taken, height: height),
      Rect(x: x + taken, y: y, width: self.width - taken, height: height)
    )
  }

  /// (the right `width` columns, the rest)
  package func splitRight(_ width: Int) -> (Rect, Rect) {
    let taken = min(Rect.clamped(width, from: 0), self.width)
    let (rest, right) = splitLeft(self.width - taken)
    return (right, rest)
  }

  private static func lengths(_ wanted: [Length], in room: Int) -> [Int] {
    var left = room
    var lengths = wanted.map { length in
      let given = min(length.least, left)
      left -= given
      return given
    }
    // Shares are cut at running totals, so the cells that rounding leaves over are spread and none is lost.
    let total = wanted.reduce(0) { $0 + $1.share }
    guard total > 0 else { return lengths }
    var before = 0
    for (index, length) in wanted.enumerated() {
      let after = before + length.share
      lengths[index] += left * after / total - left * before / total
      before = after
    }
    return lengths
  }
}
