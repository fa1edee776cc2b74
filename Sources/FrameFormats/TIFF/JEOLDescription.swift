import Diffraction

/// JEOL's camera programs describe the microscope in XML.
struct JEOLDescription {
  private let xml: XMLScan
  private let source = "tag:270:JEOL"

  init?(_ description: [UInt8]) {
    guard description.starts(with: "<?xml".utf8) else { return nil }
    xml = XMLScan(description)
    guard xml.text("AccelerationVoltage") != nil else { return nil }
  }

  private func positive(_ text: String?, _ factor: Double) -> Sourced<Double>? {
    guard let value = text.flatMap({ Double($0) }), value.isFinite, value > 0 else { return nil }
    return Sourced(value * factor, source: source)
  }

  private var lenses: XMLScan? { xml.elements("ImageFormingSystem").first.map { XMLScan($0) } }

  /// `eosTEM`, or `modeASID` where the beam scans.
  private var isParallelBeam: Bool { xml.text("EosMode") == "eosTEM" }

  var voltageKilovolts: Sourced<Double>? { positive(xml.text("AccelerationVoltage"), 1e-3) }

  var cameraLengthMillimetres: Sourced<Double>? {
    guard let lenses, isParallelBeam, lenses.text("ModeString") == "DIFF" else { return nil }
    let factors = ["mm": 1.0, "cm": 10, "m": 1000]
    return lenses.text("SelectorUnitString").flatMap { factors[$0] }
      .flatMap { positive(lenses.text("SelectorValue"), $0) }
  }

  /// Written `250.00 msec`.
  var exposureSeconds: Sourced<Double>? {
    guard let words = xml.text("ExposureTimeString")?.split(separator: " "), words.count == 2 else {
      return nil
    }
    let factors = ["usec": 1e-6, "msec": 1e-3, "sec": 1]
    return factors[String(words[1])].flatMap { positive(String(words[0]), $0) }
  }

  var items: [MetadataItem] {
    let names = [
      ("microscope", "Instruments"), ("mode", "ImageFormingMode"), ("camera", "Modelname"),
      ("alpha tilt", "TX"),
    ]
    return names.compactMap { name, element in
      guard let value = xml.text(element), !value.isEmpty else { return nil }
      return MetadataItem(name: name, value: value, unit: element == "TX" ? "°" : "", source: source)
    }
  }

  /// What a pixel means that is `stated` metres wide by the resolution of the file: a length on the sample, or
  /// in the pattern a scattering vector, pixel / (camera length x wavelength). The resolution is a rounded
  /// number of dots an inch; where it is far from what the camera says it was meant for a printer.
  func axis(pixel stated: Double) -> Sourced<AxisCalibration>? {
    var metres = stated
    let density = xml.elements("PixelsPerMeter").first.flatMap { XMLScan($0).text("Horizontal") }
    if let density = positive(density, 1)?.value, abs(stated * density - 1) > 0.02 { metres = 1 / density }
    guard let lenses, isParallelBeam, metres.isFinite, metres > 0 else { return nil }
    var axis: AxisCalibration?
    if let length = cameraLengthMillimetres?.value, let voltage = voltageKilovolts?.value,
      let wavelength = Electrons.wavelength(volts: voltage * 1000)
    {
      axis = AxisCalibration(scale: metres / (length * 1e-3 * wavelength * 0.1), unit: "1/nm")
    } else if lenses.text("ModeString") == "MAG", let times = positive(lenses.text("SelectorValue"), 1)?.value
    {
      axis = AxisCalibration(scale: metres / times * 1e9, unit: "nm")
    }
    return axis.map { Sourced($0, source: "\(source):pixel size and lens setting") }
  }
}
