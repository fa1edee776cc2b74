/// An array in pieces. The state is copied to the screen many times a second while it grows; a change
/// after such a copy duplicates one piece, not a hundred thousand rows.
public struct Chunked<Element>: RandomAccessCollection {
  private static var size: Int { 256 }
  private var chunks: [[Element]] = []
  public private(set) var count = 0

  public init() {}

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(index: Int) -> Element {
    get { chunks[index / Self.size][index % Self.size] }
    _modify { yield &chunks[index / Self.size][index % Self.size] }
  }

  public mutating func append(_ element: Element) {
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
  public static func == (a: Chunked, b: Chunked) -> Bool { a.chunks == b.chunks }
}
