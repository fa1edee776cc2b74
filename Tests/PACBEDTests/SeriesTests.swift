import Analysis
import Diffraction
import PACBED
import Scattering
import Testing

/// A frame as one of a day at the microscope.
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
