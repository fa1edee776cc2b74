import Diffraction

/// Thermo Fisher's extended header: one packed record an image, of which the first speaks for all.
struct FEIExtendedHeader {
  private var beam = Beam()
  private var pixel: (x: Double, y: Double)?
  private var isDiffraction = false
  private var items: [MetadataItem] = []
  private let type: String

  init?(_ file: DiskFile, _ header: MRCHeader) throws(FileRefusal) {
    type = header.extendedType
    guard type == "FEI1" || type == "FEI2", header.extendedBytes >= 768 else { return nil }
    var reader = ByteReader(file, format: "MRC", order: .little, from: 1024, to: 1024 + header.extendedBytes)
    let length: Int32 = try reader.integer()
    guard length >= 768, Int(length) <= header.extendedBytes else { return nil }
    func number(at offset: Int) throws(FileRefusal) -> Double {
      try reader.seek(to: 1024 + offset)
      return try reader.float64()
    }
    func integer(at offset: Int) throws(FileRefusal) -> Int {
      try reader.seek(to: 1024 + offset)
      return Int(try reader.integer(Int32.self))
    }
    func text(at offset: Int) throws(FileRefusal) -> String {
      try reader.seek(to: 1024 + offset)
      return CleanText.latin1(try reader.bytes(16))
    }
    func positive(_ offset: Int, _ factor: Double) throws(FileRefusal) -> Sourced<Double>? {
      let value = try number(at: offset)
      return value.isFinite && value > 0
        ? Sourced(value * factor, source: "\(header.extendedType):\(offset)") : nil
    }
    beam.voltageKilovolts = try positive(84, 1e-3)
    beam.cameraLengthMillimetres = try positive(301, 1e3)
    beam.convergenceMilliradians = try positive(329, 1e3)
    beam.exposureSeconds = try positive(419, 1)
    let x = try number(at: 156)
    let y = try number(at: 164)
    if x.isFinite, y.isFinite, x > 0, y > 0 { pixel = (x, y) }
    // A picture that a STEM detector scanned is real space although the lenses show diffraction.
    let detector = try text(at: 519)
    isDiffraction = try integer(at: 248) == 1 && detector.isEmpty
    for (offset, name) in [(20, "microscope"), (435, "camera"), (519, "STEM detector")] {
      let value = try text(at: offset)
      if !value.isEmpty { items.append(MetadataItem(name: name, value: value, source: "\(type):\(offset)")) }
    }
  }

  func describe(_ summary: inout FileSummary) {
    summary.beam = beam
    summary.metadata += items
    guard let pixel else { return }
    func axis(_ metres: Double, _ offset: Int) -> Sourced<AxisCalibration> {
      let axis =
        isDiffraction
        ? AxisCalibration(scale: metres * 1e-9, unit: "1/nm")
        : AxisCalibration(scale: metres * 1e9, unit: "nm")
      return Sourced(axis, source: "\(type):\(offset)")
    }
    summary.calibration = Calibration(x: axis(pixel.x, 156), y: axis(pixel.y, 164))
  }
}
