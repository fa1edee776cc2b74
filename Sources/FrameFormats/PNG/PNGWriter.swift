import CPNG
import CZlib

/// Writes PNG of eight-bit colours through libpng.
package enum PNGWriter {
  /// `rgb` holds three bytes a pixel, row by row. `notes` become text chunks, which every viewer of properties shows.
  package static func encode(
    width: Int, height: Int, rgb: [UInt8], notes: [(key: String, text: String)] = []
  ) -> [UInt8] {
    precondition(width > 0 && height > 0 && rgb.count == 3 * width * height, "three bytes a pixel")
    // The simplified interface returns its errors; the older one jumps over frames, which Swift must not see.
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    var size = png_alloc_size_t(0)
    let needed = rgb.withUnsafeBytes {
      png_image_write_to_memory(&image, nil, &size, 0, $0.baseAddress, png_int_32(3 * width), nil)
    }
    guard needed != 0, size > 0 else { return [] }
    var file = [UInt8](repeating: 0, count: Int(size))
    let written = file.withUnsafeMutableBytes { room in
      rgb.withUnsafeBytes {
        png_image_write_to_memory(
          &image, room.baseAddress, &size, 0, $0.baseAddress, png_int_32(3 * width), nil)
      }
    }
    guard written != 0 else { return [] }
    file.removeLast(file.count - Int(size))
    // After the signature and the header chunk: 8 + 4 + 4 + 13 + 4 bytes.
    for note in notes.reversed() { file.insert(contentsOf: text(note.key, note.text), at: 33) }
    return file
  }

  /// An `iTXt` chunk: a keyword, not compressed, no language, UTF-8.
  private static func text(_ key: String, _ text: String) -> [UInt8] {
    let keyword = key.utf8.filter { $0 >= 32 && $0 < 127 }.prefix(79)
    let data = Array("iTXt".utf8) + keyword + [0, 0, 0, 0, 0] + text.utf8.filter { $0 != 0 }
    let sum = data.withUnsafeBytes {
      crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, UInt32($0.count))
    }
    return big(UInt32(data.count - 4)) + data + big(UInt32(truncatingIfNeeded: sum))
  }

  private static func big(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
  }
}
