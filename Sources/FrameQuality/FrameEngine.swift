import Analysis
import Diffraction
import Glibc  // hypot

/// The engine for every kind of frame: is there a beam, is it where it was, can the counts be trusted?
///
/// It needs no model, so it always works; and it is the living example of how an engine is written:
/// declared outputs, declared parameters, one pure function, a verdict with reasons.
package struct FrameEngine: AnalysisEngine {
  package init() {}

  package let name = "frame"
  package let label = "FRAM"

  package let outputs = [
    Output(name: "dose", unit: "counts", symbol: "dose", decimals: 0),
    Output(name: "drift", unit: "px", symbol: "drift", decimals: 2),
    Output(name: "center_x", unit: "px", symbol: "x", decimals: 1),
    Output(name: "center_y", unit: "px", symbol: "y", decimals: 1),
    Output(name: "disc_radius", unit: "px", symbol: "R", decimals: 1),
    Output(name: "sharpness", unit: "1", symbol: "sharp", decimals: 3),
    Output(name: "background", unit: "counts", symbol: "bg", decimals: 1),
    Output(name: "peak", unit: "counts", symbol: "peak", decimals: 0),
    Output(name: "saturated", unit: "px", symbol: "sat", decimals: 0),
    Output(name: "hot", unit: "px", symbol: "hot", decimals: 0),
    Output(name: "dead", unit: "px", symbol: "dead", decimals: 0),
    Output(name: "not_finite", unit: "px", symbol: "nan", decimals: 0),
  ]

  static let driftLimit = Setting<Double>(
    "drift_limit_px", "drift limit", unit: "px", 0...10_000, standard: 5)
  static let saturationLevel = Setting<Double?>(
    "saturation_level", "saturation level", unit: "counts", 1...1e12)
  static let saturatedLimit = Setting<Double>(
    "saturated_limit_px", "saturated pixels allowed", unit: "px", 0...1e9, standard: 10)
  static let defectLimit = Setting<Double>(
    "defect_limit_ppm", "hot and dead pixels allowed", unit: "ppm", 0...1e6, standard: 500)

  package let parameters = [
    driftLimit.parameter, saturationLevel.parameter, saturatedLimit.parameter, defectLimit.parameter,
  ]

  package func suitability(for file: FileSummary) -> Int { 1 }

  package func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    var screening = FrameScreening()
    screening.full = try parameters[Self.saturationLevel].map(FullPixels.from) ?? .ofCamera
    screening.allowance = .pixels(try parameters[Self.saturatedLimit])
    let measured: FrameMeasurement
    switch subject {
    case .frame(let frame): measured = FrameMeasurement(frame.pixels, screening)
    case .scan(let source): measured = try mean(of: source, screening, context)
    }
    return try finding(measured, screening, parameters, context.previous)
  }

  /// A scan is judged by the mean of its patterns; defects count as often as they occur.
  private func mean(
    of source: any FrameSource, _ screening: FrameScreening, _ context: AnalysisContext
  ) throws(AnalysisError) -> FrameMeasurement {
    var sum = FrameSum(width: source.summary.width, height: source.summary.height, screening)
    try Subject.scan(source).eachFrame(context) { sum.add($0.pixels) }
    return FrameMeasurement(sum)
  }

  private func finding(
    _ measured: FrameMeasurement, _ screening: FrameScreening, _ parameters: ParameterValues,
    _ previous: Finding?
  ) throws(AnalysisError) -> Finding {
    var values = [Quantity("dose", measured.dose, unit: "counts")]
    let drift = measured.beam.flatMap { Self.drift(of: $0, since: previous) }
    if let drift { values.append(Quantity("drift", drift, unit: "px")) }
    if let beam = measured.beam {
      values += [
        Quantity("center_x", beam.x, unit: "px"), Quantity("center_y", beam.y, unit: "px"),
        Quantity("disc_radius", beam.radius, unit: "px"), Quantity("sharpness", beam.sharpness),
      ]
    }
    values += [
      Quantity("background", measured.background, unit: "counts"),
      Quantity("peak", measured.census.highest, unit: "counts"),
      Quantity("saturated", Double(measured.census.saturated), unit: "px"),
      Quantity("hot", Double(measured.hot), unit: "px"), Quantity("dead", Double(measured.dead), unit: "px"),
      Quantity("not_finite", Double(measured.census.notFinite), unit: "px"),
    ]
    let judgement = try judge(measured, screening, drift, parameters)
    return Finding(
      values: values.map { Quantity($0.name, $0.value.told, unit: $0.unit) },
      profiles: measured.beam.map { [$0.profile] } ?? [], verdict: judgement.verdict,
      reasons: judgement.reasons
    ).finite
  }

  private func judge(
    _ measured: FrameMeasurement, _ screening: FrameScreening, _ drift: Double?, _ parameters: ParameterValues
  ) throws(AnalysisError) -> Judgement {
    var judgement = Judgement()
    if let obstacle = screening.obstacle(measured.census) {
      judgement.note(obstacle, .blocks)
      return judgement
    }
    guard measured.beam != nil else {
      judgement.note(
        .blank, "no beam: nothing rises above a background of \(measured.background.short)")
      return judgement
    }
    judgement.note(screening.saturation(measured.census))
    if let drift, drift > (try parameters[Self.driftLimit]) {
      judgement.note(.drift, "beam moved \(drift.short) px since the frame before")
    }
    judgement.note(screening.gaps(measured.census))
    let defects = measured.hot + measured.dead
    let limit = try parameters[Self.defectLimit]
    if defects > 3, Double(defects) / Double(measured.pixels) > limit * 1e-6 {
      judgement.note(.defects, "\(measured.hot) hot and \(measured.dead) dead pixels")
    }
    return judgement
  }

  private static func drift(of beam: BeamGeometry, since previous: Finding?) -> Double? {
    guard let x = previous?["center_x"]?.value, let y = previous?["center_y"]?.value else { return nil }
    return hypot(beam.x.told - x, beam.y.told - y)
  }
}
