import Diffraction

/// Decodes pages of deflated strips with whole numbers, which is what programs write that compress at all.
/// libtiff does the same, but undoes the predictor one value after another through memory. Whatever is odd
/// about a page is left to libtiff.
final class TIFFInflater {
  private let file: DiskFile
  private let inflater: Inflater

  init?(_ file: DiskFile) {
    guard let inflater = Inflater() else { return nil }
    self.file = file
    self.inflater = inflater
  }

  /// `nil` where libtiff has to look at the page, if only to say what is wrong with it.
  func pixels(_ page: TIFFPage, _ reader: inout TIFFDirectoryReader) throws(FileRefusal) -> Pixels? {
    guard let layout = page.deflated, page.stored == .plain, !page.sample.isFloat || layout.predictor == 1
    else { return nil }
    let strips = (page.height - 1) / layout.rowsPerStrip + 1
    let directory = try reader.directory(at: page.offset)
    guard let offsets = directory.entries[273], let counts = directory.entries[279] else { return nil }
    let starts = try reader.integers(offsets, limit: strips)
    let lengths = try reader.integers(counts, limit: strips)
    guard starts.count == strips, lengths.count == strips else { return nil }
    let order = reader.order
    var isDone = true
    let storage = try PixelStorage(byteCount: page.byteCount) { image throws(FileRefusal) in
      let stripBytes = layout.rowsPerStrip * page.rowBytes
      for strip in 0..<strips where isDone {
        let end = min(page.byteCount, (strip + 1) * stripBytes)
        let target = UnsafeMutableRawBufferPointer(rebasing: image[(strip * stripBytes)..<end])
        isDone = try inflate(starts[strip], lengths[strip], into: target)
      }
      guard isDone else { return }
      if order != .host { SampleBytes.swap(image, width: page.sample.byteCount) }
      if layout.predictor == 2 { Self.sum(image, page) }
    }
    return isDone
      ? Pixels(width: page.width, height: page.height, sample: page.sample, storage: storage) : nil
  }

  private func inflate(_ start: Int, _ length: Int, into target: UnsafeMutableRawBufferPointer)
    throws(FileRefusal) -> Bool
  {
    guard length > 0, length <= Inflater.mostPacked(target.count) else { return false }
    let packed = inflater.room(length)
    try file.fill(packed, at: start, "TIFF: a strip")
    return inflater.unpack(packed, into: target, .zlib) != nil
  }

  /// Horizontal differencing: every value was stored as its difference to the left neighbour.
  private static func sum(_ image: UnsafeMutableRawBufferPointer, _ page: TIFFPage) {
    switch page.sample.byteCount {
    case 1: sum(image.assumingMemoryBound(to: UInt8.self), width: page.width)
    case 2: sum(image.assumingMemoryBound(to: UInt16.self), width: page.width)
    case 4: sum(image.assumingMemoryBound(to: UInt32.self), width: page.width)
    default: sum(image.assumingMemoryBound(to: UInt64.self), width: page.width)
    }
  }

  private static func sum<T: FixedWidthInteger>(_ values: UnsafeMutableBufferPointer<T>, width: Int) {
    guard var next = values.baseAddress else { return }
    for _ in 0..<(values.count / width) {
      var sum: T = 0
      for column in 0..<width {
        sum &+= next[column]
        next[column] = sum
      }
      next += width
    }
  }
}
