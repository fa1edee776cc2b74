import Diffraction
import HostileFrames
import PACBED
import Testing

@Suite struct HostileFrameTests {
  private let check = EngineCheck(
    PACBEDEngine(library: PACBEDEngineTests.library),
    settings: [
      "material": .text("magnesium-oxide"), "convergence_mrad": .number(PACBEDEngineTests.convergence),
    ])

  @Test func `every hostile frame gets an answer or a reason, alone and as a scan`() {
    // The fit takes a second of a frame that leaves much unexplained, the network a hundredth.
    #expect(check.faultsOfFrames(["method": .text("network")]) == [])
    #expect(check.faultsOfScans(["method": .text("network")]) == [])
  }

  @Test(arguments: ["network+fit", "baseline", "least_squares"])
  func `so do some by every method`(_ method: String) {
    #expect(check.faultsOfSomeFrames(["method": .text(method)]) == [])
  }

  @Test func `settings at the ends of their ranges are safe`() throws {
    let pattern = try PACBEDEngineTests().frame(5.2)
    let disc = try #require(HostileFrame.all.first { $0.name == "disc" })
    for settings in EngineCheck.ends(of: check.engine) {
      var quick = settings
      if quick["method"] == nil { quick["method"] = .text("network") }
      for frame in [pattern, disc.frame] { #expect(check.fault(.frame(frame), "a frame", quick) == nil) }
    }
    // What the fit itself is told.
    for name in ["convergence_mrad", "pixel_mrad", "scale", "candidate"] {
      let parameter = try #require(check.engine.parameters.first { $0.name == name })
      for settings in EngineCheck.ends(of: parameter) {
        #expect(check.fault(.frame(pattern), "a pattern", settings) == nil)
      }
    }
  }

  @Test(arguments: [0, -1, 1e-300, 1e300, .nan, .infinity, 1e-3, 1e3])
  func `a header that states nonsense is safe`(_ value: Double) throws {
    for (number, unit) in ["mrad", "rad", "1/nm", "1/A"].enumerated() {
      var frame = try PACBEDEngineTests().frame(5.2)
      frame.calibration.x = Sourced(AxisCalibration(scale: value, unit: unit), source: "test")
      frame.beam.convergenceMilliradians = Sourced(value, source: "test")
      frame.beam.voltageKilovolts = Sourced(value, source: "test")
      let open = EngineCheck(check.engine, settings: ["method": .text("network")])
      #expect(open.fault(.frame(frame), "\(value) \(unit)") == nil)
      frame.beam.voltageKilovolts = Sourced(200, source: "test")
      let method = number == 0 ? "network+fit" : "network"
      let known = EngineCheck(
        check.engine, settings: ["material": .text("magnesium-oxide"), "method": .text(method)])
      #expect(known.fault(.frame(frame), "\(value) \(unit)") == nil)
    }
  }
}
