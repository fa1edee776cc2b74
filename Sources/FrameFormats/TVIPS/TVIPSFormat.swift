import Diffraction

/// TVIPS recordings: `name_000.tvips` with the header and the first frames, further files with more frames.
package struct TVIPSFormat: DiskFormat {
  package let name = "TVIPS"
  package let suffixes = ["tvips"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    guard head.count >= 8 else { return false }
    let size = UInt32(littleEndian: head.loadUnaligned(as: UInt32.self))
    let version = UInt32(littleEndian: head.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    return size == 256 && (1...2).contains(version)
      && (suffixes.contains(suffix) || head.dropFirst(52).starts(with: "TVIPS".utf8))
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    var reader = ByteReader(file, format: name, from: 4)
    func word() throws(FileRefusal) -> Int { Int(try reader.integer(UInt32.self, "the header")) }
    let version = try word()
    let width = try word()
    let height = try word()
    let bits = try word()
    try reader.seek(to: 40, "the header")
    let kilovolts = try word()
    try reader.skip(4, "the header")
    let stated = try word()
    let frameHeader = version == 2 ? stated : 12
    guard bits == 8 || bits == 16 else { throw reader.unsupported("\(bits) bits a pixel") }
    guard (12...65536).contains(frameHeader) else {
      throw reader.damaged("frame headers of \(frameHeader) bytes", at: 48)
    }
    let sample: SampleType = bits == 8 ? .uint8 : .uint16
    let pixelBytes = try limits.imageBytes(
      width: width, height: height, sampleBytes: sample.byteCount, format: name, at: 8)
    let stride = frameHeader + pixelBytes

    var parts = [TVIPSFrames.Part(file: file, start: 256, frames: max(0, (file.size - 256) / stride))]
    var isCut = file.size < 256 || (file.size - 256) % stride != 0
    for path in Self.followers(of: file.path) {
      // A frame never runs from one file into the next.
      guard !isCut, parts.count < limits.entries, let next = try? DiskFile(path: path) else { break }
      parts.append(TVIPSFrames.Part(file: next, start: 0, frames: next.size / stride))
      isCut = next.size % stride != 0
    }
    let frames = parts.reduce(0) { $0 + $1.frames }
    guard frames > 0 else {
      throw FileRefusal(.truncated, "TVIPS: no whole frame is there yet", offset: file.size)
    }
    var summary = FileSummary(
      format: name, width: width, height: height, sample: sample, frames: frames,
      declaredFrames: isCut ? frames + 1 : frames)
    if kilovolts > 0 && kilovolts <= 10_000 {
      summary.beam.voltageKilovolts = Sourced(Double(kilovolts), source: "header:40")
    }
    let image = StoredImage(width: width, height: height, stored: .plain(sample))
    return TVIPSFrames(summary: summary, image: image, parts: parts, frameHeader: frameHeader)
  }

  /// `x_001.tvips`, `x_002.tvips`, … after `x_000.tvips`.
  private static func followers(of path: String) -> some Sequence<String> {
    let stem = path.hasSuffix("_000.tvips") ? path.dropLast("000.tvips".count) : nil
    return sequence(state: 1) { number -> String? in
      guard let stem, number < 1000 else { return nil }
      defer { number += 1 }
      let digits = String(number)
      return stem + String(repeating: "0", count: 3 - digits.count) + digits + ".tvips"
    }
  }
}

/// The frames of all files of a recording.
final class TVIPSFrames: FrameSource {
  struct Part {
    var file: DiskFile
    var start: Int
    var frames: Int
  }

  let summary: FileSummary
  private let image: StoredImage
  private let parts: [Part]
  private let frameHeader: Int

  init(summary: FileSummary, image: StoredImage, parts: [Part], frameHeader: Int) {
    self.summary = summary
    self.image = image
    self.parts = parts
    self.frameHeader = frameHeader
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    var rest = index
    var part = 0
    while rest >= parts[part].frames {
      rest -= parts[part].frames
      part += 1
    }
    let offset = parts[part].start + rest * (frameHeader + image.byteCount) + frameHeader
    let pixels = try image.read(parts[part].file, at: offset, format: summary.format)
    return Frame(pixels: pixels, calibration: summary.calibration, beam: summary.beam, index: index)
  }
}
