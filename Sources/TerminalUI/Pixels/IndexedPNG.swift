import CZlib

/// A PNG file with a palette, as terminals take pictures.
enum IndexedPNG {
  static func bytes(_ picture: IndexedPicture) -> [UInt8] {
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    // Width, height, 8 bits, a palette, and nothing out of the ordinary.
    chunk("IHDR", big(picture.width) + big(picture.height) + [8, 3, 0, 0, 0], to: &file)
    chunk("PLTE", picture.palette.flatMap { [$0.red, $0.green, $0.blue] }, to: &file)
    var rows: [UInt8] = []
    rows.reserveCapacity((picture.width + 1) * picture.height)
    for row in 0..<picture.height {
      rows.append(0)
      rows += picture.indices[row * picture.width..<(row + 1) * picture.width]
    }
    chunk("IDAT", deflated(rows), to: &file)
    chunk("IEND", [], to: &file)
    return file
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

  /// Fast rather than small: a picture that is shown is worth no long thought.
  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    let room = compressBound(uLong(bytes.count))
    return [UInt8](unsafeUninitializedCapacity: Int(room)) { buffer, filled in
      var count = room
      let code = compress2(buffer.baseAddress, &count, bytes, uLong(bytes.count), 1)
      filled = code == Z_OK ? Int(count) : 0
    }
  }
}
