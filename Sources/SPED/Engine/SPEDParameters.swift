import Diffraction

/// The engine's settings. Everything that a person changes at the screen is one of them.
enum SPEDParameters {
  static let scan = Parameter(
    name: "scan", title: "scan, where the file states none", unit: "WxH", domain: .text, standard: .automatic)
  static let method = Parameter(
    name: "method", title: "segmentation", unit: "", domain: .choice(["live", "vdf", "nmf"]),
    standard: .text("live"))
  static let significance = Parameter(
    name: "significance", title: "threshold of a lit point", unit: "sigma", domain: .number(1...20),
    standard: .number(3.5))
  static let minimumArea = Parameter(
    name: "min_area_px", title: "smallest crystal", unit: "px", domain: .number(2...1e6), standard: .automatic
  )
  static let edge = Parameter(
    name: "edge", title: "outline, part of the brightest neighbour", unit: "1", domain: .number(0.05...0.95),
    standard: .number(0.27))
  static let confidence = Parameter(
    name: "min_confidence", title: "least confidence", unit: "1", domain: .number(0...1),
    standard: .number(0.3))
  static let components = Parameter(
    name: "components", title: "most crystals (live), components (nmf)", unit: "", domain: .number(1...200),
    standard: .automatic)
  static let edits = Parameter(
    name: "edits", title: "merge, split, leave out: A+B; C/2; -D", unit: "", domain: .text,
    standard: .text(""))
  static let vector = Parameter(
    name: "vector", title: "dark field of one spot: A3 is the third of A", unit: "", domain: .text,
    standard: .text(""))
  static let peakSignificance = Parameter(
    name: "peak_significance", title: "threshold of a spot", unit: "sigma", domain: .number(2...20),
    standard: .number(4))
  static let spotSigma = Parameter(
    name: "spot_sigma_px", title: "width of a spot", unit: "px", domain: .number(0.4...20),
    standard: .automatic)
  static let gain = Parameter(
    name: "gain", title: "counts per electron", unit: "counts", domain: .number(1e-4...1e5),
    standard: .automatic)
  static let innerRadius = Parameter(
    name: "inner_radius_px", title: "direct beam left out", unit: "px", domain: .number(0...1e4),
    standard: .automatic)
  static let descan = Parameter(
    name: "descan", title: "follow the direct beam", unit: "", domain: .choice(["on", "off"]),
    standard: .text("on"))
  // The published workflows.
  static let finder = Parameter(
    name: "peak_finder", title: "vdf: spots by", unit: "", domain: .choice(["log", "maxima"]),
    standard: .text("maxima"))
  static let peakThreshold = Parameter(
    name: "peak_threshold", title: "vdf: threshold of spots", unit: "1", domain: .number(0...1),
    standard: .automatic)
  static let reach = Parameter(
    name: "vector_eps_px", title: "vdf: reach of a vector's cluster", unit: "px", domain: .number(0.1...20),
    standard: .automatic)
  static let samples = Parameter(
    name: "vector_min_samples", title: "vdf: spots of a vector", unit: "", domain: .number(1...1e6),
    standard: .number(10))
  static let aperture = Parameter(
    name: "aperture_px", title: "vdf: radius of a virtual aperture", unit: "px", domain: .number(0.5...50),
    standard: .number(2))
  static let grainDistance = Parameter(
    name: "grain_distance_px", title: "vdf, nmf: distance of grains", unit: "px", domain: .number(0.5...200),
    standard: .automatic)
  static let grainSize = Parameter(
    name: "grain_min_px", title: "vdf, nmf: smallest grain", unit: "px", domain: .number(1...1e6),
    standard: .automatic)
  static let mergeCorrelation = Parameter(
    name: "merge_ncc", title: "vdf: correlation that merges", unit: "1", domain: .number(-1...1),
    standard: .automatic)
  static let mergeVectors = Parameter(
    name: "merge_vectors", title: "vdf: least vectors of a crystal", unit: "", domain: .number(1...1000),
    standard: .number(5))
  static let mergeSegments = Parameter(
    name: "merge_segments", title: "vdf: segments that a point needs", unit: "", domain: .number(1...1000),
    standard: .automatic)
  static let patternCorrelation = Parameter(
    name: "pattern_ncc", title: "nmf: correlation of patterns that merges", unit: "1",
    domain: .number(-1...1),
    standard: .number(0.45))
  static let loadingCorrelation = Parameter(
    name: "loading_ncc", title: "nmf: correlation of loadings that merges", unit: "1",
    domain: .number(-1...1),
    standard: .number(0.3))

  static let all = [
    scan, method, significance, minimumArea, edge, confidence, components, edits, vector, peakSignificance,
    spotSigma, gain, innerRadius, descan, finder, peakThreshold, reach, samples, aperture, grainDistance,
    grainSize,
    mergeCorrelation, mergeVectors, mergeSegments, patternCorrelation, loadingCorrelation,
  ]

  static func reading(_ values: ParameterValues) -> ReadingSettings {
    var settings = ReadingSettings()
    if let z = values.number(peakSignificance) { settings.significance = Float(z) }
    settings.spotSigma = values.number(spotSigma)
    settings.gain = values.number(gain)
    settings.innerRadius = values.number(innerRadius)
    settings.followsBeam = values.text(descan) != "off"
    return settings
  }

  static func segmentation(_ values: ParameterValues) throws(AnalysisError) -> SegmentationSettings {
    var settings = SegmentationSettings()
    if let z = values.number(significance) { settings.significance = Float(z) }
    settings.minimumArea = values.number(minimumArea).map { Int($0) }
    if let part = values.number(edge) { settings.edge = Float(part) }
    if let least = values.number(confidence) { settings.minimumConfidence = least }
    settings.components = values.number(components).map { Int($0) }
    do {
      settings.edits = try CrystalEdit.list(values.text(edits) ?? "")
    } catch {
      throw .parameter(InvalidParameter(error.description))
    }
    return settings
  }

  /// The spot whose dark field is asked for.
  static func spot(_ values: ParameterValues) throws(AnalysisError) -> SpotChoice? {
    do {
      return try SpotChoice(values.text(vector) ?? "")
    } catch {
      throw .parameter(InvalidParameter(error.description))
    }
  }

  /// The scan's shape: what was typed, or what the file states.
  static func shape(_ values: ParameterValues, _ summary: FileSummary) throws(AnalysisError) -> ScanShape? {
    guard let text = values.text(scan) else { return summary.scan?.value }
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0,
      width <= 1 << 16, height <= 1 << 16
    else { throw .parameter(InvalidParameter("scan: \"\(text)\" is no shape such as 256x256")) }
    return ScanShape(width: width, height: height)
  }
}
