import Diffraction

/// A file whose content states no tilts, but its name does, `crystal_0_60_120deg.tif`, or a list beside it: `crystal.tlt` or
/// `crystal.rawtlt` with a tilt a line, as programs for tilt series write them. They are those of its rows, or of a
/// stack's images.
final class NamedTilts: FrameSource {
  let summary: FileSummary
  private let source: any FrameSource
  private let axis: Sourced<AxisCalibration>?

  /// Nil where nothing is said, or of another number of rows or images.
  init?(_ source: any FrameSource, path: String) {
    let isStack = 2...Self.mostTilts ~= source.summary.frames
    guard isStack || source.summary.frames == 1,
      source.summary.calibration.y?.value.unit != "deg",
      !source.summary.metadata.contains(where: { $0.name == SinogramAxes.itemName })
    else { return nil }
    if !isStack, source.summary.calibration.y != nil { return nil }
    let count = isStack ? source.summary.frames : source.summary.height
    guard 2...Self.mostTilts ~= count, let (degrees, origin) = Self.stated(path, count: count) else {
      return nil
    }
    let axes = SinogramAxes(degrees: degrees, pitch: nil, start: 0)
    let axis = isStack ? nil : axes.calibration(source: origin).y
    self.source = source
    self.axis = axis
    var summary = source.summary
    if let axis { summary.calibration.y = axis } else { summary.metadata.append(axes.item(source: origin)) }
    self.summary = summary
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    var frame = try source.frame(at: index)
    if let axis { frame.calibration.y = axis }
    return frame
  }

  private static let mostTilts = 16

  private static func stated(_ path: String, count: Int) -> (degrees: [Double], source: String)? {
    let named = tilts(path)
    if named.count == count { return (named, "name") }
    for suffix in ["tlt", "rawtlt"] {
      guard let degrees = listed(path, suffix: suffix), degrees.count == count else { continue }
      return (degrees, "sidecar:\(suffix)")
    }
    return nil
  }

  /// A number a line in the file of the same stem.
  private static func listed(_ path: String, suffix: String) -> [Double]? {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/"),
      let file = try? DiskFile(path: String(path[..<dot]) + "." + suffix), file.size <= 4096,
      let bytes = try? file.bytes(at: 0, upTo: file.size)
    else { return nil }
    let words = bytes.split { $0 == 10 || $0 == 13 || $0 == 32 || $0 == 9 }
    let degrees = words.compactMap { Double(String(decoding: $0, as: UTF8.self)) }.filter {
      $0.magnitude <= 360
    }
    return degrees.count == words.count ? degrees : nil
  }

  /// The numbers, with `_` between them, before a final `deg`.
  static func tilts(_ path: String) -> [Double] {
    let name = path.split(separator: "/").last ?? ""
    let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name
    guard stem.hasSuffix("deg") else { return [] }
    var tilts: [Double] = []
    for word in stem.dropLast(3).split(separator: "_").reversed() {
      guard let angle = Double(word), angle.magnitude <= 360 else { break }
      tilts.append(angle)
    }
    return tilts.reversed()
  }
}
