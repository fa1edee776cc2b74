import Diffraction
import System
import FrameFormats

// The words of the field, as one process writes them and the other reads them.

extension MessageWriter {
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

  mutating func put(_ frame: Frame) {
    put(frame.pixels)
    put(frame.calibration)
    put(frame.beam)
    put(frame.index)
  }

  mutating func put(_ refusal: FileRefusal) {
    put(refusal.kind.rawValue)
    put(refusal.reason)
    put(refusal.offset) { $0.put($1) }
  }

  mutating func put(_ identity: FileIdentity) {
    put(Int(bitPattern: UInt(identity.device)))
    put(Int(bitPattern: UInt(identity.inode)))
    put(Int(identity.size))
    put(Int(identity.modified))
  }

  mutating func put(_ limits: ReadLimits) {
    put(limits.pixels)
    put(limits.frameBytes)
    put(limits.entries)
  }
}

extension MessageReader {
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

  mutating func frame() throws(Broken) -> Frame {
    let pixels = try pixels()
    let (calibration, beam) = (try calibration(), try beam())
    return Frame(pixels: pixels, calibration: calibration, beam: beam, index: try int())
  }

  mutating func refusal() throws(Broken) -> FileRefusal {
    guard let kind = FileRefusal.Kind(rawValue: try text()) else { throw Broken() }
    let reason = CleanText.clean(try text())
    return FileRefusal(kind, reason, offset: try optional { reader throws(Broken) in try reader.int() })
  }

  mutating func identity() throws(Broken) -> FileIdentity {
    let (device, inode) = (UInt64(UInt(bitPattern: try int())), UInt64(UInt(bitPattern: try int())))
    return FileIdentity(device: device, inode: inode, size: Int64(try int()), modified: Int64(try int()))
  }

  mutating func limits() throws(Broken) -> ReadLimits {
    ReadLimits(pixels: try int(), frameBytes: try int(), entries: try int())
  }
}
