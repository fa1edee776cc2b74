import Diffraction

/// Writes the values of a message between the two processes, which are always the same program.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ value: Int) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ value: Double) { put(Int(bitPattern: UInt(value.bitPattern))) }

  mutating func put(_ text: String) {
    let utf8 = Array(text.utf8)
    put(utf8.count)
    bytes.append(contentsOf: utf8)
  }

  mutating func put<T>(_ value: T?, _ body: (inout WireWriter, T) -> Void) {
    put(value == nil ? 0 : 1)
    if let value { body(&self, value) }
  }

  mutating func put<T>(_ values: [T], _ body: (inout WireWriter, T) -> Void) {
    put(values.count)
    for value in values { body(&self, value) }
  }
}

/// Reads a message; the other side may have been damaged by the file it read, so nothing is believed.
struct WireReader {
  struct Broken: Error {}

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func int() throws(Broken) -> Int {
    guard bytes.count - position >= 8 else { throw Broken() }
    defer { position += 8 }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Int.self) }
  }

  mutating func double() throws(Broken) -> Double { Double(bitPattern: UInt64(UInt(bitPattern: try int()))) }

  mutating func text() throws(Broken) -> String {
    let count = try int()
    guard count >= 0, count <= bytes.count - position else { throw Broken() }
    defer { position += count }
    return String(decoding: bytes[position..<(position + count)], as: UTF8.self)
  }

  mutating func optional<T>(_ body: (inout WireReader) throws(Broken) -> T) throws(Broken) -> T? {
    try int() == 0 ? nil : try body(&self)
  }

  mutating func array<T>(_ body: (inout WireReader) throws(Broken) -> T) throws(Broken) -> [T] {
    let count = try int()
    guard count >= 0, count <= bytes.count - position else { throw Broken() }
    var values: [T] = []
    for _ in 0..<count { values.append(try body(&self)) }
    return values
  }
}

// MARK: - The words of the field

extension WireWriter {
  mutating func put(_ value: Sourced<Double>) {
    put(value.value)
    put(value.source)
  }

  mutating func put(_ axis: Sourced<AxisCalibration>) {
    put(axis.value.scale)
    put(axis.value.origin)
    put(axis.value.unit)
    put(axis.source)
  }

  mutating func put(_ calibration: Calibration) {
    put(calibration.x) { $0.put($1) }
    put(calibration.y) { $0.put($1) }
  }

  mutating func put(_ beam: Beam) {
    for value in [
      beam.voltageKilovolts, beam.convergenceMilliradians, beam.cameraLengthMillimetres, beam.exposureSeconds,
    ] {
      put(value) { $0.put($1) }
    }
  }

  mutating func put(_ summary: FileSummary) {
    put(summary.format)
    put(summary.width)
    put(summary.height)
    put(summary.sample.rawValue)
    put(summary.frames)
    put(summary.declaredFrames)
    put(summary.scan) {
      $0.put($1.value.width)
      $0.put($1.value.height)
      $0.put($1.source)
    }
    put(summary.calibration)
    put(summary.beam)
    put(summary.metadata) {
      $0.put($1.name)
      $0.put($1.value)
      $0.put($1.unit)
      $0.put($1.source)
    }
    put(summary.warnings) { $0.put($1) }
  }

  /// Everything but the pixels, which travel beside the message.
  mutating func put(_ frame: Frame) {
    put(frame.pixels.width)
    put(frame.pixels.height)
    put(frame.pixels.sample.rawValue)
    put(frame.calibration)
    put(frame.beam)
    put(frame.index)
  }

  mutating func put(_ refusal: FileRefusal) {
    put(refusal.kind.rawValue)
    put(refusal.reason)
    put(refusal.offset) { $0.put($1) }
  }

  mutating func put(_ limits: ReadLimits) {
    put(limits.pixels)
    put(limits.frameBytes)
    put(limits.entries)
  }
}

extension WireReader {
  mutating func number() throws(Broken) -> Sourced<Double> { Sourced(try double(), source: try text()) }

  mutating func axis() throws(Broken) -> Sourced<AxisCalibration> {
    let (scale, origin, unit) = (try double(), try double(), try text())
    return Sourced(AxisCalibration(scale: scale, origin: origin, unit: unit), source: try text())
  }

  mutating func calibration() throws(Broken) -> Calibration {
    let x = try optional { reader throws(Broken) in try reader.axis() }
    let y = try optional { reader throws(Broken) in try reader.axis() }
    return Calibration(x: x, y: y)
  }

  mutating func beam() throws(Broken) -> Beam {
    var beam = Beam()
    beam.voltageKilovolts = try optional { reader throws(Broken) in try reader.number() }
    beam.convergenceMilliradians = try optional { reader throws(Broken) in try reader.number() }
    beam.cameraLengthMillimetres = try optional { reader throws(Broken) in try reader.number() }
    beam.exposureSeconds = try optional { reader throws(Broken) in try reader.number() }
    return beam
  }

  mutating func sample() throws(Broken) -> SampleType {
    guard let sample = SampleType(rawValue: try text()) else { throw Broken() }
    return sample
  }

  mutating func summary() throws(Broken) -> FileSummary {
    let (format, width, height) = (try text(), try int(), try int())
    let (sample, frames, declared) = (try sample(), try int(), try int())
    guard width > 0, height > 0, frames >= 0 else { throw Broken() }
    let scan = try optional { reader throws(Broken) -> Sourced<ScanShape> in
      let shape = ScanShape(width: try reader.int(), height: try reader.int())
      return Sourced(shape, source: try reader.text())
    }
    let (calibration, beam) = (try calibration(), try beam())
    let metadata = try array { reader throws(Broken) -> MetadataItem in
      let (name, value, unit) = (try reader.text(), try reader.text(), try reader.text())
      return MetadataItem(name: name, value: value, unit: unit, source: try reader.text())
    }
    let warnings = try array { reader throws(Broken) in try reader.text() }
    return FileSummary(
      format: format, width: width, height: height, sample: sample, frames: frames, declaredFrames: declared,
      scan: scan,
      calibration: calibration, beam: beam, metadata: metadata, warnings: warnings)
  }

  mutating func refusal() throws(Broken) -> FileRefusal {
    guard let kind = FileRefusal.Kind(rawValue: try text()) else { throw Broken() }
    let reason = CleanText.clean(try text())
    return FileRefusal(kind, reason, offset: try optional { reader throws(Broken) in try reader.int() })
  }

  mutating func limits() throws(Broken) -> ReadLimits {
    ReadLimits(pixels: try int(), frameBytes: try int(), entries: try int())
  }
}
