import Analysis
import Diffraction

/// Images from a stack, one a tilt. What cannot be a series is told in a line.
struct SeriesReading {
  private static let longestSide = 512
  /// Of all images together: tables of what an atom would explain are finer than they.
  private static let mostPixels = 2_000_000

  let images: ProjectionImages

  /// Rows of projections are few; images have more.
  static func isSeries(_ subject: Subject) -> Bool {
    guard case .scan(let source) = subject else { return false }
    return source.summary.height > SinogramReading.mostAngles
  }

  init(_ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext) throws {
    guard case .scan(let source) = subject else { throw AnalysisError.failed("one image is no series") }
    let summary = source.summary
    let (width, height) = (summary.width, summary.height)
    guard 2...SinogramReading.mostAngles ~= summary.frames else {
      throw FrameObstacle(
        Reason(
          .tilts, "\(summary.frames) images: 2 to \(SinogramReading.mostAngles) projections are searched"))
    }
    guard 17...Self.longestSide ~= width, 17...Self.longestSide ~= height else {
      throw FrameObstacle(
        Reason(
          .projections,
          "images of \(width) by \(height) pixels: 17 to \(Self.longestSide) along a side are searched")
      )
    }
    guard width * height * summary.frames <= Self.mostPixels else {
      throw FrameObstacle(
        Reason(
          .projections,
          "\(summary.frames) images of \(width) by \(height) pixels are too many: bin or crop them"))
    }
    var values: [Double] = []
    var count = 0
    try subject.eachFrame(context) { frame throws(AnalysisError) in
      count += 1
      guard frame.pixels.width == width, frame.pixels.height == height else {
        throw .failed(
          "image \(count) has \(frame.pixels.width) by \(frame.pixels.height) pixels, the first \(width) by \(height)"
        )
      }
      values += frame.pixels.doubles()
    }
    try SinogramReading.check(values)
    let angles = try Tilts.degrees(
      count, of: subject, parameters, rows: summary.calibration.y?.value, what: "image")
    let axis = summary.calibration.x?.value
    let pitch = try parameters[TomographySettings.pitch] ?? axis?.scale ?? 0.1
    try SinogramReading.check(pitch: pitch)
    // In the middle is where both axes are zero, unless it is said where the first column is.
    let middle = -0.5 * pitch * SIMD2(Double(width - 1), Double(height - 1))
    let first = try parameters[TomographySettings.origin] ?? middle.x
    images = ProjectionImages(
      degrees: angles, width: width, height: height, start: SIMD2(first, middle.y), pitch: pitch,
      values: values)
  }
}
