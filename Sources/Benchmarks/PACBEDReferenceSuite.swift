import System
import Arrays
import Diffraction
import Glibc
import PACBED
import Scattering

/// abTEM's patterns read by the engine as it is used, the angle of a pixel and the place of the disc unknown.
/// The patterns of the tests, or all of the folder that EWALD_PACBED_REFERENCES names, measured ones among them.
enum PACBEDReferenceSuite {
  static func run() async -> [Measurement] {
    do {
      return try measure()
    } catch {
      return [Measurement("failed: \(error)", .nan, "")]
    }
  }

  private static let models = [
    "rutile": ("rutile-80kv", 80.0), "sto": ("strontium-titanate-300kv", 300),
    "beryl_orth": ("beryl-300kv", 300),
  ]

  private static func measure() throws -> [Measurement] {
    var rows: [Measurement] = []
    var references: [String: [PACBEDReference]] = [:]
    for reference in PACBEDReference.all() { references[reference.crystal, default: []].append(reference) }
    for (crystal, patterns) in references.sorted(by: { $0.key < $1.key }) {
      guard let (model, kilovolts) = models[crystal] else { continue }
      for sigma in [0.0, 0.3] {
        var (worst, sum, tilt, largestTilt, accepted) = (0.0, 0.0, 0.0, 0.0, 0)
        for (number, reference) in patterns.enumerated() {
          let image = noisy(reference.square.image, sigma, number)
          let finding = try read(image, model, kilovolts, reference.convergence)
          let off = abs((finding["thickness"]?.value ?? 0) - reference.thickness)
          let tiltOff = abs((finding["mistilt"]?.value ?? 0) - reference.mistilt.length)
          worst = max(worst, off / max(0.3, 0.03 * reference.thickness))
          sum += off / reference.thickness * 100
          tilt += tiltOff
          largestTilt = max(largestTilt, tiltOff)
          if finding.verdict == .accept { accepted += 1 }
          if off > max(0.3, 0.03 * reference.thickness) || tiltOff > 0.6 {
            rows.append(
              Measurement(
                "\(reference.name), noise \(sigma): \(short(finding["thickness"]?.value)) nm, mistilt off \(short(tiltOff)) mrad, R \(short(finding["match"]?.value)), \(finding.verdict)",
                off, "nm of \(short(reference.thickness))"))
          }
        }
        let (name, count) = ("\(crystal), \(patterns.count) patterns, noise \(sigma)", Double(patterns.count))
        rows += [
          Measurement("\(name): thickness, mean error", sum / count, "%", goal: sigma > 0 ? "2" : ""),
          Measurement(
            "\(name): largest, in units of max(0.3 nm, 3 %)", worst, "", goal: sigma > 0 ? "" : "1"),
          Measurement("\(name): mistilt, mean error", tilt / count, "mrad", goal: "0.6"),
          Measurement("\(name): mistilt, largest", largestTilt, "mrad"),
          Measurement("\(name): accepted", 100 * Double(accepted) / count, "%"),
        ]
      }
    }
    for name in ["exp_rutile_1_measured.tif", "exp_rutile_1_raw.tif"] {
      guard let image = PACBEDReference.measured(name) else { continue }
      for (b, absorption) in [(0, 0), (0.3, 0), (0.5, 0), (0, 0.04), (0.3, 0.04), (0.5, 0.04)] {
        let finding = try read(image, "rutile-80kv", 80, 20, b, absorption)
        rows.append(
          Measurement(
            "\(name), B \(b) A2, absorption \(absorption): R \(short(finding["match"]?.value)) (goal 0.994)",
            finding["thickness"]?.value ?? .nan, "nm", goal: "15.5-18.5"))
      }
    }
    return rows
  }

  /// Scaled to -1...1 first, as the published preprocessing does.
  private static func noisy(_ image: Matrix, _ sigma: Double, _ number: Int) -> Matrix {
    guard sigma > 0 else { return image }
    let (low, high) = (Double(image.values.min() ?? 0), Double(image.values.max() ?? 1))
    var random = RandomNumbers(seed: 11).stream(number)
    return image.mapValues { Float(2 * (Double($0) - low) / (high - low) - 1 + sigma * random.normal()) }
  }

  private static func read(
    _ image: Matrix, _ model: String, _ kilovolts: Double, _ convergence: Double, _ b: Double = 0,
    _ absorption: Double = 0
  ) throws -> Finding {
    try PACBEDEngine().analyze(
      .frame(Frame(pixels: Pixels(width: image.columns, height: image.rows, values: image.values))),
      ParameterValues([
        "material": .text(model), "voltage_kv": .number(kilovolts), "convergence_mrad": .number(convergence),
        "debye_waller": .number(b), "absorption": .number(absorption),
      ]), AnalysisContext())
  }

  private static func short(_ x: Double?) -> Double { ((x ?? .nan) * 10000).rounded() / 10000 }
}
