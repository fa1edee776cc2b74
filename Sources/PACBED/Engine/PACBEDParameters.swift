import Diffraction
import Scattering

extension PACBEDEngine {
  static let model = Parameter(
    name: "model", title: "model", unit: "", domain: .text, standard: .automatic)
  static let material = Parameter(
    name: "material", title: "material (all: try every model)", unit: "", domain: .text, standard: .automatic)
  static let voltage = Parameter(
    name: "voltage_kv", title: "voltage", unit: "kV", domain: .number(10...3000), standard: .automatic)
  static let convergence = Parameter(
    name: "convergence_mrad", title: "convergence angle", unit: "mrad", domain: .number(0.5...80),
    standard: .automatic)
  static let pixel = Parameter(
    name: "pixel_mrad", title: "angle of a pixel", unit: "mrad", domain: .number(1e-4...20),
    standard: .automatic)
  static let centre = Parameter(
    name: "center_px", title: "centre x,y", unit: "px", domain: .text, standard: .automatic)
  static let scale = Parameter(
    name: "scale", title: "true over stated angle of a pixel", unit: "", domain: .number(0.5...2),
    standard: .automatic)
  static let motion = Parameter(
    name: "debye_waller", title: "B of the atoms' motion", unit: "A2", domain: .number(0...3),
    standard: .number(0))
  static let absorption = Parameter(
    name: "absorption", title: "absorbed share of the potential", unit: "", domain: .number(0...0.3),
    standard: .number(0))
  static let candidate = Parameter(
    name: "candidate", title: "which answer", unit: "", domain: .number(1...6), standard: .number(1))
  static let method = Parameter(
    name: "method", title: "method", unit: "",
    domain: .choice(PatternMatcher.Method.allCases.map(\.rawValue)),
    standard: .text(PatternMatcher.Method.networkAndFit.rawValue))
  static let geometry = Parameter(
    name: "geometry", title: "scale, rotation, distortion, angle", unit: "",
    domain: .choice(["own", "shared"]), standard: .automatic)
  static let scan = Parameter(
    name: "scan", title: "positions WxH", unit: "", domain: .text, standard: .automatic)
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
  var specimen: ModelDomain.Specimen
  var candidate: Int
  var method: PatternMatcher.Method
  /// Whether the geometry of the frame before is kept; nil where nobody said.
  var sharesGeometry: Bool?
  var scan: ScanShape?

  init(_ values: ParameterValues) throws(AnalysisError) {
    model = Self.word(values.text(PACBEDEngine.model))
    material = Self.word(values.text(PACBEDEngine.material))
    kilovolts = values.number(PACBEDEngine.voltage)
    convergence = values.number(PACBEDEngine.convergence)
    pixel = values.number(PACBEDEngine.pixel)
    scale = values.number(PACBEDEngine.scale)
    specimen = ModelDomain.Specimen(
      b: values.number(PACBEDEngine.motion) ?? 0, absorption: values.number(PACBEDEngine.absorption) ?? 0)
    candidate = Int(values.number(PACBEDEngine.candidate) ?? 1)
    method = values.text(PACBEDEngine.method).flatMap(PatternMatcher.Method.init) ?? .networkAndFit
    sharesGeometry = values.text(PACBEDEngine.geometry).map { $0 == "shared" }
    if let text = Self.word(values.text(PACBEDEngine.centre)) {
      let numbers = text.split(separator: ",").compactMap { Double($0) }
      guard numbers.count == 2, numbers.allSatisfy({ $0.magnitude < 1e6 }) else {
        throw .parameter(InvalidParameter("center_px: \"\(text)\" is no pair such as 256.5,250"))
      }
      centre = Vector2(numbers[1], numbers[0])
    }
    if let text = Self.word(values.text(PACBEDEngine.scan)) {
      let sides = text.split(separator: "x").compactMap { Int($0) }
      guard sides.count == 2 else {
        throw .parameter(InvalidParameter("scan: \"\(text)\" is no raster such as 64x64"))
      }
      let shape = ScanShape(width: sides[0], height: sides[1])
      guard shape.isUsable else {
        throw .parameter(InvalidParameter("scan: \(text): 1 to \(ScanShape.limit) positions are analysed"))
      }
      scan = shape
    }
  }

  private static func word(_ text: String?) -> String? {
    guard let text, !text.isEmpty, text != "auto" else { return nil }
    return text
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
