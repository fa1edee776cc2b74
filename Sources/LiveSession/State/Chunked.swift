/// An array in pieces. The state is copied to the screen many times a second while it grows; a change
/// after such a copy duplicates one piece, not a hundred thousand rows.
package struct Chunked<Element>: RandomAccessCollection {
  private static var size: Int { 256 }
  private var chunks: [[Element]] = []
  package private(set) var count = 0

  package init() {}

  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  package subscript(index: Int) -> Element {
    get { chunks[index / Self.size][index % Self.size] }
    _modify { yield &chunks[index / Self.size][index % Self.size] }
  }

  package mutating func append(_ element: Element) {
    if count % Self.size == 0 {
      var chunk: [Element] = []
      chunk.reserveCapacity(Self.size)
      chunks.append(chunk)
    }
    chunks[count / Self.size].append(element)
    count += 1
  }
}

extension Chunked: Sendable where Element: Sendable {}
extension Chunked: Equatable where Element: Equatable {
  package static func == (a: Chunked, b: Chunked) -> Bool { a.chunks == b.chunks }
}
