import CDeflate
import Diffraction

/// Decodes grey PNG of 8 or 16 bits without interlacing, which is what programs export: libdeflate takes half
/// the time of the zlib behind libpng. Whatever is odd or broken about a file is left to libpng and its words.
enum PNGInflater {
  private static let largestFile = 64 << 20
  /// Signature, then the header with its length, type and checksum.
  private static let headerEnd = 33

  /// Writes the rows into `image`, and tells whether it did.
  static func decode(
    _ file: DiskFile, width: Int, height: Int, sampleBytes: Int,
    into image: UnsafeMutableRawBufferPointer
  ) throws(FileRefusal) -> Bool {
    guard file.size > headerEnd, file.size <= largestFile, let inflater = Inflater() else { return false }
    let bytes = inflater.room(file.size)
    guard try file.read(into: bytes, at: 0) == bytes.count, let packed = gather(bytes) else { return false }
    let rowBytes = width * sampleBytes
    // Every row begins with the number of its filter.
    let rows = UnsafeMutableRawBufferPointer.allocate(byteCount: (rowBytes + 1) * height, alignment: 64)
    defer { rows.deallocate() }
    guard
      inflater.unpack(UnsafeMutableRawBufferPointer(rebasing: bytes[..<packed]), into: rows, .zlib) != nil,
      let base = rows.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { return false }
    var above: UnsafeMutablePointer<UInt8>?
    for row in 0..<height {
      let start = base + row * (rowBytes + 1)
      guard undo(start[0], start + 1, above, rowBytes, sampleBytes) else { return false }
      above = start + 1
      UnsafeMutableRawBufferPointer(rebasing: image[(row * rowBytes)..<((row + 1) * rowBytes)])
        .copyMemory(from: UnsafeRawBufferPointer(start: start + 1, count: rowBytes))
    }
    if ByteOrder.host != .big { SampleBytes.swap(image, width: sampleBytes) }
    return true
  }

  /// Moves the packed pixels, which lie in any number of chunks, to the front and tells how many bytes they are.
  /// All chunks have to be there, and those that count have to agree with their checksums.
  private static func gather(_ bytes: UnsafeMutableRawBufferPointer) -> Int? {
    func number(_ offset: Int) -> UInt32 {
      UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    let (header, pixels, end): (UInt32, UInt32, UInt32) = (0x4948_4452, 0x4944_4154, 0x4945_4E44)
    // Without interlacing.
    guard number(12) == header, bytes[28] == 0 else { return nil }
    var at = 8
    var packed = 0
    while at + 12 <= bytes.count {
      let length = Int(number(at))
      let kind = number(at + 4)
      guard length <= bytes.count - at - 12 else { return nil }
      // A small first letter marks what may be ignored.
      if kind >> 29 & 1 == 0 {
        let content = UnsafeRawBufferPointer(rebasing: bytes[(at + 4)..<(at + 8 + length)])
        guard libdeflate_crc32(0, content.baseAddress, content.count) == number(at + 8 + length),
          kind == pixels || kind == end || (kind == header && at == 8)
        else { return nil }
        if kind == end { return packed }
        if kind == pixels {
          UnsafeMutableRawBufferPointer(rebasing: bytes[packed..<(packed + length)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[(at + 8)..<(at + 8 + length)]))
          packed += length
        }
      }
      at += 12 + length
    }
    return nil
  }

  /// Each byte was stored as its difference to one made of the bytes to the left, above, and above left.
  private static func undo(
    _ filter: UInt8, _ row: UnsafeMutablePointer<UInt8>, _ above: UnsafeMutablePointer<UInt8>?,
    _ count: Int, _ step: Int
  ) -> Bool {
    switch filter {
    case 0: break
    case 1: for i in step..<max(step, count) { row[i] &+= row[i - step] }
    case 2:
      guard let above else { break }
      for i in 0..<count { row[i] &+= above[i] }
    case 3:
      for i in 0..<count {
        let left = i < step ? 0 : Int(row[i - step])
        row[i] &+= UInt8(truncatingIfNeeded: (left + (above.map { Int($0[i]) } ?? 0)) / 2)
      }
    case 4:
      for i in 0..<count {
        let left = i < step ? 0 : Int(row[i - step])
        let up = above.map { Int($0[i]) } ?? 0
        let corner = i < step ? 0 : above.map { Int($0[i - step]) } ?? 0
        // Paeth: the neighbour nearest to left + up - corner.
        let (a, b, c) = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
        row[i] &+= UInt8(truncatingIfNeeded: a <= b && a <= c ? left : b <= c ? up : corner)
      }
    default: return false
    }
    return true
  }
}
