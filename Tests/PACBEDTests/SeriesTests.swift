import Analysis
import Diffraction
import PACBED
import Scattering
import Testing

/// A frame that is told what earlier ones found.
@Suite struct SeriesTests {
  private static let engine = PACBEDEngine(library: PACBEDEngineTests.library)

  private func finding(_ frame: Frame, _ more: [String: ParameterValue] = [:]) throws -> Finding {
    var values: [String: ParameterValue] = [
      "material": .text("magnesium-oxide"), "convergence_mrad": .number(PACBEDEngineTests.convergence),
      "pixel_mrad": .number(PACBEDEngineTests.pitch), "debye_waller": .number(0),
    ]
    for (name, value) in more { values[name] = value }
    return try Self.engine.analyze(.frame(frame), ParameterValues(values), AnalysisContext())
  }

  private func told(
    _ finding: Finding, pixel: Double = 1, turn: Double = 0, match: Double? = nil
  ) throws -> String {
    let names = ["pixel", "rotation", "convergence", "distortion_x", "distortion_y", "match"]
    var numbers = try names.map { name in try #require(finding[name]?.value) }
    numbers[0] *= pixel
    numbers[1] = (numbers[1] + turn).remainder(dividingBy: 360)
    if let match { numbers[5] = match }
    return numbers.map { "\($0)" }.joined(separator: ",")
  }

  @Test func `a known geometry spares the search and changes no answer`() throws {
    let frame = try PACBEDEngineTests().frame(5.6, noise: 0.01)
    let alone = try finding(frame)
    try #require(alone.verdict == .accept && alone["pixel"]?.said == nil)
    let known = try finding(frame, ["known_geometry": .text(told(alone))])
    #expect(known["pixel"]?.said != nil)
    let before = try #require(alone["thickness"])
    let after = try #require(known["thickness"])
    let width = (before.high ?? 0) - (before.low ?? 0)
    #expect(abs(after.value - before.value) < width / 8)
    // The geometry is found anew and not taken over.
    let off = try finding(frame, ["known_geometry": .text(told(alone, pixel: 1.006, turn: 1))])
    #expect(abs((off["pixel"]?.value ?? 0) / (alone["pixel"]?.value ?? 1) - 1) < 0.001)
    #expect(abs((off["thickness"]?.value ?? 0) - before.value) < width / 8)
  }

  @Test func `a geometry that does not hold leaves the answer of the search, bit for bit`() throws {
    let frame = try PACBEDEngineTests().frame(5.6, noise: 0.01)
    let alone = try finding(frame)
    for wrong in [
      try told(alone, pixel: 1.06), try told(alone, turn: 30), try told(alone, match: 0.999999999),
    ] {
      let found = try finding(frame, ["known_geometry": .text(wrong)])
      #expect(found.values == alone.values && found.reasons == alone.reasons)
      #expect(found.verdict == alone.verdict && found.histograms == alone.histograms)
    }
  }

  @Test func `three accepted frames of one model teach, thin and doubtful ones do not`() throws {
    func frame(
      _ pixel: Double, _ rotation: Double, match: Double = 0.998, thickness: Double = 20,
      model: String = "one", verdict: Verdict = .accept
    ) -> Finding {
      Finding(
        values: [
          Quantity("thickness", thickness, unit: "nm"), Quantity("pixel", pixel, unit: "mrad"),
          Quantity("rotation", rotation, unit: "deg"), Quantity("convergence", 20, unit: "mrad"),
          Quantity("distortion_x", 0.001), Quantity("distortion_y", -0.002), Quantity("match", match),
        ], verdict: verdict, model: ModelIdentity(id: model, sha256: model))
    }
    let good = [frame(0.1, 33), frame(0.1002, 33.5), frame(0.1001, 33.2)]
    let lesson = try #require(Self.engine.lesson(from: good))
    #expect(lesson.hasPrefix("0.1001,33") && lesson.hasSuffix(",20.0,0.001,-0.002,0.998"))
    // It is what the setting reads.
    #expect(try KnownGeometry(lesson).description == lesson)
    #expect(Self.engine.lesson(from: Array(good.prefix(2))) == nil)
    for bad in [
      frame(0.1, 33, thickness: 3), frame(0.1, 33, verdict: .doubtful), frame(0.1, 33, model: "other"),
    ] {
      #expect(Self.engine.lesson(from: [bad] + good.prefix(2)) == nil)
    }
    // Turns that nobody confirms are not a crystal's.
    #expect(Self.engine.lesson(from: [frame(0.1, 0), frame(0.1, 40), frame(0.1, 80)]) == nil)
    // The best lead.
    let poor = (0..<6).map { _ in frame(0.12, 60, match: 0.98) }
    #expect(Self.engine.lesson(from: poor + good + good)?.hasPrefix("0.1001,33") == true)
  }

  @Test(
    arguments: [
      "", "0.1", "0.1,33,20,0,0", "0.1,33,20,0,0,2", "0,33,20,0,0,1", "0.1,33,20,0,x,1", "nan,33,20,0,0,1",
    ])
  func `what is no geometry is refused`(_ text: String) {
    #expect(throws: InvalidParameter.self) { try KnownGeometry(text) }
  }

  // MARK: Directions to act on

  @Test func `a calibrated stage says what to turn back`() throws {
    let frame = try PACBEDEngineTests().frame(5.6, noise: 0.01)
    let plain = try finding(frame)
    #expect(plain["stage_alpha"] == nil && plain["stage_beta"] == nil)
    let size = try #require(plain["mistilt"])
    let azimuth = try #require(plain["mistilt_azimuth"]?.value)
    // Alpha along the mistilt, beta across: all of it is alpha's.
    let along = try finding(frame, ["stage_calibration": .text("\(azimuth),\(azimuth + 90)")])
    let alpha = try #require(along["stage_alpha"])
    let degree = 180 / Double.pi / 1000
    #expect(abs(alpha.value - size.value * degree) < 1e-4)
    #expect(abs(along["stage_beta"]?.value ?? 1) < 1e-4)
    let half = ((size.high ?? 0) - size.value) * degree
    #expect(abs((alpha.high ?? 0) - alpha.value - half) < 1e-4)
    // The other hand: beta turns its sign; and a stage that moves half as much has to go twice as far.
    let turned = try finding(frame, ["stage_calibration": .text("\(azimuth - 90),\(azimuth)")])
    let other = try finding(frame, ["stage_calibration": .text("\(azimuth - 90),\(azimuth + 180)")])
    #expect(abs((turned["stage_beta"]?.value ?? 0) - alpha.value) < 1e-4)
    #expect(abs((other["stage_beta"]?.value ?? 0) + alpha.value) < 1e-4)
    let right = try finding(frame, ["stage_calibration": .text("1,0,0,1")])
    let slow = try finding(frame, ["stage_calibration": .text("0.5,0,0,0.5")])
    #expect(
      abs((slow["stage_alpha"]?.value ?? 0) - 2 * (right["stage_alpha"]?.value ?? 1)) < 1e-4)
    #expect(right["thickness"] == plain["thickness"])
  }

  @Test(arguments: ["10", "10,20,30", "10,10", "10,190", "1,0,2,0", "0,0,0,1", "a,b", "nan,90", "1e9,3"])
  func `what is no stage is refused`(_ text: String) {
    #expect(throws: InvalidParameter.self) { try StageCalibration(text) }
  }
}
