import Analysis
import Diffraction

/// Projections from what the detector or the file holds: a sinogram with a row an angle, a stack of such (their mean
/// is taken), or a stack of single rows. What cannot be one is told in a line.
struct SinogramReading {
  static let mostAngles = 16
  private static let fewestPixels = 16
  private static let mostPixels = 8192

  let projections: Projections

  init(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws {
    var sum: [Double] = []
    var (width, height) = (0, 0)
    var calibration = Calibration()
    var count = 0
    var isStack = false
    if case .scan(let source) = subject {
      (width, height) = (source.summary.width, source.summary.height)
      calibration = source.summary.calibration
      isStack = height == 1
      try Self.check(width: width, height: isStack ? source.summary.frames : height)
    }
    try subject.eachFrame(context) { frame throws(AnalysisError) in
      if count == 0 {
        (width, height) = (frame.pixels.width, frame.pixels.height)
        if case .frame = subject { calibration = frame.calibration }
      }
      count += 1
      guard frame.pixels.width == width, frame.pixels.height == height else {
        throw .failed("projection \(count) has \(frame.pixels.width) pixels, the first has \(width)")
      }
      if width > Self.mostPixels || height > Self.mostAngles { return }
      let values = frame.pixels.doubles()
      if isStack || sum.isEmpty { sum += values } else { for i in sum.indices { sum[i] += values[i] } }
    }
    let rows = isStack ? count : height
    try Self.check(width: width, height: rows)
    let values = isStack ? sum : sum.map { $0 / Double(max(1, count)) }
    try Self.check(values)
    let angles = try Tilts.degrees(
      rows, of: subject, parameters, rows: calibration.y?.value, what: "row")
    let pitch = try parameters[TomographySettings.pitch] ?? calibration.x?.value.scale ?? 0.1
    try Self.check(pitch: pitch)
    let stating = calibration.x?.value.origin
    let middle = -pitch * Double(width - 1) / 2
    let start = try parameters[TomographySettings.origin] ?? (stating == 0 ? nil : stating) ?? middle
    projections = Projections(
      degrees: angles, start: start.isFinite && start.magnitude < 1e9 ? start : middle, pitch: pitch,
      values: values)
  }

  static func check(pitch: Double) throws(FrameObstacle) {
    guard pitch.isFinite, pitch > 0, pitch < 1e6 else {
      throw FrameObstacle(
        Reason(.projections, "a pixel of \(pitch.short) is none: give its size with --pixel"))
    }
  }

  private static func check(width: Int, height: Int) throws(FrameObstacle) {
    guard width >= fewestPixels else {
      throw FrameObstacle(Reason(.tooSmall, "projections of \(width) pixels are too short"))
    }
    guard width <= mostPixels else {
      throw FrameObstacle(
        Reason(.projections, "projections of \(width) pixels: up to \(mostPixels) are searched"))
    }
    guard height >= 2 else {
      throw FrameObstacle(
        Reason(
          .tilts,
          "one projection: a second is needed, in a further row, or in a file a tilt: x_0deg.tif, x_60deg.tif"
        ))
    }
    guard height <= mostAngles else {
      throw FrameObstacle(
        Reason(
          .tilts,
          "\(height) rows: up to \(mostAngles) projections are searched, one a row; a series of images is a stack, or a file a tilt: x_0deg.tif, x_60deg.tif"
        ))
    }
  }

  static func check(_ values: [Double]) throws(FrameObstacle) {
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    guard values.allSatisfy({ $0.magnitude < 1e30 }) else {
      throw FrameObstacle(Reason(.notANumber, "projections hold what is no number"))
    }
    guard high > low else {
      throw FrameObstacle(Reason(.empty, "empty projections: every pixel is \(high.short)"))
    }
    guard high > 0, -low < 0.3 * high else {
      throw FrameObstacle(
        Reason(
          .projections, "values down to \(low.short) of \(high.short): atoms add; was a background taken off?"
        ))
    }
  }
}
