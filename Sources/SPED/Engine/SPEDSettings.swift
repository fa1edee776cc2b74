import Analysis
import Diffraction

/// The engine's settings. Everything that a person changes at the screen is one of them.
enum SPEDSettings {
  enum Method: String, CaseIterable { case live, vdf, nmf }
  enum PeakFinder: String, CaseIterable { case log, maxima }

  static let scan = Setting<ScanShape?>(scan: "scan, where the file states none", unit: "WxH")
  static let method = Setting<Method>("method", "segmentation", standard: .live)
  static let significance = Setting<Double>(
    "significance", "threshold of a lit point", unit: "sigma", 1...20, standard: 3.5)
  static let minimumArea = Setting<Int?>("min_area_px", "smallest crystal", unit: "px", 2...1_000_000)
  static let edge = Setting<Double>(
    "edge", "outline, part of the brightest neighbour", unit: "1", 0.05...0.95, standard: 0.27)
  static let confidence = Setting<Double>(
    "min_confidence", "least confidence", unit: "1", 0...1, standard: 0.3)
  static let components = Setting<Int?>("components", "most crystals (live), components (nmf)", 1...200)
  static let edits = Setting<[CrystalEdit]>(
    "edits", "merge, split, leave out: A+B; C/2; -D", isOpen: false, standard: []
  ) { text throws(InvalidParameter) in
    do throws(SPEDError) {
      return try CrystalEdit.list(text)
    } catch {
      throw InvalidParameter(error.description)
    }
  }
  /// The spot whose dark field is asked for.
  static let vector = Setting<SpotChoice?>(
    "vector", "dark field of one spot: A3 is the third of A", isOpen: false, standard: nil
  ) { text throws(InvalidParameter) in
    do throws(SPEDError) {
      return try SpotChoice(text)
    } catch {
      throw InvalidParameter(error.description)
    }
  }
  static let peakSignificance = Setting<Double>(
    "peak_significance", "threshold of a spot", unit: "sigma", 2...20, standard: 4)
  static let spotSigma = Setting<Double?>("spot_sigma_px", "width of a spot", unit: "px", 0.4...20)
  static let gain = Setting<Double?>("gain", "counts per electron", unit: "counts", 1e-4...1e5)
  static let innerRadius = Setting<Double?>("inner_radius_px", "direct beam left out", unit: "px", 0...1e4)
  static let descan = Setting<Bool>("descan", "follow the direct beam", standard: true)

  // The published workflows. What is left open depends on the other settings.
  static let finder = Setting<PeakFinder>("peak_finder", "vdf: spots by", standard: .maxima)
  static let peakThreshold = Setting<Double?>("peak_threshold", "vdf: threshold of spots", unit: "1", 0...1)
  static let reach = Setting<Double?>(
    "vector_eps_px", "vdf: reach of a vector's cluster", unit: "px", 0.1...20)
  static let samples = Setting<Int>(
    "vector_min_samples", "vdf: spots of a vector", 1...1_000_000, standard: 10)
  static let aperture = Setting<Double>(
    "aperture_px", "vdf: radius of a virtual aperture", unit: "px", 0.5...50, standard: 2)
  static let grainDistance = Setting<Double?>(
    "grain_distance_px", "vdf, nmf: distance of grains", unit: "px", 0.5...200)
  static let grainSize = Setting<Int?>("grain_min_px", "vdf, nmf: smallest grain", unit: "px", 1...1_000_000)
  static let mergeCorrelation = Setting<Double?>(
    "merge_ncc", "vdf: correlation that merges", unit: "1", -1...1)
  static let mergeVectors = Setting<Int>(
    "merge_vectors", "vdf: least vectors of a crystal", 1...1000, standard: 5)
  static let mergeSegments = Setting<Int?>("merge_segments", "vdf: segments that a point needs", 1...1000)
  static let patternCorrelation = Setting<Double>(
    "pattern_ncc", "nmf: correlation of patterns that merges", unit: "1", -1...1, standard: 0.45)
  static let loadingCorrelation = Setting<Double>(
    "loading_ncc", "nmf: correlation of loadings that merges", unit: "1", -1...1, standard: 0.3)

  static let all = [
    scan.parameter, method.parameter, significance.parameter, minimumArea.parameter, edge.parameter,
    confidence.parameter, components.parameter, edits.parameter, vector.parameter,
    peakSignificance.parameter, spotSigma.parameter, gain.parameter, innerRadius.parameter,
    descan.parameter, finder.parameter, peakThreshold.parameter, reach.parameter, samples.parameter,
    aperture.parameter, grainDistance.parameter, grainSize.parameter, mergeCorrelation.parameter,
    mergeVectors.parameter, mergeSegments.parameter, patternCorrelation.parameter,
    loadingCorrelation.parameter,
  ]
}

extension ReadingSettings {
  init(_ values: ParameterValues) throws(AnalysisError) {
    significance = Float(try values[SPEDSettings.peakSignificance])
    spotSigma = try values[SPEDSettings.spotSigma]
    gain = try values[SPEDSettings.gain]
    innerRadius = try values[SPEDSettings.innerRadius]
    followsBeam = try values[SPEDSettings.descan]
  }
}

extension SegmentationSettings {
  init(_ values: ParameterValues) throws(AnalysisError) {
    significance = Float(try values[SPEDSettings.significance])
    minimumArea = try values[SPEDSettings.minimumArea]
    edge = Float(try values[SPEDSettings.edge])
    minimumConfidence = try values[SPEDSettings.confidence]
    components = try values[SPEDSettings.components]
    edits = try values[SPEDSettings.edits]
  }
}
