/// Which part of a long list is shown.
package struct ListScroll: Sendable, Hashable {
  /// The first row shown.
  package private(set) var offset = 0

  package init() {}

  /// Moves as little as keeps the cursor inside, `margin` rows from the edges where the list goes on.
  package mutating func follow(cursor: Int, count: Int, height: Int, margin: Int = 0) {
    guard count > 0, height > 0 else {
      offset = 0
      return
    }
    let cursor = min(max(cursor, 0), count - 1)
    let margin = min(max(margin, 0), (height - 1) / 2)
    offset = min(offset, cursor - min(margin, cursor))
    offset = max(offset, cursor - height + 1 + min(margin, count - 1 - cursor))
    offset = min(max(offset, 0), max(0, count - height))
  }

  package func visible(count: Int, height: Int) -> Range<Int> {
    let start = min(offset, max(0, count))
    return start..<min(max(0, count), start + max(0, min(height, Rect.farthest)))
  }
}
