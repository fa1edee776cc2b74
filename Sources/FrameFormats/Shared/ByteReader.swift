import Diffraction

package enum ByteOrder: Sendable {
  case little, big

  package static let host: ByteOrder = 1.littleEndian == 1 ? .little : .big
}

/// Reads numbers and text from a file, one after another; every read is checked against the end, so a
/// lying length becomes a refusal and never a trap. All formats read their headers through this type.
package struct ByteReader {
  package let file: DiskFile
  /// How refusals begin: `DM4`.
  package let format: String
  package var order: ByteOrder
  package private(set) var position: Int
  /// Where the readable part stops, at most the size of the file.
  package let end: Int
  private let windowSize: Int
  private var window: [UInt8] = []
  private var windowStart = 0

  package init(
    _ file: DiskFile, format: String, order: ByteOrder = .little, from start: Int = 0, to end: Int? = nil,
    window: Int = 8192
  ) {
    self.file = file
    self.format = format
    self.order = order
    self.end = min(end ?? file.size, file.size)
    position = min(max(0, start), self.end)
    windowSize = max(window, 16)
  }

  package var remaining: Int { end - position }

  package mutating func seek(to offset: Int, _ what: String = "data") throws(FileRefusal) {
    guard offset >= 0, offset <= end else { throw past(what, at: offset) }
    position = offset
  }

  package mutating func skip(_ count: Int, _ what: String = "data") throws(FileRefusal) {
    guard count >= 0, count <= remaining else { throw past(what, at: position) }
    position += count
  }

  package mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type = T.self, _ what: String = "a number"
  ) throws(FileRefusal) -> T {
    let start = try load(MemoryLayout<T>.size, what)
    let raw = window.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: T.self) }
    return order == .little ? T(littleEndian: raw) : T(bigEndian: raw)
  }

  package mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ what: String) throws(FileRefusal)
    -> T
  {
    try integer(T.self, what)
  }

  package mutating func float32(_ what: String = "a number") throws(FileRefusal) -> Float {
    Float(bitPattern: try integer(UInt32.self, what))
  }

  package mutating func float64(_ what: String = "a number") throws(FileRefusal) -> Double {
    Double(bitPattern: try integer(UInt64.self, what))
  }

  /// `count` bytes; the caller has decided that `count` is a sensible size.
  package mutating func bytes(_ count: Int, _ what: String = "data") throws(FileRefusal) -> [UInt8] {
    guard count >= 0, count <= remaining else { throw past(what, at: position) }
    guard count > 0 else { return [] }
    if count <= windowSize {
      let start = try load(count, what)
      return Array(window[start..<start + count])
    }
    let bytes = try file.bytes(at: position, upTo: count)
    guard bytes.count == count else { throw past(what, at: position) }
    position += count
    return bytes
  }

  /// Latin-1 text up to the first NUL, made harmless.
  package mutating func latin1(_ count: Int, _ what: String = "text") throws(FileRefusal) -> String {
    CleanText.latin1(try bytes(count, what))
  }

  package func damaged(_ reason: String, at offset: Int? = nil) -> FileRefusal {
    FileRefusal(.damaged, "\(format): \(reason)", offset: offset ?? position)
  }

  package func unsupported(_ reason: String) -> FileRefusal {
    FileRefusal(.unsupported, "\(format): \(reason)", offset: position)
  }

  private func past(_ what: String, at offset: Int) -> FileRefusal {
    FileRefusal(.truncated, "\(format): the file ends before or inside \(what)", offset: offset)
  }

  /// Makes `count` bytes at `position` available in the window and steps over them.
  private mutating func load(_ count: Int, _ what: String) throws(FileRefusal) -> Int {
    guard count <= remaining else { throw past(what, at: position) }
    var start = position - windowStart
    if start < 0 || start > window.count - count {
      window = try file.bytes(at: position, upTo: windowSize)
      windowStart = position
      start = 0
      guard window.count >= count else { throw past(what, at: position) }
    }
    position += count
    return start
  }
}
