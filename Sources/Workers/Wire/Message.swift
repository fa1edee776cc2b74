import Diffraction

/// What one process says to another: values in the order in which they were put, and images beside them in
/// sealed memory. Both processes are always the same program.
package struct MessageWriter {
  package init() {}

  package private(set) var bytes: [UInt8] = []
  /// Where the images will lie.
  package private(set) var images: [(pixels: Pixels, offset: Int)] = []
  private(set) var imageBytes = 0

  static let alignment = 64

  mutating func put(_ value: Int) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ value: Bool) { put(value ? 1 : 0) }

  mutating func put(_ value: Double) { put(Int(bitPattern: UInt(value.bitPattern))) }

  mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      put(utf8.count)
      bytes.append(contentsOf: utf8)
    }
  }

  /// Numbers of one kind, as they lie in memory.
  mutating func put<T: BitwiseCopyable>(numbers: [T]) {
    put(numbers.count)
    numbers.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func put<T>(_ value: T?, _ body: (inout MessageWriter, T) -> Void) {
    put(value != nil)
    if let value { body(&self, value) }
  }

  mutating func put<T>(_ values: [T], _ body: (inout MessageWriter, T) -> Void) {
    put(values.count)
    for value in values { body(&self, value) }
  }

  mutating func put(_ pixels: Pixels) {
    put(pixels.width)
    put(pixels.height)
    put(pixels.sample.rawValue)
    put(imageBytes)
    images.append((pixels, imageBytes))
    imageBytes = Self.aligned(imageBytes + pixels.byteCount)
  }

  static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}

/// A message as it travels: few bytes go through the socket, many lie in the memory beside it, in front of the
/// images.
package struct Message: Sendable {
  /// How many bytes lie in memory (0: none), then the bytes that do not.
  package let head: [UInt8]
  let memory: SealedMemory?

  /// The kernel copies a packet whole; this much fits into any socket's buffer.
  static let packetBytes = 64 << 10

  /// Nil where there is no memory for the images.
  package init?(_ writer: MessageWriter) {
    let isShort = writer.bytes.count <= Self.packetBytes - 8
    let spilled = isShort ? 0 : writer.bytes.count
    let room = MessageWriter.aligned(spilled)
    if isShort && writer.images.isEmpty {
      memory = nil
    } else {
      memory = SealedMemory(byteCount: max(1, room + writer.imageBytes)) { put in
        (isShort || writer.bytes.withUnsafeBytes { put($0, 0) })
          && writer.images.allSatisfy { image in image.pixels.withBytes { put($0, room + image.offset) } }
      }
      if memory == nil { return nil }
    }
    head = withUnsafeBytes(of: spilled) { Array($0) } + (isShort ? writer.bytes : [])
  }

  /// As it came; the descriptor is the message's from now on.
  package init(head: [UInt8], adopting descriptor: Int32?) {
    self.head = head
    memory = descriptor.flatMap { SealedMemory(adopting: $0) }
  }
}

/// Reads a message; the other side may have been damaged by what it read, so nothing is believed.
package struct MessageReader {
  package struct Broken: Error {}

  private let bytes: [UInt8]
  private var position: Int
  private let mapping: SealedMemory.Mapping?
  private let imageStart: Int

  package init(_ message: Message) throws(Broken) {
    guard message.head.count >= 8 else { throw Broken() }
    let spilled = message.head.withUnsafeBytes { $0.loadUnaligned(as: Int.self) }
    mapping = message.memory?.map()
    guard spilled >= 0, spilled <= mapping?.bytes.count ?? 0 else { throw Broken() }
    if spilled > 0, let mapping {
      bytes = Array(mapping.bytes[..<spilled])
      position = 0
    } else {
      bytes = message.head
      position = 8
    }
    imageStart = MessageWriter.aligned(spilled)
  }

  mutating func int() throws(Broken) -> Int {
    guard bytes.count - position >= 8 else { throw Broken() }
    defer { position += 8 }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Int.self) }
  }

  mutating func bool() throws(Broken) -> Bool { try int() != 0 }

  mutating func double() throws(Broken) -> Double { Double(bitPattern: UInt64(UInt(bitPattern: try int()))) }

  mutating func text() throws(Broken) -> String {
    let count = try int()
    guard count >= 0, count <= bytes.count - position else { throw Broken() }
    defer { position += count }
    return String(decoding: bytes[position..<(position + count)], as: UTF8.self)
  }

  mutating func numbers<T: BitwiseCopyable>(_ zero: T) throws(Broken) -> [T] {
    let count = try int()
    let stride = MemoryLayout<T>.stride
    guard count >= 0, count <= (bytes.count - position) / stride else { throw Broken() }
    defer { position += count * stride }
    var numbers = [T](repeating: zero, count: count)
    numbers.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes {
        target.copyMemory(from: .init(rebasing: $0[position..<position + target.count]))
      }
    }
    return numbers
  }

  mutating func optional<T>(_ body: (inout MessageReader) throws(Broken) -> T) throws(Broken) -> T? {
    try bool() ? try body(&self) : nil
  }

  mutating func array<T>(_ body: (inout MessageReader) throws(Broken) -> T) throws(Broken) -> [T] {
    let count = try int()
    // Everything that is put takes at least eight bytes.
    guard count >= 0, count <= (bytes.count - position) / 8 else { throw Broken() }
    var values: [T] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try body(&self)) }
    return values
  }

  /// An image, which lies in the other process's memory for as long as someone looks at it.
  mutating func pixels() throws(Broken) -> Pixels {
    let (width, height) = (try int(), try int())
    let (sample, offset) = (try sample(), try int())
    guard let mapping, width > 0, height > 0, offset >= 0 else { throw Broken() }
    let (area, isHuge) = width.multipliedReportingOverflow(by: height)
    let (count, isHuger) = area.multipliedReportingOverflow(by: sample.byteCount)
    let room = mapping.bytes.count - imageStart
    guard !isHuge, !isHuger, offset <= room, count <= room - offset else { throw Broken() }
    let start = imageStart + offset
    let storage = PixelStorage(
      adopting: UnsafeRawBufferPointer(rebasing: mapping.bytes[start..<start + count]),
      release: { withExtendedLifetime(mapping) {} })
    return Pixels(width: width, height: height, sample: sample, storage: storage)
  }
}
