import Diffraction

/// Merlin's raw mode: counters as the chips hand them out, in groups of 64 bits with their bytes reversed.
struct MIBRaw {
  let depth: Int
  let isQuad: Bool
  /// The row as stored, with all chips side by side.
  private let storedWidth: Int
  private let storedHeight: Int

  init(_ header: MIBHeader) throws(FileRefusal) {
    guard let depth = header.depth, [1, 6, 12, 24].contains(depth) else {
      throw FileRefusal(.unsupported, "MIB: raw frames of counter depth \(header.depth ?? 0)", offset: 0)
    }
    self.depth = depth
    isQuad = header.chips == 4 && header.layout.hasPrefix("2x2")
    guard header.chips == 1 || isQuad else {
      throw FileRefusal(
        .unsupported, "MIB: raw frames of \(header.chips) chips (\(header.layout))", offset: 0)
    }
    // 24 bits come as two 12-bit images, and the height counts both.
    let height = depth == 24 ? header.height / 2 : header.height
    guard header.width % 64 == 0, header.width <= 65536, height <= 65536, height > 0,
      !isQuad || header.width % 256 == 0
    else {
      throw FileRefusal(.damaged, "MIB: raw rows of \(header.width) pixels", offset: 0)
    }
    storedWidth = header.width
    storedHeight = height
  }

  var sample: SampleType {
    switch depth {
    case 1, 6: .uint8
    case 12: .uint16
    default: .uint32
    }
  }

  var width: Int { isQuad ? storedWidth / 2 : storedWidth }
  var height: Int { isQuad ? storedHeight * 2 : storedHeight }

  private var rowBytes: Int {
    switch depth {
    case 1: storedWidth / 8
    case 6: storedWidth
    default: storedWidth * 2
    }
  }

  var storedBytes: Int { rowBytes * storedHeight * (depth == 24 ? 2 : 1) }

  /// Where the image's pixel lies in the stored rows. The chips lie side by side in the order 4, 3, 2, 1: the
  /// upper half of the image is the last two blocks, the lower half the first two, turned by 180 degrees;
  /// then the whole is turned upside down like every Merlin image.
  private func stored(row: Int, column: Int) -> (row: Int, column: Int) {
    let row = height - 1 - row
    guard isQuad else { return (row, column) }
    let chip = storedWidth / 4
    if row < storedHeight {
      return (row, column < chip ? 3 * chip + column : 2 * chip + column - chip)
    }
    return (height - 1 - row, 2 * chip - 1 - column)
  }

  func decode(_ bytes: UnsafeRawBufferPointer, into image: UnsafeMutableRawBufferPointer) {
    for row in 0..<height {
      for column in 0..<width {
        let place = stored(row: row, column: column)
        let target = row * width + column
        switch depth {
        case 1:
          let k = place.column % 64
          let byte = bytes[place.row * rowBytes + place.column / 64 * 8 + 7 - k / 8]
          image[target] = byte >> UInt8(k % 8) & 1
        case 6:
          image[target] = bytes[place.row * rowBytes + place.column / 8 * 8 + 7 - place.column % 8]
        case 12:
          image.storeBytes(of: twelve(bytes, place, from: 0), toByteOffset: 2 * target, as: UInt16.self)
        default:
          let high = UInt32(twelve(bytes, place, from: 0))
          let low = UInt32(twelve(bytes, place, from: storedBytes / 2))
          image.storeBytes(of: high * 4096 + low, toByteOffset: 4 * target, as: UInt32.self)
        }
      }
    }
  }

  private func twelve(_ bytes: UnsafeRawBufferPointer, _ place: (row: Int, column: Int), from start: Int)
    -> UInt16
  {
    let offset = start + place.row * rowBytes + place.column / 4 * 8 + (3 - place.column % 4) * 2
    return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
  }
}

final class MIBRawFrames: FrameSource {
  let summary: FileSummary
  private let file: DiskFile
  private let raw: MIBRaw
  private let start: Int
  private let stride: Int
  private let check: (Int) throws(FileRefusal) -> Void

  init(
    _ file: DiskFile, summary: FileSummary, raw: MIBRaw, start: Int, stride: Int,
    check: @escaping (Int) throws(FileRefusal) -> Void
  ) {
    self.file = file
    self.summary = summary
    self.raw = raw
    self.start = start
    self.stride = stride
    self.check = check
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    try check(index)
    let stored = UnsafeMutableRawBufferPointer.allocate(byteCount: raw.storedBytes, alignment: 64)
    defer { stored.deallocate() }
    try file.fill(stored, at: start + index * stride, "MIB: an image")
    let storage = PixelStorage(byteCount: raw.width * raw.height * raw.sample.byteCount) {
      raw.decode(UnsafeRawBufferPointer(stored), into: $0)
    }
    let pixels = Pixels(width: raw.width, height: raw.height, sample: raw.sample, storage: storage)
    return Frame(pixels: pixels, calibration: summary.calibration, beam: summary.beam, index: index)
  }
}
