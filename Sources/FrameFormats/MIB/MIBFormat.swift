import Diffraction

/// Quantum Detectors Merlin: frames one after another, each with its own text header, bottom row first. A long
/// recording may be spread over several files.
package struct MIBFormat: DiskFormat {
  package let name = "MIB"
  package let suffixes = ["mib"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    head.starts(with: "MQ1,".utf8)
  }

  package func companions(of path: String) -> [String] {
    path.lastIndex(of: ".").map { ["\(path[..<$0]).hdr"] } ?? []
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    let header = try MIBHeader(file, at: 0)
    let raw = header.type == "R64" ? try MIBRaw(header) : nil
    let samples: [String: SampleType] = ["U08": .uint8, "U16": .uint16, "U32": .uint32]
    guard let sample = raw?.sample ?? samples[header.type] else {
      throw FileRefusal(.unsupported, "MIB: pixels of type \"\(header.type)\"", offset: 29)
    }
    let width = raw?.width ?? header.width
    let height = raw?.height ?? header.height
    let decoded = try limits.imageBytes(
      width: width, height: height, sampleBytes: sample.byteCount, format: name, at: 18)
    let pixelBytes = raw?.storedBytes ?? decoded
    let stride = header.bytes + pixelBytes
    let parts = MIBParts(of: file.path)
    try parts?.checkIsFirst(header, stride: stride)
    let files = [file] + (parts?.followers(of: file, header, stride: stride) ?? [])
    let frames = files.reduce(0) { $0 + $1.size / stride }
    guard file.size >= stride else {
      throw FileRefusal(
        .truncated, "MIB: \(file.size) of the \(stride) bytes of the first frame are there", offset: file.size
      )
    }
    var summary = FileSummary(
      format: name, width: width, height: height, sample: sample, frames: frames,
      declaredFrames: files.last.map { $0.size % stride == 0 } == true ? frames : frames + 1)
    if let exposure = header.exposure, exposure.isFinite, exposure > 0 {
      summary.beam.exposureSeconds = Sourced(exposure, source: "frame header")
    }
    if !header.date.isEmpty {
      summary.metadata.append(MetadataItem(name: "date", value: header.date, source: "frame header"))
    }
    if files.count > 1 {
      summary.metadata.append(
        MetadataItem(name: "files", value: String(files.count), source: "running number of the frames"))
    }
    if let companion = parts?.companion ?? MIBCompanion(besides: file.path) {
      Self.describe(&summary, companion)
    }
    var looks = limits.entries
    for file in files where looks > 0 {
      let count = min(file.size / stride, looks)
      if let gap = try Self.firstGap(file, stride: stride, frames: count) { summary.warnings.append(gap) }
      looks -= count
    }
    let sources = files.map { file in
      var part = summary
      part.frames = file.size / stride
      return Self.source(file, part, header, raw, sample, stride: stride)
    }
    return sources.count == 1 ? sources[0] : JoinedFrames(summary, parts: sources)
  }

  private static func source(
    _ file: DiskFile, _ summary: FileSummary, _ header: MIBHeader, _ raw: MIBRaw?, _ sample: SampleType,
    stride: Int
  ) -> any FrameSource {
    let check = { (index: Int) throws(FileRefusal) -> Void in
      let offset = index * stride
      guard try file.bytes(at: offset + MIBHeader.shapeStart, upTo: header.shape.count) == header.shape,
        try file.bytes(at: offset, upTo: 4).elementsEqual("MQ1,".utf8)
      else {
        throw FileRefusal(.damaged, "MIB: frame \(index) has another header than the first", offset: offset)
      }
    }
    if let raw {
      return MIBRawFrames(file, summary: summary, raw: raw, start: header.bytes, stride: stride, check: check)
    }
    let image = StoredImage(
      width: summary.width, height: summary.height, stored: .plain(sample), order: .big, rows: .bottomFirst)
    return FixedFrames(
      file, summary: summary, image: image, start: header.bytes, stride: stride, check: check)
  }

  private static func describe(_ summary: inout FileSummary, _ companion: MIBCompanion) {
    let stated = companion.positive("Frames in Acquisition (Number)") ?? 0
    summary.declaredFrames = max(summary.declaredFrames, stated)
    if stated > 0 && summary.frames > stated {
      summary.warnings.append("\(summary.frames) frames, but \(stated) were ordered")
    }
    var shape: ScanShape?
    if let width = companion.positive("ScanX"), let height = companion.positive("ScanY") {
      shape = ScanShape(width: width, height: height)
    } else if let line = companion.positive("Frames per Trigger (Number)"), line > 1, stated > line,
      stated % line == 0
    {
      shape = ScanShape(width: line, height: stated / line)
    }
    if let shape, shape.width <= 1 << 20, shape.height <= 1 << 20 {
      if shape.count >= summary.frames {
        summary.scan = Sourced(shape, source: companion.source)
        summary.declaredFrames = max(summary.declaredFrames, shape.count)
      } else {
        summary.warnings.append(
          "\(summary.frames) frames, but a scan of \(shape.width) x \(shape.height) points")
      }
    }
    for key in ["Thresholds (keV)", "Sensor Bias (V)", "Software Version"] {
      if let value = companion[key], !value.isEmpty {
        summary.metadata.append(MetadataItem(name: key, value: value, source: companion.source))
      }
    }
  }

  /// The running number of each frame tells whether the computer kept up with the detector.
  private static func firstGap(_ file: DiskFile, stride: Int, frames: Int) throws(FileRefusal) -> String? {
    var last: Int?
    var lost = 0
    var first: String?
    for index in 0..<frames {
      let head = try file.bytes(at: index * stride + 4, upTo: 6)
      guard let number = Int(String(decoding: head, as: UTF8.self)) else { return first }
      // Six digits: after 999999 the counter starts again.
      if let last, number > last + 1 {
        lost += number - last - 1
        if first == nil { first = "frames were dropped: the counter jumps from \(last) to \(number)" }
      }
      last = number
    }
    return first.map { "\($0) (\(lost) missing in all)" }
  }
}
