import Diffraction

/// `<date>_<number>_info.txt` beside `<date>_<number>_movie.mrc`: where Direct Electron writes the scan.
struct DirectElectronInfo {
  private let values: [String: String]
  private let source: String

  init?(besides path: String) {
    guard path.hasSuffix("_movie.mrc") else { return nil }
    let name = path.dropLast("_movie.mrc".count) + "_info.txt"
    guard let file = try? DiskFile(path: String(name)), let bytes = try? file.bytes(at: 0, upTo: 256 << 10)
    else {
      return nil
    }
    var values: [String: String] = [:]
    for line in bytes.split(whereSeparator: { $0 == 10 || $0 == 13 }).prefix(5000) {
      guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
      values[CleanText.utf8(line[..<equals], limit: 100)] = CleanText.utf8(line[(equals + 1)...], limit: 200)
    }
    self.values = values
    source = "sidecar:\(name.split(separator: "/").last.map(String.init) ?? "info")"
  }

  /// -1 means unknown here.
  private func positive(_ key: String) -> Double? {
    guard let value = values[key].flatMap({ Double($0) }), value.isFinite, value > 0 else { return nil }
    return value
  }

  func describe(_ summary: inout FileSummary) {
    if let volts = positive("Instrument Accelerating Voltage (V)") {
      summary.beam.voltageKilovolts = Sourced(volts / 1000, source: source)
    }
    if let centimetres = positive("Instrument Project Camera Length (centimeters)") {
      summary.beam.cameraLengthMillimetres = Sourced(centimetres * 10, source: source)
    }
    if let x = positive("Diffraction Pixel Size X"), let y = positive("Diffraction Pixel Size Y") {
      summary.calibration = Calibration(
        x: Sourced(AxisCalibration(scale: x, unit: "1/nm"), source: source),
        y: Sourced(AxisCalibration(scale: y, unit: "1/nm"), source: source))
    }
    guard values["Scan - Enable"] != "Disable", (values["Scan - Type"] ?? "Raster").hasPrefix("Raster") else {
      return
    }
    let part = values["Scan - ROI Enable"] == "Enable" ? "Scan - ROI Size" : "Scan - Size"
    guard let width = positive("\(part) X"), let height = positive("\(part) Y"), width < 65536, height < 65536
    else {
      return
    }
    let shape = ScanShape(width: Int(width), height: Int(height))
    if shape.count >= summary.declaredFrames {
      summary.scan = Sourced(shape, source: source)
      summary.declaredFrames = max(summary.declaredFrames, shape.count)
    } else {
      summary.warnings.append(
        "\(summary.declaredFrames) images, but a scan of \(shape.width) x \(shape.height) points")
    }
  }
}
