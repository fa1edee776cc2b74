import Diffraction

/// TIA series (`.ser`), with the text of the `.emi` beside it.
package struct TIAFormat: DiskFormat {
  package let name = "TIA"
  package let suffixes = ["ser"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    head.starts(with: [0x49, 0x49, 0x97, 0x01])
  }

  package func companions(of path: String) -> [String] {
    path.lastIndex(of: "_").map { ["\(path[..<$0]).emi"] } ?? []
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    var reader = ByteReader(file, format: name, from: 4)
    let what = "the header"
    let version: UInt16 = try reader.integer(what)
    guard version == 0x0210 || version == 0x0220 else {
      throw reader.unsupported("version \(String(version, radix: 16))")
    }
    let isWide = version == 0x0220
    let kind: UInt32 = try reader.integer(what)
    guard kind == 0x4122 else {
      throw kind == 0x4120
        ? reader.unsupported("spectra, not images") : reader.damaged("data type \(kind)", at: 6)
    }
    try reader.skip(4, what)
    let total = Int(try reader.integer(UInt32.self, what))
    let valid = Int(try reader.integer(UInt32.self, what))
    let table =
      isWide
      ? Int(clamping: try reader.integer(UInt64.self, what)) : Int(try reader.integer(UInt32.self, what))
    guard valid > 0, valid <= total else {
      throw valid == 0
        ? FileRefusal(.truncated, "TIA: no image is there yet", offset: 18)
        : reader.damaged("\(valid) of \(total) images", at: 18)
    }
    let entry = isWide ? 8 : 4
    guard valid <= (file.size - min(table, file.size)) / entry, table >= 30 else {
      throw FileRefusal(
        .truncated, "TIA: the file ends before or inside the table of \(valid) offsets", offset: table)
    }
    try reader.seek(to: table, "the table of offsets")
    var offsets: [Int] = []
    for _ in 0..<valid {
      offsets.append(
        isWide ? Int(clamping: try reader.integer(UInt64.self)) : Int(try reader.integer(UInt32.self)))
    }
    let first = try TIAElement(file, at: offsets[0], limits: limits)
    // Elements are written one after another: a cut file lacks the last ones.
    var present = valid
    while present > 1, offsets[present - 1] > file.size - TIAElement.headerBytes - first.image.byteCount {
      present -= 1
    }
    var summary = FileSummary(
      format: name, width: first.image.width, height: first.image.height, sample: first.image.stored.sample,
      frames: present, declaredFrames: total)
    summary.calibration = first.calibration
    TIAExperiment(besides: file.path)?.describe(&summary)
    return TIAFrames(file, summary: summary, offsets: offsets, limits: limits)
  }
}

/// One image with its own header.
struct TIAElement {
  static let headerBytes = 50
  let image: StoredImage
  let calibration: Calibration
  let pixels: Int

  init(_ file: DiskFile, at offset: Int, limits: ReadLimits) throws(FileRefusal) {
    let what = "an image header"
    var reader = ByteReader(file, format: "TIA", window: 64)
    try reader.seek(to: offset, what)
    let originX = try reader.float64(what)
    let deltaX = try reader.float64(what)
    let elementX: UInt32 = try reader.integer(what)
    let originY = try reader.float64(what)
    let deltaY = try reader.float64(what)
    let elementY: UInt32 = try reader.integer(what)
    let type: UInt16 = try reader.integer(what)
    let width = Int(try reader.integer(UInt32.self, what))
    let height = Int(try reader.integer(UInt32.self, what))
    pixels = reader.position
    let samples: [UInt16: SampleType] = [
      1: .uint8, 2: .uint16, 3: .uint32, 4: .int8, 5: .int16, 6: .int32, 7: .float32, 8: .float64,
    ]
    guard let sample = samples[type] else {
      throw reader.unsupported(type == 9 || type == 10 ? "complex pixels" : "pixels of type \(type)")
    }
    let size = try limits.imageBytes(
      width: width, height: height, sampleBytes: sample.byteCount, format: "TIA", at: offset)
    guard size <= file.size - pixels else {
      throw FileRefusal(.truncated, "TIA: an image ends past the end of the file", offset: offset)
    }
    image = StoredImage(width: width, height: height, stored: .plain(sample), rows: .bottomFirst)
    func axis(_ delta: Double, _ origin: Double, _ element: UInt32) -> Sourced<AxisCalibration>? {
      guard delta.isFinite, origin.isFinite, delta > 0 else { return nil }
      // Metres a pixel, or 1/metres in diffraction: no pixel is a metre wide, so the size tells.
      let factor = delta >= 1 ? 1e-9 : 1e9
      let start = (origin - Double(element) * delta) * factor
      return Sourced(
        AxisCalibration(scale: delta * factor, origin: start, unit: delta >= 1 ? "1/nm" : "nm"),
        source: "element:delta")
    }
    calibration = Calibration(x: axis(deltaX, originX, elementX), y: axis(deltaY, originY, elementY))
  }
}

final class TIAFrames: FrameSource {
  let summary: FileSummary
  private let file: DiskFile
  private let offsets: [Int]
  private let limits: ReadLimits

  init(_ file: DiskFile, summary: FileSummary, offsets: [Int], limits: ReadLimits) {
    self.file = file
    self.summary = summary
    self.offsets = offsets
    self.limits = limits
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    let element = try TIAElement(file, at: offsets[index], limits: limits)
    let pixels = try element.image.read(file, at: element.pixels, format: summary.format)
    return Frame(pixels: pixels, calibration: element.calibration, beam: summary.beam, index: index)
  }
}
