import Diffraction

/// Mode 101: pixels of 4 bits, two a byte, the left one in the low bits in either byte order. A row of odd
/// width ends with half a byte that holds nothing.
final class MRCPackedFrames: FrameSource {
  let summary: FileSummary
  private let file: DiskFile
  private let start: Int

  static func byteCount(width: Int, height: Int) -> Int { (width / 2 + width % 2) * height }

  init(_ file: DiskFile, summary: FileSummary, start: Int) {
    self.file = file
    self.summary = summary
    self.start = start
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    let (width, height) = (summary.width, summary.height)
    let count = Self.byteCount(width: width, height: height)
    let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    defer { packed.deallocate() }
    try file.fill(packed, at: start + index * count, "MRC: an image")
    let storage = PixelStorage(byteCount: width * height) { image in
      var next = 0
      for row in 0..<height {
        for column in 0..<width {
          let byte = packed[next]
          image[row * width + column] = column % 2 == 0 ? byte & 15 : byte >> 4
          if column % 2 == 1 || column == width - 1 { next += 1 }
        }
      }
    }
    let pixels = Pixels(width: width, height: height, sample: .uint8, storage: storage)
    return Frame(pixels: pixels, calibration: summary.calibration, beam: summary.beam, index: index)
  }
}
