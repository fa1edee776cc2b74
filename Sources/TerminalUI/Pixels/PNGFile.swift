import CZlib

/// Writes PNG: pictures with a palette, as terminals take them, and pictures of any colours, for files.
package enum PNGFile {
  /// Fast rather than small: a picture that is shown is worth no long thought.
  package static func bytes(_ picture: IndexedPicture) -> [UInt8] {
    var file = head(picture.width, picture.height, colours: 3)
    chunk("PLTE", picture.palette.flatMap { [$0.red, $0.green, $0.blue] }, to: &file)
    end(&file, picture.indices, rowBytes: picture.width, effort: 1)
    return file
  }

  /// Three bytes a pixel, row by row. `notes` are texts, which every viewer of properties shows.
  package static func bytes(
    width: Int, height: Int, rgb: [UInt8], notes: [(key: String, text: String)] = []
  ) -> [UInt8] {
    precondition(width > 0 && height > 0 && rgb.count == 3 * width * height, "three bytes a pixel")
    var file = head(width, height, colours: 2)
    for note in notes {
      // A keyword, not compressed, no language, UTF-8.
      let keyword = note.key.utf8.filter { $0 >= 32 && $0 < 127 }.prefix(79)
      chunk("iTXt", keyword + [0, 0, 0, 0, 0] + note.text.utf8.filter { $0 != 0 }, to: &file)
    }
    end(&file, rgb, rowBytes: 3 * width, effort: 6)
    return file
  }

  /// Eight bits, and nothing out of the ordinary; `colours` is 2 for red, green and blue, 3 for a palette.
  private static func head(_ width: Int, _ height: Int, colours: UInt8) -> [UInt8] {
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    chunk("IHDR", big(width) + big(height) + [8, colours, 0, 0, 0], to: &file)
    return file
  }

  private static func end(_ file: inout [UInt8], _ pixels: [UInt8], rowBytes: Int, effort: Int32) {
    var rows: [UInt8] = []
    rows.reserveCapacity(pixels.count + pixels.count / max(1, rowBytes))
    for start in stride(from: 0, to: pixels.count, by: max(1, rowBytes)) {
      // No filter: what is drawn here are areas and letters, and few colours.
      rows.append(0)
      rows += pixels[start..<start + rowBytes]
    }
    chunk("IDAT", deflated(rows, effort), to: &file)
    chunk("IEND", [], to: &file)
  }

  private static func big(_ value: Int) -> [UInt8] {
    let value = UInt32(clamping: value)
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }

  private static func chunk(_ name: String, _ data: [UInt8], to file: inout [UInt8]) {
    let body = Array(name.utf8) + data
    file += big(data.count) + body
    file += big(Int(crc32(0, body, uInt(body.count))))
  }

  private static func deflated(_ bytes: [UInt8], _ effort: Int32) -> [UInt8] {
    let room = compressBound(uLong(bytes.count))
    return [UInt8](unsafeUninitializedCapacity: Int(room)) { buffer, filled in
      var count = room
      let code = compress2(buffer.baseAddress, &count, bytes, uLong(bytes.count), effort)
      filled = code == Z_OK ? Int(count) : 0
    }
  }
}
