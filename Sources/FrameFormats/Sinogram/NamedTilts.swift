import Diffraction

/// A file whose name says the tilts of its rows, `crystal_0_60_120deg.tif`, where its content states none.
final class NamedTilts: FrameSource {
  let summary: FileSummary
  private let source: any FrameSource
  private let axis: Sourced<AxisCalibration>

  /// Nil where the name says nothing, or of another number of rows, or tilts at uneven steps.
  init?(_ source: any FrameSource, path: String) {
    guard source.summary.frames == 1, source.summary.calibration.y == nil else { return nil }
    let degrees = Self.tilts(path)
    guard degrees.count > 1, degrees.count == source.summary.height,
      let axis = SinogramAxes(degrees: degrees, pitch: nil, start: 0).calibration(source: "name").y
    else { return nil }
    self.source = source
    self.axis = axis
    var summary = source.summary
    summary.calibration.y = axis
    self.summary = summary
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    var frame = try source.frame(at: index)
    frame.calibration.y = axis
    return frame
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
