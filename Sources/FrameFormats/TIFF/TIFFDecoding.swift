import CTIFF
import Diffraction

/// Turns strips and tiles into the image, cropping tiles and widening packed samples.
struct TIFFDecoding {
  let handle: TIFFHandle
  let page: TIFFPage

  func pixels() throws(FileRefusal) -> Pixels {
    try handle.select(page)
    let storage = try PixelStorage(byteCount: page.byteCount) { image throws(FileRefusal) in
      if handle.isTiled { try readTiles(into: image) } else { try readStrips(into: image) }
    }
    return Pixels(width: page.width, height: page.height, sample: page.sample, storage: storage)
  }

  private func readStrips(into image: UnsafeMutableRawBufferPointer) throws(FileRefusal) {
    let stated = handle.unsigned(TIFFTAG_ROWSPERSTRIP)
    let rowsPerStrip = stated == 0 ? page.height : min(stated, page.height)
    let rowBytes = page.rowBytes
    guard handle.stripCount == (page.height - 1) / rowsPerStrip + 1,
      handle.stripBytes == rowsPerStrip * rowBytes
    else { throw FileRefusal(.damaged, "TIFF: the strips contradict the image size", offset: page.offset) }
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: page.stored == .plain ? 0 : rowsPerStrip * rowBytes, alignment: 64)
    defer { packed.deallocate() }
    for strip in 0..<handle.stripCount {
      let first = strip * rowsPerStrip
      let rows = min(rowsPerStrip, page.height - first)
      if page.stored == .plain {
        let target = image[(first * rowBytes)..<((first + rows) * rowBytes)]
        try handle.readStrip(strip, into: UnsafeMutableRawBufferPointer(rebasing: target))
      } else {
        let buffer = UnsafeMutableRawBufferPointer(rebasing: packed[..<(rows * rowBytes)])
        try handle.readStrip(strip, into: buffer)
        for row in 0..<rows {
          widen(
            UnsafeRawBufferPointer(rebasing: buffer[(row * rowBytes)...]), row: first + row, from: 0, image)
        }
      }
    }
  }

  private func readTiles(into image: UnsafeMutableRawBufferPointer) throws(FileRefusal) {
    let tileWidth = handle.unsigned(TIFFTAG_TILEWIDTH)
    let tileHeight = handle.unsigned(TIFFTAG_TILELENGTH)
    guard tileWidth > 0, tileHeight > 0 else {
      throw FileRefusal(.damaged, "TIFF: empty tiles", offset: page.offset)
    }
    var tile = page
    tile.width = tileWidth
    let rowBytes = tile.rowBytes
    let across = (page.width - 1) / tileWidth + 1
    let down = (page.height - 1) / tileHeight + 1
    guard handle.tileRowBytes == rowBytes, handle.tileBytes == rowBytes * tileHeight,
      handle.tileCount == across * down
    else { throw FileRefusal(.damaged, "TIFF: the tiles contradict the image size", offset: page.offset) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: rowBytes * tileHeight, alignment: 64)
    defer { buffer.deallocate() }
    for index in 0..<(across * down) {
      try handle.readTile(index, into: buffer)
      let top = index / across * tileHeight
      let left = index % across * tileWidth
      for row in 0..<min(tileHeight, page.height - top) {
        let source = UnsafeRawBufferPointer(rebasing: buffer[(row * rowBytes)...])
        widen(source, row: top + row, from: left, count: min(tileWidth, page.width - left), image)
      }
    }
  }

  /// Writes `count` samples of a stored row into the image, from column `column` on.
  private func widen(
    _ source: UnsafeRawBufferPointer, row: Int, from column: Int, count: Int? = nil,
    _ image: UnsafeMutableRawBufferPointer
  ) {
    let count = count ?? page.width
    let size = page.sample.byteCount
    let start = (row * page.width + column) * size
    let target = UnsafeMutableRawBufferPointer(rebasing: image[start..<(start + count * size)])
    switch page.stored {
    case .plain: target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<(count * size)]))
    case .bits1:
      for i in 0..<count { target[i] = source[i / 8] >> UInt8(7 - i % 8) & 1 }
    case .bits12:
      let values = target.bindMemory(to: UInt16.self)
      for i in 0..<count {
        let byte = i / 2 * 3
        values[i] =
          i % 2 == 0
          ? UInt16(source[byte]) << 4 | UInt16(source[byte + 1]) >> 4
          : UInt16(source[byte + 1] & 15) << 8 | UInt16(source[byte + 2])
      }
    case .half:
      let values = target.bindMemory(to: Float.self)
      for i in 0..<count {
        values[i] = HalfFloat.widen(source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
      }
    }
  }
}
