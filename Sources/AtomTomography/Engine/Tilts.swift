import Analysis
import Diffraction

/// The tilts of a series: as the settings say, or as the file states them.
enum Tilts {
  /// In the metadata of a series under this name, with commas between.
  static let item = "tilts"

  /// `calibration` states those at even steps.
  static func degrees(
    _ count: Int, of subject: Subject, _ parameters: ParameterValues, rows axis: AxisCalibration?,
    what: String
  ) throws -> [Double] {
    var stated: [Double]?
    if let axis, axis.unit == "deg" { stated = (0..<count).map { axis.origin + axis.scale * Double($0) } }
    if case .scan(let source) = subject,
      let item = source.summary.metadata.first(where: { $0.name == item && $0.unit == "deg" })
    {
      let words = item.value.split(separator: ",")
      let angles = words.compactMap { Double($0.drop { $0 == " " }) }.filter { $0.magnitude <= 360 }
      if angles.count == words.count, angles.count > 1 { stated = angles }
    }
    guard let angles = try parameters[TomographySettings.angles] ?? stated else {
      throw FrameObstacle(
        Reason(.tilts, "tilts are not known: the file states none; give them with --angles-deg, one \(what)"))
    }
    guard angles.count == count else {
      throw FrameObstacle(
        Reason(.tilts, "\(angles.count) tilts for \(count) \(what)s: each \(what) is one projection"))
    }
    for (index, angle) in angles.enumerated() {
      guard let other = angles[..<index].first(where: { isSame($0, angle) }) else { continue }
      throw FrameObstacle(
        Reason(.tilts, "tilts \(other.short) and \(angle.short) see the same: a projection is there twice"))
    }
    return angles
  }

  private static func isSame(_ a: Double, _ b: Double) -> Bool {
    let turn = ((a - b) / 180 - ((a - b) / 180).rounded()).magnitude * 180
    return turn < 0.1
  }
}
