import Diffraction

/// What the first directory says about calibration and origin.
struct TIFFMetadata {
  var calibration = Calibration()
  var beam = Beam()
  var items: [MetadataItem] = []
  var warnings: [String] = []
  var imageJ: ImageJDescription?

  init(_ directory: TIFFDirectory, _ reader: inout TIFFDirectoryReader, page: TIFFPage) throws(FileRefusal) {
    let description = try reader.text(directory, 270, limit: 64 << 10) ?? []
    imageJ = ImageJDescription(description)
    let names: [(UInt16, String)] = [
      (270, "description"), (271, "make"), (272, "model"), (305, "software"), (306, "date"),
    ]
    for (tag, name) in names {
      guard let text = try reader.text(directory, tag, limit: 4096) else { continue }
      let value = CleanText.utf8(text)
      if !value.isEmpty { items.append(MetadataItem(name: name, value: value, source: "tag:\(tag)")) }
    }
    let jeol = JEOLDescription(description)
    if let jeol {
      beam.voltageKilovolts = jeol.voltageKilovolts
      beam.cameraLengthMillimetres = jeol.cameraLengthMillimetres
      beam.exposureSeconds = jeol.exposureSeconds
      items += jeol.items
    }
    for tag: UInt16 in [34680, 34682] {
      if let text = try reader.text(directory, tag, limit: 256 << 10) {
        readThermoFisher(text, source: "tag:\(tag)")
      }
    }
    if let bytes = try reader.bytes(directory, 37706, limit: 8192), let tvips = TVIPSDescription(bytes) {
      beam.voltageKilovolts = tvips.voltageKilovolts
      beam.exposureSeconds = tvips.exposureSeconds
      items += tvips.items
    }
    let isGatan = directory.entries[65009] != nil
    if isGatan {
      calibration.x = try gatanAxis(directory, &reader, unit: 65003, origin: 65006, scale: 65009)
      calibration.y = try gatanAxis(directory, &reader, unit: 65004, origin: 65007, scale: 65010)
    }
    if calibration.x == nil { calibration.x = try imageJAxis(directory, &reader, resolution: 282) }
    if calibration.y == nil { calibration.y = try imageJAxis(directory, &reader, resolution: 283) }
    if let jeol {
      calibration.x = try pixelMetres(directory, &reader, resolution: 282).flatMap { jeol.axis(pixel: $0) }
      calibration.y = try pixelMetres(directory, &reader, resolution: 283).flatMap { jeol.axis(pixel: $0) }
    }
    if let axes = SinogramAxes(description: description) {
      let stated = axes.calibration(source: "tag:270")
      calibration.x = stated.x ?? calibration.x
      calibration.y = stated.y
      // Others an axis cannot say.
      if stated.y == nil { items.append(axes.item(source: "tag:270")) }
    }

    if isGatan && page.sample == .uint8 {
      warnings.append("8-bit export of a DigitalMicrograph display: intensities are not counts")
    }
    if page.isLossy { warnings.append("lossy compression: intensities are changed") }
    if page.stored == .bits1 { warnings.append("1-bit image: only black and white") }
  }

  /// Thermo Fisher's programs write sections of `key=value` lines.
  private mutating func readThermoFisher(_ text: [UInt8], source: String) {
    var section = ""
    for line in text.prefix(while: { $0 != 0 }).split(whereSeparator: { $0 == 10 || $0 == 13 }).prefix(5000) {
      if line.first == UInt8(ascii: "[") {
        section = CleanText.latin1(line, limit: 40)
        continue
      }
      guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let key = section + String(decoding: line[..<equals], as: UTF8.self)
      guard let value = Double(CleanText.latin1(line[(equals + 1)...], limit: 40)), value.isFinite, value > 0
      else { continue }
      switch key {
      case "[Beam]HV": beam.voltageKilovolts = Sourced(value / 1000, source: "\(source):[Beam] HV")
      case "[Scan]PixelWidth": calibration.x = Self.metres(value, "\(source):[Scan] PixelWidth")
      case "[Scan]PixelHeight": calibration.y = Self.metres(value, "\(source):[Scan] PixelHeight")
      case "[PrivateFei]DatabarHeight":
        warnings.append("the lowest \(Int(min(value, 1e6))) rows are a data bar and no image")
      default: break
      }
    }
  }

  private static func metres(_ value: Double, _ source: String) -> Sourced<AxisCalibration>? {
    AxisCalibration(scale: value, unit: "m").inUnitsOfTheField.map { Sourced($0, source: source) }
  }

  /// DigitalMicrograph's private tags: position = origin + index * scale, both in the unit.
  private func gatanAxis(
    _ directory: TIFFDirectory, _ reader: inout TIFFDirectoryReader, unit: UInt16, origin: UInt16,
    scale: UInt16
  ) throws(FileRefusal) -> Sourced<AxisCalibration>? {
    guard let step = try reader.number(directory, scale), step.isFinite, step != 0,
      let text = try reader.text(directory, unit, limit: 80)
    else { return nil }
    let name = CleanText.utf8(text, limit: 20)
    guard !name.isEmpty else { return nil }
    let start = try reader.number(directory, origin) ?? 0
    let axis = AxisCalibration(scale: step, origin: start.isFinite ? start : 0, unit: name)
    return Sourced(axis, source: "tag:\(scale)")
  }

  /// The size of a pixel where the resolution is that of the camera.
  private func pixelMetres(
    _ directory: TIFFDirectory, _ reader: inout TIFFDirectoryReader, resolution: UInt16
  ) throws(FileRefusal) -> Double? {
    guard let density = try reader.number(directory, resolution), density > 0 else { return nil }
    return switch try reader.integer(directory, 296) {
    case 2: 0.0254 / density
    case 3: 0.01 / density
    default: nil
    }
  }

  /// ImageJ keeps pixels per unit in the resolution. Without its description a resolution is for printers
  /// (72, 96, 300 dpi) and means nothing here.
  private func imageJAxis(
    _ directory: TIFFDirectory, _ reader: inout TIFFDirectoryReader, resolution: UInt16
  ) throws(FileRefusal) -> Sourced<AxisCalibration>? {
    guard let imageJ, let density = try reader.number(directory, resolution), density.isFinite, density > 0
    else { return nil }
    let isCentimetre = try reader.integer(directory, 296) == 3
    guard let unit = imageJ.unit ?? (isCentimetre ? "cm" : nil) else { return nil }
    return Sourced(AxisCalibration(scale: 1 / density, unit: unit), source: "ImageJ:tag:\(resolution)")
  }
}
