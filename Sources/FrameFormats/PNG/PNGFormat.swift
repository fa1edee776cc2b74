import CPNG
import Diffraction

/// PNG of grey pixels, 1 to 16 bits, through libpng. No gamma is applied: values are as stored.
package struct PNGFormat: DiskFormat {
  package let name = "PNG"
  package let suffixes = ["png"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    try PNGFrame(file, limits: limits)
  }
}

/// The one image of a PNG.
final class PNGFrame: FrameSource {
  private(set) var summary: FileSummary
  private let file: DiskFile
  private var image: cpng_image

  init(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) {
    self.file = file
    image = cpng_image()
    image.descriptor = file.descriptor
    image.limit = UInt32(clamping: min(limits.pixels, 1 << 24))
    guard cpng_read_header(&image) == 1 else { throw Self.refusal(image) }
    let (width, height) = (Int(image.width), Int(image.height))
    let sample: SampleType = image.depth == 16 ? .uint16 : .uint8
    _ = try limits.imageBytes(
      width: width, height: height, sampleBytes: sample.byteCount * max(1, Int(image.channels)),
      format: "PNG", at: 16)
    // Deflate gains at most a factor of about 1030: more is a lie, known before memory is taken.
    let bits = width * Int(image.channels) * Int(image.depth)
    guard (bits + 7) / 8 * height <= 1100 * file.size else {
      throw FileRefusal(
        .truncated, "PNG: \(file.size) bytes cannot hold \(width) x \(height) pixels", offset: file.size)
    }
    if image.color == PNG_COLOR_TYPE_PALETTE && image.palette_is_grey == 0 {
      throw FileRefusal(.unsupported, "PNG: colour image (palette), not analysed")
    }
    summary = FileSummary(format: "PNG", width: width, height: height, sample: sample, frames: 1)
    if image.color & PNG_COLOR_MASK_COLOR != 0 && image.color != PNG_COLOR_TYPE_PALETTE
      || image.color & PNG_COLOR_MASK_ALPHA != 0
    {
      // Grey dressed as colour can be read; whether it is, only the pixels tell.
      _ = try pixels()
    }
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    return Frame(pixels: try pixels(), index: index)
  }

  private func pixels() throws(FileRefusal) -> Pixels {
    let sampleBytes = summary.sample.byteCount
    let channels = Int(image.channels)
    let count = summary.width * summary.height
    let rowBytes = summary.width * channels * sampleBytes
    if channels == 1 {
      let storage = try PixelStorage(byteCount: count * sampleBytes) { bytes throws(FileRefusal) in
        if image.color == PNG_COLOR_TYPE_GRAY, image.depth >= 8,
          try PNGInflater.decode(
            file, width: summary.width, height: summary.height, sampleBytes: sampleBytes, into: bytes)
        {
          return
        }
        try decode(bytes, rowBytes: rowBytes)
        if image.color == PNG_COLOR_TYPE_PALETTE { try lookUp(bytes) }
      }
      return Pixels(width: summary.width, height: summary.height, sample: summary.sample, storage: storage)
    }
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: rowBytes * summary.height, alignment: 64)
    defer { all.deallocate() }
    try decode(all, rowBytes: rowBytes)
    let hasAlpha = channels == 2 || channels == 4
    let storage = try PixelStorage(byteCount: count * sampleBytes) { bytes throws(FileRefusal) in
      for pixel in 0..<count {
        for byte in 0..<sampleBytes {
          let first = pixel * channels * sampleBytes + byte
          if channels >= 3 {
            guard all[first] == all[first + sampleBytes], all[first] == all[first + 2 * sampleBytes] else {
              throw FileRefusal(.unsupported, "PNG: colour image, not analysed")
            }
          }
          if hasAlpha && all[first + (channels - 1) * sampleBytes] != 255 {
            throw FileRefusal(.unsupported, "PNG: a transparent image, not analysed")
          }
          bytes[pixel * sampleBytes + byte] = all[first]
        }
      }
    }
    return Pixels(width: summary.width, height: summary.height, sample: summary.sample, storage: storage)
  }

  /// Replaces indices by the grey levels of the palette.
  private func lookUp(_ bytes: UnsafeMutableRawBufferPointer) throws(FileRefusal) {
    let levels = withUnsafeBytes(of: image.palette) { Array($0.prefix(Int(image.palette_entries))) }
    for i in bytes.indices {
      guard bytes[i] < levels.count else {
        throw FileRefusal(.damaged, "PNG: a pixel without a palette entry")
      }
      bytes[i] = levels[Int(bytes[i])]
    }
  }

  private func decode(_ rows: UnsafeMutableRawBufferPointer, rowBytes: Int) throws(FileRefusal) {
    guard let base = rows.baseAddress?.assumingMemoryBound(to: UInt8.self),
      cpng_read_pixels(&image, base, rowBytes) == 1
    else { throw Self.refusal(image) }
  }

  private static func refusal(_ image: cpng_image) -> FileRefusal {
    let message = withUnsafeBytes(of: image.message) { CleanText.utf8($0, limit: 160) }
    return FileRefusal(
      image.ended != 0 ? .truncated : .damaged, "PNG: \(message)", offset: Int(image.position))
  }
}
