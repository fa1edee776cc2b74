import Diffraction

/// What Panta Rhei (CEOS) knows about an image: JSON text in an array of characters. All numbers are in SI
/// units; lists of axes begin with the fast one.
struct PantaRheiMetadata {
  static let member = "meta_data_json.npy"
  private let root: MetadataText
  private let source = "meta_data_json"

  /// Four bytes a character make this a megabyte of text.
  private static let limit = 4 << 20

  static func read(_ archive: ZIPArchive, _ member: ZIPArchive.Member, limits: ReadLimits)
    throws(FileRefusal) -> PantaRheiMetadata?
  {
    guard member.bytes <= limit else {
      throw FileRefusal(.tooLarge, "NPZ: metadata of \(member.bytes) bytes", offset: member.header)
    }
    let content = try ZIPContent(archive, member, format: "NPZ", limits: limits)
    try content.need(content.bytes)
    let end = content.start + content.bytes
    var reader = ByteReader(content.file, format: "NPZ", from: content.start, to: end)
    guard let array = try? NPYArray(&reader), let characters = array.header.characters,
      characters <= reader.remaining / 4
    else { return nil }
    reader.order = array.header.order
    var text = String.UnicodeScalarView()
    for _ in 0..<characters { text.append(Unicode.Scalar(try reader.integer(UInt32.self)) ?? "?") }
    guard let root = MetadataText(Array(String(text).utf8)) else { return nil }
    return PantaRheiMetadata(root: root[0] ?? root)
  }

  private init(root: MetadataText) { self.root = root }

  private func number(_ key: String) -> Double? { root[key]?.number }

  private func positive(_ key: String, _ factor: Double) -> Sourced<Double>? {
    number(key).flatMap { $0 > 0 ? Sourced($0 * factor, source: "\(source):\(key)") : nil }
  }

  func describe(_ summary: inout FileSummary) throws(FileRefusal) {
    try checkAxes(summary)
    if var voltage = positive("electron_gun.voltage", 1e-3) {
      let offset = number("filter.ht_offset") ?? number("electron_gun.voltage_offset") ?? 0
      voltage.value += offset / 1000
      summary.beam.voltageKilovolts = voltage
    }
    summary.beam.convergenceMilliradians = positive("condenser.convergence_semi_angle", 1e3)
    summary.beam.cameraLengthMillimetres = positive("projector.camera_length", 1e3)
    summary.calibration = Calibration(x: axis(0), y: axis(1))
    if summary.scan != nil {
      for (index, label) in [(2, "scan step x"), (3, "scan step y")] {
        guard let step = axis(index) else { continue }
        summary.metadata.append(
          MetadataItem(
            name: label, value: String(step.value.scale), unit: step.value.unit, source: step.source))
      }
    }
    let isScanned = root["source.type"]?.text == "scan_generator"
    let items = [
      ("title", "repo_id", ""), ("comment", "comment", ""), ("date", "acquisition.time", ""),
      ("source", "source.type", ""), ("detector", "scan_generator.detector", ""),
      ("dwell time", "scan_generator.dwell_time", "s"), ("illumination", "condenser.mode", ""),
      ("magnification", isScanned ? "scan_driver.magnification" : "projector.magnification", ""),
    ]
    for (name, key, unit) in items {
      guard let value = root[key]?.text, !value.isEmpty, value != "null" else { continue }
      summary.metadata.append(
        MetadataItem(name: name, value: value, unit: unit, source: "\(source):\(key)"))
    }
  }

  /// Where the kinds of axes are named, the fast ones have to be those of an image.
  private func checkAxes(_ summary: FileSummary) throws(FileRefusal) {
    guard let list = root["content.types"]?.items else { return }
    let kinds = list.prefix(8).map { $0.text ?? "" }
    guard let spectral = kinds.first(where: { ["Energy", "Pixel", "PlotIndex"].contains($0) }) else {
      if kinds.contains("CameraX"), kinds.first != "CameraX" {
        throw FileRefusal(.unsupported, "NPZ: the pixels of a pattern are spread through the scan")
      }
      return
    }
    throw FileRefusal(.unsupported, "NPZ: spectra along \(spectral), not images")
  }

  private func axis(_ index: Int) -> Sourced<AxisCalibration>? {
    guard let calibration = root["device.calib"]?[index], let value = calibration["value"]?.number,
      value != 0,
      let unit = calibration["unit"]?.text
    else { return nil }
    let origin = (calibration["offset"]?.number ?? 0) * value
    let axis = AxisCalibration(
      scale: value * (calibration["pixel_factor"]?.number ?? 1), origin: origin, unit: String(unit.prefix(20))
    )
    return axis.inUnitsOfTheField.map { Sourced($0, source: "\(source):device.calib") }
  }
}
