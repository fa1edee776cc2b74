import System
import Diffraction
import Glibc
import Learning
import PACBED
import Scattering

/// Frames of every installed material read as every other one: how many are recognised as something else, and
/// how many of the right ones are taken for wrong.
enum PACBEDSwapSuite {
  static func run() async -> [Measurement] {
    do {
      return try measure()
    } catch {
      return [Measurement("failed: \(error)", .nan, "")]
    }
  }

  private static let cases = 30

  private static func measure() throws -> [Measurement] {
    let engine = PACBEDEngine()
    let models = try ModelLibrary.standard.models(of: PACBEDModel.engine).map { try PACBEDModel($0) }
    var rows: [Measurement] = []
    var (swapped, recognised) = (0, 0)
    for truth in models {
      let frames = try frames(of: truth.domain)
      for model in models {
        var outside = 0
        var matches: [Double] = []
        for (frame, convergence) in frames {
          let finding = try engine.analyze(
            .frame(frame),
            ParameterValues([
              "model": .text(model.id), "convergence_mrad": .number(convergence),
            ]), AnalysisContext())
          matches.append(finding["match"]?.value ?? 0)
          outside += finding.verdict == .outOfDomain || finding.verdict == .notAnalysable ? 1 : 0
        }
        let share = 100 * Double(outside) / Double(frames.count)
        if model.id != truth.id {
          swapped += frames.count
          recognised += outside
        }
        let goal = model.id == truth.id ? "" : "95"
        let name = "\(truth.id) read as \(model.id)"
        rows.append(Measurement("\(name): out of domain", share, "%", goal: goal))
        rows.append(Measurement("\(name): largest match", matches.max() ?? 0, ""))
      }
    }
    rows.append(
      Measurement(
        "wrong material recognised", 100 * Double(recognised) / Double(max(1, swapped)), "%", goal: "95"))
    return rows
  }

  /// Random frames with counting noise, 5 nm and more thick.
  private static func frames(of domain: ModelDomain) throws -> [(Frame, Double)] {
    var request = try domain.tableRequest()
    request.pixel = 0
    // The corners of a square camera.
    request.angle = 2.48 * domain.convergence.upperBound
    let table = try TableCache.standardTable(for: request)
    let size = 200
    return try (0..<cases).map { number in
      var random = RandomNumbers(seed: 31).stream(number)
      let convergence = random.uniform(in: domain.convergence)
      let thickness = random.uniform(in: max(5, domain.thickness.lowerBound)...domain.thickness.upperBound)
      let (tilt, azimuth) = (random.uniform(in: domain.mistilt), random.uniform(in: 0...2 * .pi))
      let pitch = 1.55 * convergence / Double(size / 2)
      let geometry = PatternGeometry(
        rows: size, columns: size, pitch: [pitch, pitch],
        centre: Vector2(Double(size / 2), Double(size / 2))
          + [random.uniform(in: -5...5), random.uniform(in: -5...5)],
        rotationDegrees: random.uniform(in: 0...360))
      var image = try table.patterns(
        geometry,
        Illumination(
          convergence: convergence, mistilt: [tilt * cos(azimuth), tilt * sin(azimuth)],
          edge: .intensity(width: pitch)), thicknesses: [thickness])[0]
      image.values.withUnsafeMutableBufferPointer {
        _ = CameraEffects(background: 0.02, electrons: 1e7, noise: 0.01).record(
          $0, geometry: geometry, random: &random)
      }
      return (Frame(pixels: Pixels(width: size, height: size, values: image.values)), convergence)
    }
  }
}
