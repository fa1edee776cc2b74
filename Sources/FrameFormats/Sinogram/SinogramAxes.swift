import Diffraction

/// What a file says of projections that it holds row by row: the tilt of each and the place of a pixel. In the
/// description of a TIFF these are lines such as `angles_deg=0,60,120`, `pixel_r0=0.1`, `first_pixel_r0=-6.6`.
package struct SinogramAxes: Sendable, Equatable {
  package var degrees: [Double]
  package var pitch: Double?
  package var start: Double

  package init(degrees: [Double], pitch: Double?, start: Double) {
    self.degrees = degrees
    self.pitch = pitch
    self.start = start
  }

  /// Nil where a description names no angles.
  init?(description: [UInt8]) {
    var values: [String: [Double]] = [:]
    for line in description.prefix(while: { $0 != 0 }).split(whereSeparator: { $0 == 10 || $0 == 13 }).prefix(
      100)
    {
      guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let key = String(decoding: line[..<equals], as: UTF8.self)
      let words = line[(equals + 1)...].split(separator: UInt8(ascii: ","))
      let numbers = words.compactMap { Double(String(decoding: $0, as: UTF8.self)) }.filter(\.isFinite)
      if numbers.count == words.count { values[key] = numbers }
    }
    guard let degrees = values["angles_deg"], !degrees.isEmpty else { return nil }
    self.init(
      degrees: degrees, pitch: values["pixel_r0"]?.first.flatMap { $0 > 0 ? $0 : nil },
      start: values["first_pixel_r0"]?.first ?? 0)
  }

  package var description: String {
    var text = "angles_deg=\(degrees.map { "\($0)" }.joined(separator: ","))\n"
    if let pitch { text += "pixel_r0=\(pitch)\nfirst_pixel_r0=\(start)\n" }
    return text
  }

  static let itemName = "tilts"

  /// The tilts in words, which an engine reads of a series.
  func item(source: String) -> MetadataItem {
    MetadataItem(
      name: Self.itemName, value: degrees.map { "\($0)" }.joined(separator: ", "), unit: "deg", source: source
    )
  }

  /// Tilts at even steps are an axis of the rows; others an axis cannot say.
  func calibration(source: String) -> Calibration {
    var calibration = Calibration()
    if let pitch {
      calibration.x = Sourced(AxisCalibration(scale: pitch, origin: start, unit: "r0"), source: source)
    }
    if degrees.count > 1 {
      let step = degrees[1] - degrees[0]
      let isEven = degrees.indices.allSatisfy {
        (degrees[0] + step * Double($0) - degrees[$0]).magnitude < 1e-6 * max(1, step.magnitude)
      }
      if isEven, step != 0 {
        calibration.y = Sourced(AxisCalibration(scale: step, origin: degrees[0], unit: "deg"), source: source)
      }
    }
    return calibration
  }
}
