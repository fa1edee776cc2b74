import Diffraction
import System

/// Writes plain TIFF: little-endian, uncompressed, one strip a page. For simulated frames and results; what
/// the microscope wrote is never written to.
package enum TIFFWriter {
  /// A page: pixels, an optional description (`ImageJ=…` carries a calibration), pixels per unit.
  package struct Page: Sendable {
    package var pixels: Pixels
    package var description: String?

    package init(_ pixels: Pixels, description: String? = nil) {
      self.pixels = pixels
      self.description = description
    }
  }

  package static func encode(_ pages: [Page]) -> [UInt8] {
    var file: [UInt8] = Array("II".utf8) + little(UInt16(42)) + little(UInt32(0))
    var nextOffsetAt = 4
    for page in pages {
      let pixelOffset = file.count
      page.pixels.withBytes { file.append(contentsOf: $0) }
      if file.count % 2 == 1 { file.append(0) }
      var text = page.description.map { Array($0.utf8) + [0] }
      // A value of up to four bytes stands in its entry; a shorter text is filled up to have one way only.
      while let count = text?.count, count < 5 { text?.append(0) }
      let textOffset = file.count
      if let text { file.append(contentsOf: text) }
      if file.count % 2 == 1 { file.append(0) }
      file.replaceSubrange(nextOffsetAt..<nextOffsetAt + 4, with: little(UInt32(file.count)))
      let entries = entries(page, UInt32(pixelOffset), UInt32(textOffset), text?.count)
      file += little(UInt16(entries.count))
      for entry in entries { file += entry }
      nextOffsetAt = file.count
      file += little(UInt32(0))
    }
    return file
  }

  /// Nobody ever reads half a file.
  package static func write(_ pages: [Page], to path: String) throws(FileRefusal) {
    do {
      try NewFile.write(encode(pages), to: path, durability: .cached)
    } catch {
      throw FileRefusal(.unreadable, "cannot write \(path): \(error.reason)")
    }
  }

  private static func entries(
    _ page: Page, _ pixelOffset: UInt32, _ textOffset: UInt32, _ textCount: Int?
  ) -> [[UInt8]] {
    let pixels = page.pixels
    func short(_ tag: UInt16, _ value: UInt16) -> [UInt8] {
      little(tag) + little(UInt16(3)) + little(UInt32(1)) + little(value) + [0, 0]
    }
    func long(_ tag: UInt16, _ value: UInt32) -> [UInt8] {
      little(tag) + little(UInt16(4)) + little(UInt32(1)) + little(value)
    }
    var entries = [
      long(256, UInt32(pixels.width)), long(257, UInt32(pixels.height)),
      short(258, UInt16(pixels.sample.byteCount * 8)), short(259, 1), short(262, 1),
    ]
    if let textCount {
      entries.append(little(UInt16(270)) + little(UInt16(2)) + little(UInt32(textCount)) + little(textOffset))
    }
    entries += [
      long(273, pixelOffset), short(277, 1), long(278, UInt32(pixels.height)),
      long(279, UInt32(pixels.byteCount)), short(339, format(pixels.sample)),
    ]
    return entries
  }

  private static func format(_ sample: SampleType) -> UInt16 {
    switch sample {
    case .uint8, .uint16, .uint32, .uint64: 1
    case .int8, .int16, .int32, .int64: 2
    case .float32, .float64: 3
    }
  }

  private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
