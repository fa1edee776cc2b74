import Analysis
import Diffraction
import Scattering

extension PACBEDEngine {
  /// Whose scale, rotation, distortion and angle a frame is fitted with.
  enum GeometrySource: String, CaseIterable { case own, shared }

  static let model = Setting<String?>("model", "model")
  static let material = Setting<String?>("material", "material (all: try every model)")
  static let voltage = Setting<Double?>("voltage_kv", "voltage", unit: "kV", 10...3000)
  static let convergence = Setting<Double?>("convergence_mrad", "convergence angle", unit: "mrad", 0.5...80)
  static let pixel = Setting<Double?>("pixel_mrad", "angle of a pixel", unit: "mrad", 1e-4...20)
  static let centre = Setting<Vector2?>(
    "center_px", "centre x,y", unit: "px", isOpen: true, standard: nil
  ) { text throws(InvalidParameter) in
    let numbers = text.split(separator: ",").compactMap { Double($0) }
    guard numbers.count == 2, numbers.allSatisfy({ $0.magnitude < 1e6 }) else {
      throw InvalidParameter("center_px: \"\(text)\" is no pair such as 256.5,250")
    }
    return Vector2(numbers[1], numbers[0])
  }
  static let scale = Setting<Double?>("scale", "true over stated angle of a pixel", 0.5...2)
  static let motion = Setting<Double?>("debye_waller", "B of the atoms' motion", unit: "A2", 0...3)
  static let absorption = Setting<Double>(
    "absorption", "absorbed share of the potential", 0...0.3, standard: 0)
  static let candidate = Setting<Int>("candidate", "which answer", 1...6, standard: 1)
  static let method = Setting<PatternMatcher.Method>("method", "method", standard: .networkAndFit)
  static let xAxis = Setting<SIMD3<Int>?>(
    "x_axis", "crystal's direction along x", isOpen: true, standard: nil
  ) { text throws(InvalidParameter) in
    let indices = text.split(separator: ",").compactMap { Int($0) }
    guard indices.count == 3, indices.allSatisfy({ abs($0) <= 12 }), indices != [0, 0, 0] else {
      throw InvalidParameter("x_axis: \"\(text)\" is no direction such as 1,1,0")
    }
    return SIMD3(indices[0], indices[1], indices[2])
  }
  static let geometry = Setting<GeometrySource?>("geometry", "scale, rotation, distortion, angle")
  static let known = Setting<KnownGeometry?>(
    "known_geometry", "geometry of earlier frames", isOpen: true, standard: nil
  ) { text throws(InvalidParameter) in try KnownGeometry(text) }
  static let stage = Setting<StageCalibration?>(
    "stage_calibration", "mistilt by alpha,beta on the screen", isOpen: true, standard: nil
  ) { text throws(InvalidParameter) in try StageCalibration(text) }
  static let scan = Setting<ScanShape?>(scan: "positions WxH")

  package var parameters: [Parameter] {
    [
      Self.material.parameter, Self.model.parameter, Self.convergence.parameter, Self.voltage.parameter,
      Self.pixel.parameter, Self.method.parameter, Self.candidate.parameter, Self.centre.parameter,
      Self.scale.parameter, Self.xAxis.parameter, Self.stage.parameter, Self.geometry.parameter,
      Self.motion.parameter,
      Self.absorption.parameter, Self.known.parameter, Self.scan.parameter,
    ]
  }
}

/// The parameters of one analysis, read.
struct PACBEDSettings {
  var model: String?
  var material: String?
  var kilovolts: Double?
  var convergence: Double?
  var pixel: Double?
  /// Row and column.
  var centre: Vector2?
  var scale: Double?
  var specimen: ModelDomain.ThermalScattering
  var xAxis: SIMD3<Int>?
  var stage: StageCalibration?
  var candidate: Int
  var method: PatternMatcher.Method
  /// Whether the geometry of the frame before is kept; nil where nobody said.
  var sharesGeometry: Bool?
  /// What earlier frames found; nil where nobody told.
  var known: KnownGeometry?
  var scan: ScanShape?

  init(_ values: ParameterValues) throws(AnalysisError) {
    model = try values[PACBEDEngine.model]
    material = try values[PACBEDEngine.material]
    kilovolts = try values[PACBEDEngine.voltage]
    convergence = try values[PACBEDEngine.convergence]
    pixel = try values[PACBEDEngine.pixel]
    centre = try values[PACBEDEngine.centre]
    scale = try values[PACBEDEngine.scale]
    specimen = ModelDomain.ThermalScattering(
      b: try values[PACBEDEngine.motion], absorption: try values[PACBEDEngine.absorption])
    xAxis = try values[PACBEDEngine.xAxis]
    stage = try values[PACBEDEngine.stage]
    candidate = try values[PACBEDEngine.candidate]
    method = try values[PACBEDEngine.method]
    sharesGeometry = try values[PACBEDEngine.geometry].map { $0 == .shared }
    known = try values[PACBEDEngine.known]
    scan = try values[PACBEDEngine.scan]
    if let scan, !scan.isUsable {
      throw .parameter(
        InvalidParameter(
          "scan: \(scan.width)x\(scan.height): 1 to \(ScanShape.limit) positions are analysed"))
    }
  }

  /// What is known before a frame is looked at; of an unknown convergence angle the middle of what a model knows.
  func conditions(for domain: ModelDomain) -> PatternMatcher.Conditions {
    let middle = (domain.convergence.lowerBound + domain.convergence.upperBound) / 2
    var conditions = PatternMatcher.Conditions(convergence: convergence ?? middle)
    conditions.pixel = pixel
    conditions.centre = centre
    conditions.scale = scale
    conditions.method = method
    return conditions
  }

  /// What the file states where no parameter does.
  mutating func complete(from calibration: Calibration, _ beam: Beam) {
    // A damaged file can state anything: what is no such quantity is not stated, and what lies beyond all models
    // stays there.
    func stated(_ value: Double?, _ range: ClosedRange<Double>) -> Double? {
      guard let value, value.isFinite, value > 0 else { return nil }
      return min(max(value, range.lowerBound), range.upperBound)
    }
    if kilovolts == nil { kilovolts = stated(beam.voltageKilovolts?.value, 1e-3...1e5) }
    if convergence == nil { convergence = stated(beam.convergenceMilliradians?.value, 0.01...80) }
    defer { pixel = stated(pixel, 1e-4...20) }
    guard pixel == nil, let axis = calibration.x?.value, axis.scale.isFinite, axis.scale > 0 else { return }
    switch axis.unit {
    case "mrad": pixel = axis.scale
    case "rad": pixel = axis.scale * 1e3
    case "1/nm":
      if let kilovolts { pixel = axis.scale * ElectronBeam(kilovolts: kilovolts).wavelength / 10 * 1e3 }
    case "1/A", "1/Å":
      if let kilovolts { pixel = axis.scale * ElectronBeam(kilovolts: kilovolts).wavelength * 1e3 }
    default: break
    }
  }
}
