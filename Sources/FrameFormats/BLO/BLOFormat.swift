import Diffraction

/// NanoMEGAS block files: precession scans of 8-bit patterns, record after record.
package struct BLOFormat: DiskFormat {
  package let name = "BLO"
  package let suffixes = ["blo"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    head.starts(with: "IMGBLO".utf8)
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    var reader = ByteReader(file, format: name, from: 6)
    let header = try BLOHeader(&reader)
    let pattern = try limits.imageBytes(
      width: header.size, height: header.size, sampleBytes: 1, format: name, at: 20)
    guard header.scanWidth > 0, header.scanHeight > 0 else {
      throw reader.damaged("a scan of \(header.scanWidth) x \(header.scanHeight) points", at: 24)
    }
    let points = header.scanWidth * header.scanHeight  // two 16-bit numbers
    guard header.imageOffset >= 240, header.patternOffset - header.imageOffset >= points else {
      throw reader.damaged(
        "the patterns start at \(header.patternOffset), inside the header or the virtual image", at: 12)
    }
    let stride = 6 + pattern
    let image = StoredImage(width: header.size, height: header.size, stored: .plain(.uint8))
    let start = header.patternOffset + 6
    var summary = FileSummary(
      format: name, width: header.size, height: header.size, sample: .uint8,
      frames: min(
        points, FixedFrames.count(in: file.size, start: start, stride: stride, frameBytes: pattern)),
      declaredFrames: points,
      scan: Sourced(ScanShape(width: header.scanWidth, height: header.scanHeight), source: "header"))
    guard summary.frames > 0 else {
      throw FileRefusal(.truncated, "BLO: no whole pattern is there yet", offset: file.size)
    }
    header.describe(&summary, note: try reader.note(upTo: header.imageOffset))
    return FixedFrames(file, summary: summary, image: image, start: start, stride: stride) {
      index throws(FileRefusal) in
      let offset = start - 6 + index * stride
      guard try file.bytes(at: offset, upTo: 2) == [0xAA, 0x55] else {
        throw FileRefusal(.damaged, "BLO: pattern \(index) lacks its AA 55 marker", offset: offset)
      }
    }
  }
}

extension ByteReader {
  fileprivate mutating func note(upTo end: Int) throws(FileRefusal) -> [UInt8] {
    try seek(to: 240)
    return try bytes(max(0, min(end - 240, 4096, remaining)))
  }
}

/// The numbers of the file's head.
private struct BLOHeader {
  var imageOffset: Int
  var patternOffset: Int
  var size: Int
  var patternRotation: Double
  var scanWidth: Int
  var scanHeight: Int
  var stepX: Double
  var stepY: Double
  var volts: Double
  /// 100 x pixels per centimetre of the screen; 0 means unknown.
  var screenScale: Double
  var cameraLength: Double

  init(_ reader: inout ByteReader) throws(FileRefusal) {
    let what = "the header"
    let mark: UInt16 = try reader.integer(what)
    guard mark == 0x0102 else { throw reader.unsupported("version mark \(mark)") }
    imageOffset = Int(try reader.integer(UInt32.self, what))
    patternOffset = Int(try reader.integer(UInt32.self, what))
    try reader.skip(4, what)
    size = Int(try reader.integer(UInt16.self, what))
    patternRotation = Double(try reader.integer(UInt16.self, what)) / 100
    scanWidth = Int(try reader.integer(UInt16.self, what))
    scanHeight = Int(try reader.integer(UInt16.self, what))
    try reader.skip(2, what)
    stepX = try reader.float64(what)
    stepY = try reader.float64(what)
    volts = Double(try reader.integer(UInt32.self, what))
    screenScale = Double(try reader.integer(UInt16.self, what))
    cameraLength = Double(try reader.integer(UInt32.self, what)) / 10
    guard reader.end >= 240 else {
      throw FileRefusal(.truncated, "BLO: the file ends inside the header", offset: reader.end)
    }
  }

  func describe(_ summary: inout FileSummary, note: [UInt8]) {
    if volts > 0 { summary.beam.voltageKilovolts = Sourced(volts / 1000, source: "header:46") }
    if cameraLength > 0 { summary.beam.cameraLengthMillimetres = Sourced(cameraLength, source: "header:52") }
    if screenScale > 0, cameraLength > 0, let wavelength = Electrons.wavelength(volts: volts) {
      // A length r on the screen stands for r / (camera length x wavelength).
      let millimetres = 1000 / screenScale
      let axis = AxisCalibration(scale: millimetres / (cameraLength * wavelength), unit: "1/Å")
      summary.calibration = Calibration(
        x: Sourced(axis, source: "header:50"), y: Sourced(axis, source: "header:50"))
    }
    for (label, step, source) in [("scan step x", stepX, "header:30"), ("scan step y", stepY, "header:38")]
    where step.isFinite && step > 0 {
      summary.metadata.append(MetadataItem(name: label, value: String(step), unit: "nm", source: source))
    }
    if patternRotation != 0 {
      summary.metadata.append(
        MetadataItem(name: "pattern rotation", value: String(patternRotation), unit: "°", source: "header:22")
      )
    }
    let text = CleanText.latin1(note)
    if !text.isEmpty {
      summary.metadata.append(MetadataItem(name: "note", value: text, source: "header:240"))
    }
    if text.lowercased().replacing(" ", with: "").contains("cameragamma:on") {
      summary.warnings.append("camera gamma was on: intensities are not linear")
    }
  }
}
