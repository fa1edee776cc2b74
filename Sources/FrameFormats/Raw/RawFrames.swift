import Diffraction

/// What a person says about a file of bare numbers; nothing of it is ever guessed.
package struct RawLayout: Sendable, Equatable {
  package var width: Int
  package var height: Int
  package var sample: SampleType
  package var isBigEndian: Bool
  /// Bytes before the first frame, and between two frames.
  package var headerBytes: Int
  package var gapBytes: Int
  package var scan: ScanShape?

  package init(
    width: Int, height: Int, sample: SampleType, isBigEndian: Bool = false, headerBytes: Int = 0,
    gapBytes: Int = 0,
    scan: ScanShape? = nil
  ) {
    self.width = width
    self.height = height
    self.sample = sample
    self.isBigEndian = isBigEndian
    self.headerBytes = headerBytes
    self.gapBytes = gapBytes
    self.scan = scan
  }
}

extension RawLayout {
  /// `256x256:uint16`, `128x130:float32:512:16` (header, gap in bytes), `256x256:>uint16` with the big end
  /// first.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...4).contains(parts.count) else { return nil }
    let sides = parts[0].split(separator: "x").compactMap { Int($0) }
    let isBigEndian = parts[1].hasPrefix(">")
    let type = parts[1].drop { $0 == ">" || $0 == "<" }
    let skipped = parts[2...].compactMap { Int($0) }
    guard sides.count == 2, sides.allSatisfy({ $0 > 0 }), let sample = SampleType(rawValue: String(type)),
      skipped.count == parts.count - 2, skipped.allSatisfy({ $0 >= 0 })
    else { return nil }
    self.init(
      width: sides[0], height: sides[1], sample: sample, isBigEndian: isBigEndian,
      headerBytes: skipped.first ?? 0, gapBytes: skipped.count > 1 ? skipped[1] : 0)
  }
}

extension FormatList {
  /// Opens a file of bare numbers as the user describes it.
  package static func open(path: String, as layout: RawLayout, limits: ReadLimits = ReadLimits())
    throws(FileRefusal) -> any FrameSource
  {
    let file = try DiskFile(path: path)
    let bytes = try limits.imageBytes(
      width: layout.width, height: layout.height, sampleBytes: layout.sample.byteCount, format: "raw")
    guard layout.headerBytes >= 0, layout.gapBytes >= 0, layout.headerBytes <= file.size,
      layout.gapBytes <= file.size
    else { throw FileRefusal(.truncated, "raw: the file ends before the first frame", offset: file.size) }
    let stride = bytes + layout.gapBytes
    let present = FixedFrames.count(
      in: file.size, start: layout.headerBytes, stride: stride, frameBytes: bytes)
    guard present > 0 else {
      throw FileRefusal(.truncated, "raw: no whole frame of \(bytes) bytes is there", offset: file.size)
    }
    var summary = FileSummary(
      format: "raw", width: layout.width, height: layout.height, sample: layout.sample, frames: present)
    let rest = file.size - layout.headerBytes - present * stride
    if let scan = layout.scan {
      guard scan.width > 0, scan.height > 0, let points = checkedProduct(scan.width, scan.height) else {
        throw FileRefusal(.damaged, "raw: a scan of \(scan.width) x \(scan.height) points")
      }
      summary.scan = Sourced(scan, source: "user")
      summary.frames = min(present, points)
      summary.declaredFrames = points
    } else if rest > 0 {
      summary.declaredFrames = present + 1
    }
    if rest > 0 { summary.warnings.append("\(rest) bytes at the end do not make a frame of \(bytes)") }
    let image = StoredImage(
      width: layout.width, height: layout.height, stored: .plain(layout.sample),
      order: layout.isBigEndian ? .big : .little)
    return FixedFrames(file, summary: summary, image: image, start: layout.headerBytes, stride: stride)
  }
}
