import Synchronization

/// A few numbers of one row, in a block that they share with those of other rows.
///
/// A hundred thousand rows live as long as the session, amid what comes and goes with every frame. A small array
/// of each row's own would hold a page of the heap for itself: two kilobytes a row where a quarter is needed.
package struct Packed<Element: BitwiseCopyable & Sendable>: RandomAccessCollection, Sendable {
  private let block: PackedBlock<Element>?
  private let start: Int32
  private let length: Int32

  package init() {
    block = nil
    start = 0
    length = 0
  }

  fileprivate init(_ block: PackedBlock<Element>, start: Int, count: Int) {
    self.block = block
    self.start = Int32(start)
    length = Int32(count)
  }

  /// Some of them, which take no memory of their own.
  func part(_ range: Range<Int>) -> Packed {
    precondition(range.lowerBound >= 0 && range.upperBound <= Int(length), "a part of these numbers")
    guard let block else { return self }
    return Packed(block, start: Int(start) + range.lowerBound, count: range.count)
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { Int(length) }

  package subscript(index: Int) -> Element {
    precondition(index >= 0 && index < Int(length), "an index of these numbers")
    return elements[index]
  }

  var elements: UnsafeBufferPointer<Element> {
    guard let block else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(rebasing: block.memory[Int(start)..<Int(start + length)])
  }
}

extension Packed: Equatable where Element: Equatable {
  package static func == (a: Packed, b: Packed) -> Bool { a.elementsEqual(b) }
}

extension Packed: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: Element...) {
    var packer = Packer<Element>()
    self = packer.pack(elements)
  }
}

extension Packed<UInt8> {
  package var text: String { withExtendedLifetime(self) { String(decoding: $0.elements, as: UTF8.self) } }
}

/// Fills blocks. Copies of it may go on filling the same one: each takes another part.
package struct Packer<Element: BitwiseCopyable & Sendable>: Sendable, Equatable {
  private static var blockBytes: Int { 64 << 10 }
  private var block: PackedBlock<Element>?

  package init() {}

  package mutating func pack(_ elements: some Collection<Element>) -> Packed<Element> {
    let count = elements.count
    guard count > 0, count < Int(Int32.max) else { return Packed() }
    if let block, let start = block.put(elements, count) { return Packed(block, start: start, count: count) }
    let capacity = Self.blockBytes / MemoryLayout<Element>.stride
    let fresh = PackedBlock<Element>(capacity: count > capacity / 8 ? count : capacity)
    // One that fills a block by itself leaves the open one open.
    if count <= capacity / 8 { block = fresh }
    return fresh.put(elements, count).map { Packed(fresh, start: $0, count: count) } ?? Packed()
  }

  /// Where the next ones go says nothing of what is there.
  package static func == (a: Packer, b: Packer) -> Bool { true }
}

/// Every element is written once, before anyone knows of it, and never again.
private final class PackedBlock<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  let memory: UnsafeMutableBufferPointer<Element>
  private let used = Atomic(0)

  init(capacity: Int) { memory = .allocate(capacity: capacity) }

  deinit { memory.deallocate() }

  /// Where they begin; nil when there is no room.
  func put(_ elements: some Collection<Element>, _ count: Int) -> Int? {
    guard used.load(ordering: .relaxed) + count <= memory.count else { return nil }
    let start = used.wrappingAdd(count, ordering: .relaxed).oldValue
    guard start + count <= memory.count else { return nil }
    _ = UnsafeMutableBufferPointer(rebasing: memory[start..<start + count]).initialize(from: elements)
    return start
  }
}
