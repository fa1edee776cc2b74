import Diffraction

/// A scan whose patterns are spread through the file: neighbouring values belong to neighbouring scan
/// points, not to neighbouring pixels. A block of patterns is gathered in one pass over the file and kept,
/// so reading the patterns in the order of the scan costs a few passes and not one for each.
final class TransposedFrames: FrameSource {
  struct AxisOrder {
    /// Where the values start.
    var start: Int
    /// Patterns, which are the fast direction of the file.
    var points: Int
    /// The position along the fast direction of frame `index`.
    var point: @Sendable (Int) -> Int
    /// Whether pixels are stored column by column instead of row by row.
    var isColumnFirst: Bool
  }

  let summary: FileSummary
  private let file: DiskFile
  private let image: StoredImage
  private let layout: AxisOrder
  private let blockPoints: Int
  private var block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var blockStart = -1

  init(_ file: DiskFile, summary: FileSummary, image: StoredImage, layout: AxisOrder, limits: ReadLimits) {
    self.file = file
    self.summary = summary
    self.image = image
    self.layout = layout
    blockPoints = max(1, min(layout.points, min(24 << 20, limits.frameBytes) / image.byteCount))
  }

  deinit { block.deallocate() }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    let point = layout.point(index)
    if blockStart < 0 || point < blockStart || point >= blockStart + blockPoints {
      try gather(from: point / blockPoints * blockPoints)
    }
    let pixels = image.width * image.height
    let size = image.stored.byteCount
    let held = block.count / (pixels * size)
    let sample = image.stored.sample
    let storage = PixelStorage(byteCount: pixels * sample.byteCount) { bytes in
      for position in 0..<pixels {
        let source = (position * held + point - blockStart) * size
        let target =
          layout.isColumnFirst ? position % image.height * image.width + position / image.height : position
        switch size {
        case 1: bytes[target] = block[source]
        case 2:
          var value = block.loadUnaligned(fromByteOffset: source, as: UInt16.self)
          if image.order != .host { value = value.byteSwapped }
          if image.stored == .half {
            bytes.storeBytes(of: HalfFloat.widen(value), toByteOffset: 4 * target, as: Float.self)
          } else {
            bytes.storeBytes(of: value, toByteOffset: 2 * target, as: UInt16.self)
          }
        case 4:
          let value = block.loadUnaligned(fromByteOffset: source, as: UInt32.self)
          bytes.storeBytes(
            of: image.order == .host ? value : value.byteSwapped, toByteOffset: 4 * target, as: UInt32.self)
        default:
          let value = block.loadUnaligned(fromByteOffset: source, as: UInt64.self)
          bytes.storeBytes(
            of: image.order == .host ? value : value.byteSwapped, toByteOffset: 8 * target, as: UInt64.self)
        }
      }
    }
    let frame = Pixels(width: image.width, height: image.height, sample: sample, storage: storage)
    return Frame(pixels: frame, calibration: summary.calibration, beam: summary.beam, index: index)
  }

  /// Reads the values of the points from `first` on, for every pixel.
  private func gather(from first: Int) throws(FileRefusal) {
    let size = image.stored.byteCount
    let held = min(blockPoints, layout.points - first)
    let pixels = image.width * image.height
    blockStart = -1
    if block.count != held * pixels * size {
      block.deallocate()
      block = .allocate(byteCount: held * pixels * size, alignment: 64)
    }
    if held == layout.points {
      try fill(0..<block.count, at: layout.start)
    } else {
      let run = held * size
      for position in 0..<pixels {
        let offset = layout.start + (position * layout.points + first) * size
        try fill((position * run)..<((position + 1) * run), at: offset)
      }
    }
    blockStart = first
  }

  private func fill(_ range: Range<Int>, at offset: Int) throws(FileRefusal) {
    let target = UnsafeMutableRawBufferPointer(rebasing: block[range])
    try file.fill(target, at: offset, "\(summary.format): the scan")
  }
}
