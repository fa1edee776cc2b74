import Diffraction

/// Thermo Fisher Velox: `/Data/Image/<id>/Data` of rows, columns, frames, and JSON text beside it.
enum VeloxLayout {
  static func open(_ images: HDF5Group, _ file: DiskFile, _ limits: ReadLimits) throws(FileRefusal)
    -> HDF5Frames
  {
    var best: (group: HDF5Group, data: HDF5Dataset, size: Int)?
    var count = 0
    for name in images.names() {
      guard let group = images.group(name), let data = try group.dataset("Data") else { continue }
      let shape = data.shape
      guard shape.count == 3, let size = checkedProduct(shape[0], shape[1], shape[2]) else { continue }
      count += 1
      if size > best?.size ?? 0 { best = (group, data, size) }
    }
    guard let best else { throw FileRefusal(.damaged, "Velox: no image in the file") }
    return try HDF5Frames(file, datasets: [best.data], axes: .patternFirst, format: "Velox", limits: limits) {
      summary throws(FileRefusal) in
      if count > 1 { summary.warnings.append("\(count) images in the file: the largest is taken") }
      if let json = try metadata(best.group) { describe(&summary, json) }
    }
  }

  /// The text of the first frame: a column of bytes, padded with NUL.
  private static func metadata(_ group: HDF5Group) throws(FileRefusal) -> MetadataText? {
    guard let dataset = try group.dataset("Metadata") else { return nil }
    let shape = dataset.shape
    guard shape.count == 2, shape[0] > 0, shape[1] > 0, shape[0] <= 1 << 20, (try? dataset.sample()) == .uint8
    else {
      return nil
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: shape[0], alignment: 16)
    defer { memory.deallocate() }
    do throws(FileRefusal) {
      try dataset.read(from: [0, 0], count: [shape[0], 1], as: .uint8, into: memory)
    } catch {
      return nil
    }
    return MetadataText(Array(memory.prefix { $0 != 0 }))
  }

  private static func describe(_ summary: inout FileSummary, _ json: MetadataText) {
    func number(_ group: String, _ name: String, _ factor: Double) -> Sourced<Double>? {
      guard let value = json[group]?[name]?.number, value > 0 else { return nil }
      return Sourced(value * factor, source: "\(group).\(name)")
    }
    summary.beam.voltageKilovolts = number("Optics", "AccelerationVoltage", 1e-3)
    summary.beam.cameraLengthMillimetres = number("Optics", "CameraLength", 1e3)
    summary.beam.convergenceMilliradians = number("Optics", "BeamConvergence", 1e3)
    let detector = json["BinaryResult"]?["Detector"]?.text
    for (name, fields) in json["Detectors"]?.members ?? [] {
      if let own = fields["DetectorName"]?.text, let detector, own != detector { continue }
      guard let seconds = fields["ExposureTime"]?.number, seconds > 0 else { continue }
      summary.beam.exposureSeconds = Sourced(
        seconds, source: "Detectors.\(CleanText.clean(name, limit: 40)).ExposureTime")
      break
    }
    func axis(_ side: String, _ unitKey: String) -> Sourced<AxisCalibration>? {
      let result = json["BinaryResult"]
      guard let value = result?["PixelSize"]?[side]?.number, value > 0, let unit = result?[unitKey]?.text
      else { return nil }
      let source = "BinaryResult.PixelSize.\(side)"
      return AxisCalibration(scale: value, unit: unit).inUnitsOfTheField.map { Sourced($0, source: source) }
    }
    summary.calibration = Calibration(x: axis("width", "PixelUnitX"), y: axis("height", "PixelUnitY"))
    let items = [
      ("microscope", "Instrument", "InstrumentModel"), ("detector", "BinaryResult", "Detector"),
      ("illumination", "Optics", "IlluminationMode"), ("spot", "Optics", "SpotIndex"),
    ]
    for (name, group, key) in items {
      guard let value = json[group]?[key]?.text, !value.isEmpty else { continue }
      summary.metadata.append(MetadataItem(name: name, value: value, source: "\(group).\(key)"))
    }
  }
}
