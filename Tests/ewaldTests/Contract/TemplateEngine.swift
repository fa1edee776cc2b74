import Analysis
import Diffraction

/// The mean of a frame, or of all frames of a scan, and whether it can be relied on.
struct TemplateEngine: AnalysisEngine {
  let name = "template"
  let label = "TMPL"
  let outputs = [Output(name: "mean", unit: "counts", symbol: "mean", decimals: 1)]

  static let darkest = Setting<Double>(
    "darkest_counts", "a mean below this is no beam", unit: "counts", 0...1e6, standard: 1)
  let parameters = [darkest.parameter]

  func suitability(for file: FileSummary) -> Int { 1 }

  func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    let screening = FrameScreening()
    var census = PixelCensus()
    var sum = 0.0
    try subject.eachFrame(context) { frame in
      census += screening.census(frame.pixels)
      for value in frame.pixels.doubles() where value.magnitude < screening.limit { sum += value }
    }
    if let obstacle = screening.obstacle(census) { return Finding(obstacle: obstacle) }
    let mean = sum / Double(census.pixels - census.notFinite)
    var judgement = Judgement()
    judgement.note(screening.saturation(census))
    if mean < (try parameters[Self.darkest]) { judgement.note(.blank, "a mean of \(mean.short) counts") }
    return Finding(
      values: [Quantity("mean", mean.told, unit: "counts")], verdict: judgement.verdict,
      reasons: judgement.reasons
    ).finite
  }
}
