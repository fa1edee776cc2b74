import Diffraction

/// NumPy arrays: a frame, a list of frames, or a scan.
public struct NPYFormat: DiskFormat {
  public let name = "NPY"
  public let suffixes = ["npy"]

  public init() {}

  public func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    head.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59])
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    var reader = ByteReader(file, format: name, from: 6)
    let major: UInt8 = try reader.integer("the version")
    let minor: UInt8 = try reader.integer("the version")
    guard (1...3).contains(major) else { throw reader.unsupported("version \(major).\(minor)") }
    let length =
      major == 1
      ? Int(try reader.integer(UInt16.self, "the header"))
      : Int(try reader.integer(UInt32.self, "the header"))
    guard length <= 1 << 20 else { throw reader.damaged("a header of \(length) bytes") }
    let header = try NPYHeader(try reader.bytes(length, "the header"), reader: reader)
    let start = reader.position

    let shape = header.shape
    guard (2...4).contains(shape.count) else {
      throw reader.unsupported("an array of \(shape.count) dimensions is not a frame, a stack or a scan")
    }
    guard !shape.contains(0) else { throw reader.damaged("an array of size zero (\(header.shapeText))") }
    if shape.count == 3, header.stored == .plain(.uint8), (3...4).contains(shape[2]) {
      throw reader.unsupported("colour (\(header.shapeText))")
    }
    let height = shape[shape.count - 2]
    let width = shape[shape.count - 1]
    _ = try limits.imageBytes(
      width: width, height: height, sampleBytes: header.stored.sample.byteCount, format: name, at: 8)
    let image = StoredImage(width: width, height: height, stored: header.stored, order: header.order)
    var declared = 1
    for extent in shape.dropLast(2) {
      guard let product = checkedProduct(declared, extent) else {
        throw FileRefusal(.tooLarge, "NPY: an array of \(header.shapeText)", offset: 8)
      }
      declared = product
    }
    guard let bytes = checkedProduct(declared, image.byteCount) else {
      throw FileRefusal(.tooLarge, "NPY: an array of \(header.shapeText)", offset: 8)
    }
    var summary = FileSummary(
      format: name, width: width, height: height, sample: header.stored.sample, frames: declared)
    if shape.count == 4 {
      summary.scan = Sourced(ScanShape(width: shape[1], height: shape[0]), source: "shape")
    }
    if header.isFortran {
      // The first axis is the fast one: frames are spread through the file and none is whole early.
      guard bytes <= file.size - start else {
        throw FileRefusal(
          .truncated, "NPY: \(file.size - start) of \(bytes) bytes are there", offset: file.size)
      }
      let (rows, columns) = shape.count == 4 ? (shape[0], shape[1]) : (declared, 1)
      let layout = TransposedFrames.Layout(
        start: start, points: declared,
        point: { index in index / columns + index % columns * rows }, isColumnFirst: true)
      return TransposedFrames(file, summary: summary, image: image, layout: layout, limits: limits)
    }
    summary.frames = min(
      declared,
      FixedFrames.count(in: file.size, start: start, stride: image.byteCount, frameBytes: image.byteCount))
    guard summary.frames > 0 else {
      throw FileRefusal(
        .truncated, "NPY: \(file.size - start) of \(bytes) bytes are there", offset: file.size)
    }
    return FixedFrames(file, summary: summary, image: image, start: start, stride: image.byteCount)
  }
}
