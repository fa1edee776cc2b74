import Diffraction
import FrameQuality

/// Frames made on the spot, whose numbers were recorded when they were right: a changed library, compiler
/// or processor that computes something else is found on the user's own machine.
enum SelfTest {
  private struct Golden {
    let frame: Int
    let dose: Double
    let centre: (x: Double, y: Double)
    let radius: Double
    let codes: [String]
  }

  private static let beam = SimulatedBeam(size: 64, seed: 7)

  private static let golden: [Golden] = []

  static var count: Int { golden.count }

  static func run() -> [String] {
    golden.compactMap { golden in
      let frame = Frame(pixels: beam.frame(golden.frame))
      guard let finding = try? FrameEngine().analyze(.frame(frame), ParameterValues(), AnalysisContext())
      else {
        return "frame \(golden.frame): cannot be analysed"
      }
      let found = Golden(
        frame: golden.frame, dose: finding["dose"]?.value ?? .nan,
        centre: (finding["center_x"]?.value ?? .nan, finding["center_y"]?.value ?? .nan),
        radius: finding["disc_radius"]?.value ?? .nan, codes: finding.reasons.map(\.code))
      let isSame =
        found.dose == golden.dose && found.centre == golden.centre && found.radius == golden.radius
        && found.codes == golden.codes
      return isSame ? nil : "\(found)"
    }
  }
}
