import Analysis
import Arrays
import Diffraction
import Glibc

/// The crystals in a scan of precession patterns, while it is being acquired.
package struct SPEDEngine: AnalysisEngine {
  package init() {}

  package let name = "sped"
  package let label = "SPED"
  package let signal = Exhibit.Signal.spots

  package let outputs = [
    Output(name: "crystals", unit: "1", symbol: "n", decimals: 0),
    Output(name: "covered", unit: "%", symbol: "cover", decimals: 1),
    Output(name: "overlap", unit: "%", symbol: "overlap", decimals: 1),
    Output(name: "vectors", unit: "1", symbol: "g", decimals: 0),
    Output(name: "confidence", unit: "1", symbol: "conf", decimals: 2),
    Output(name: "explained", unit: "%", symbol: "expl", decimals: 1),
    Output(name: "patterns", unit: "1", symbol: "read", decimals: 0),
  ]
  package let parameters = SPEDSettings.all

  /// A scan of small patterns with a shape is most likely one of these.
  package func suitability(for file: FileSummary) -> Int {
    guard let scan = file.scan?.value, scan.width >= 4, scan.height >= 4, file.frames >= 16 else { return 0 }
    return 5
  }

  package func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    let settings = try SegmentationSettings(parameters)
    let spot = try parameters[SPEDSettings.vector]
    guard case .scan(let source) = subject else {
      return Self.refused("one pattern is no scan: its crystals are found where patterns differ")
    }
    guard let shape = try parameters[SPEDSettings.scan] ?? source.summary.scan?.value else {
      return Self.refused("the file states no scan: give its shape with --scan WxH")
    }
    guard shape.isUsable else {
      return Self.refused(
        "a scan of \(shape.width) x \(shape.height): 1 to \(ScanShape.limit) positions are analysed")
    }
    let (width, height) = (source.summary.width, source.summary.height)
    if let reason = Self.screening.obstacle(width: width, height: height) { return Finding(obstacle: reason) }
    guard source.summary.frames > 0 else {
      return Finding(obstacle: Reason(.tooSmall, Self.screening.tooSmall(width, height)))
    }
    let pass = ScanPass(
      source: source, shape: shape, settings: try ReadingSettings(parameters), context: context)
    let entry = try pass.read()
    var result: Segmentation
    switch try parameters[SPEDSettings.method] {
    case .vdf:
      result = try PyxemVDFWorkflow(parameters).segmentation(pass, entry)
    case .nmf:
      result = try PyxemNMFWorkflow(parameters).segmentation(pass, entry)
    case .live:
      result = Segmenter(entry.table, spotSigma: entry.reading.geometry.spotSigma, settings: settings)
        .segmentation()
    }
    if result.scree.isEmpty { result.scree = entry.scree }
    let report = SPEDReport(result: result, entry: entry, summary: source.summary, shape: shape, spot: spot)
    var finding = report.finding()
    if let write = context.write {
      let patterns = try pass.patterns(result.crystals.map(\.points), entry.reading)
      for artifact in report.artifacts(patterns) { finding.artifacts[artifact.role] = try write(artifact) }
    }
    context.progress(1)
    return finding.finite
  }

  private static let screening: FrameScreening = {
    var screening = FrameScreening()
    screening.smallestSide = 16
    screening.longestRatio = 16
    screening.tooSmall = { "patterns of \($0) x \($1) show no spots" }
    return screening
  }()

  private static func refused(_ text: String) -> Finding { Finding(obstacle: Reason(.scanShape, text)) }
}
