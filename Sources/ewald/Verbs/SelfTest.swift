import Diffraction
import FrameQuality

/// Frames made on the spot, whose numbers were recorded when they were right: a changed library, compiler
/// or processor that computes something else is found on the user's own machine.
enum SelfTest {
  private struct Golden {
    let frame: Int
    let dose: Double
    let x: Double
    let y: Double
    let radius: Double
    let codes: [String]

    init(_ frame: Int, _ dose: Double, _ x: Double, _ y: Double, _ radius: Double, _ codes: [String] = []) {
      self.frame = frame
      self.dose = dose
      self.x = x
      self.y = y
      self.radius = radius
      self.codes = codes
    }

    /// Sines and exponentials may differ in their last bit between processors, and a count with them.
    func agrees(with other: Golden) -> Bool {
      func close(_ a: Double, _ b: Double) -> Bool { (a - b).magnitude <= 1e-3 * max(1, b.magnitude) }
      return codes == other.codes && close(dose, other.dose) && close(x, other.x) && close(y, other.y)
        && close(radius, other.radius)
    }
  }

  private static let beam = SimulatedBeam(size: 64, seed: 7)

  private static let golden: [Golden] = [
    Golden(1, 656560, 32.0934, 36.994, 17.4808),
    Golden(2, 639983, 32.2096, 37.0119, 17.3986),
    Golden(3, 624699, 32.3021, 37.0063, 17.3161),
    Golden(4, 607406, 32.4091, 37.0146, 17.2055),
    Golden(5, 591081, 32.519, 36.9793, 17.2055),
    Golden(6, 579086, 32.5776, 36.9833, 17.2147),
    Golden(7, 567923, 32.6864, 36.9586, 17.0848),
    Golden(8, 558727, 32.8073, 36.9818, 17.1962),
    Golden(9, 549906, 32.9079, 36.9667, 17.2885),
    Golden(10, 548227, 33.012, 36.9456, 17.5081),
    Golden(11, 546169, 33.095, 36.9497, 17.5806),
    Golden(12, 547838, 33.202, 36.9181, 17.8323),
    Golden(13, 551550, 33.2616, 36.9674, 17.8502),
    Golden(14, 558357, 33.3824, 36.905, 17.4899),
    Golden(15, 566489, 33.4759, 36.9477, 17.2701),
    Golden(16, 578921, 33.5705, 36.9353, 17.224),
    Golden(17, 590650, 33.6721, 36.8925, 17.0568),
    Golden(18, 605800, 33.7685, 36.869, 17.1777),
    Golden(19, 138910, 0, 0, 0, ["BLNK"]),
    Golden(20, 44235277, 33.9583, 36.8657, 17.0568, ["SAT", "PIX"]),
  ]

  static var count: Int { golden.count }

  /// What does not agree, one line each.
  static func run() -> [String] {
    golden.compactMap { golden in
      // The last two are a blanked and a saturated exposure.
      let pixels = beam.frame(golden.frame, isBlanked: golden.frame == 19, isSaturated: golden.frame == 20)
      let frame = Frame(pixels: pixels)
      guard let finding = try? FrameEngine().analyze(.frame(frame), ParameterValues(), AnalysisContext())
      else {
        return "frame \(golden.frame): cannot be analysed"
      }
      let found = Golden(
        golden.frame, finding["dose"]?.value ?? 0, finding["center_x"]?.value ?? 0,
        finding["center_y"]?.value ?? 0,
        finding["disc_radius"]?.value ?? 0, finding.reasons.map(\.code))
      return found.agrees(with: golden) ? nil : "\(found)"
    }
  }
}
