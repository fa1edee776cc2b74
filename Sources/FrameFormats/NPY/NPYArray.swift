import Diffraction

/// An array of NumPy wherever its bytes lie: what the header says, and where the values begin.
struct NPYArray {
  let header: NPYHeader
  /// Where the values begin.
  let start: Int

  /// NumPy itself writes headers of a few hundred bytes.
  static let headerLimit = 65_536

  init(_ reader: inout ByteReader) throws(FileRefusal) {
    guard try reader.bytes(6, "the header") == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59] else {
      throw reader.damaged("no NumPy array")
    }
    let major: UInt8 = try reader.integer("the version")
    let minor: UInt8 = try reader.integer("the version")
    guard (1...3).contains(major) else { throw reader.unsupported("version \(major).\(minor)") }
    let length =
      major == 1
      ? Int(try reader.integer(UInt16.self, "the header"))
      : Int(try reader.integer(UInt32.self, "the header"))
    guard length <= Self.headerLimit - 12 else { throw reader.damaged("a header of \(length) bytes") }
    header = try NPYHeader(try reader.bytes(length, "the header"), reader: reader)
    start = reader.position
  }
}

/// The array seen as images: the last two axes are rows and columns, the others count frames.
struct NPYImages {
  let array: NPYArray
  let image: StoredImage
  let frames: Int
  /// All values.
  let byteCount: Int
  var summary: FileSummary

  init(_ array: NPYArray, format: String, reader: ByteReader, limits: ReadLimits) throws(FileRefusal) {
    let header = array.header
    let shape = header.shape
    guard header.characters == nil else { throw reader.unsupported("text, not an image") }
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
      width: width, height: height, sampleBytes: header.stored.sample.byteCount, format: reader.format, at: 8)
    image = StoredImage(width: width, height: height, stored: header.stored, order: header.order)
    var count: Int? = 1
    for extent in shape.dropLast(2) { count = count.flatMap { checkedProduct($0, extent) } }
    guard let frames = count, let bytes = checkedProduct(frames, image.byteCount) else {
      throw FileRefusal(.tooLarge, "\(reader.format): an array of \(header.shapeText)", offset: 8)
    }
    self.array = array
    self.frames = frames
    byteCount = bytes
    summary = FileSummary(
      format: format, width: width, height: height, sample: header.stored.sample, frames: frames)
    if shape.count == 4 {
      summary.scan = Sourced(ScanShape(width: shape[1], height: shape[0]), source: "shape")
    }
  }

  /// Frames that are whole in a file that ends at `end`. In Fortran's order the first axis is the fast one:
  /// frames are spread through the file, and none is whole before all are.
  func framesPresent(upTo end: Int) -> Int {
    if array.header.isFortran { return byteCount <= end - array.start ? frames : 0 }
    return min(
      frames,
      FixedFrames.count(
        in: end, start: array.start, stride: image.byteCount, frameBytes: image.byteCount))
  }

  /// `need` is asked before bytes up to a position are read.
  func source(
    _ file: DiskFile, limits: ReadLimits,
    need: @escaping (Int) throws(FileRefusal) -> Void = { (_: Int) throws(FileRefusal) -> Void in }
  ) throws(FileRefusal) -> any FrameSource {
    let start = array.start
    guard array.header.isFortran else {
      let stride = image.byteCount
      return FixedFrames(file, summary: summary, image: image, start: start, stride: stride) {
        index throws(FileRefusal) in
        try need(start + (index + 1) * stride)
      }
    }
    try need(start + byteCount)
    let shape = array.header.shape
    let (rows, columns) = shape.count == 4 ? (shape[0], shape[1]) : (frames, 1)
    let layout = TransposedFrames.AxisOrder(
      start: start, points: frames, point: { index in index / columns + index % columns * rows },
      isColumnFirst: true)
    return TransposedFrames(file, summary: summary, image: image, layout: layout, limits: limits)
  }
}
