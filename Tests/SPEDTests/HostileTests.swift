import Diffraction
import HostileFrames
import SPED
import Testing

@Suite struct HostileFrameTests {
  private let check = EngineCheck(SPEDEngine())

  @Test(arguments: ["live", "vdf", "nmf"])
  func `every hostile frame gets an answer or a reason, alone and as a scan`(_ method: String) {
    let settings = ["method": ParameterValue.text(method)]
    #expect(check.faultsOfFrames(settings) == [])
    #expect(check.faultsOfScans(settings) == [])
  }

  @Test func `settings at the ends of their ranges are safe`() throws {
    let disc = try #require(HostileFrame.all.first { $0.name == "disc" })
    let part = SyntheticScan.threeCrystals()
    let pixels = try (0..<24).map { try part.frame(at: 24 * 8 + $0).pixels }
    for parameter in check.engine.parameters {
      // The published workflows say so in the titles of their settings.
      let methods = ["vdf", "nmf"].filter {
        parameter.title.hasPrefix($0) || parameter.title.contains(", \($0)")
      }
      for settings in EngineCheck.ends(of: parameter) {
        for method in methods.isEmpty ? ["live"] : methods {
          let all = settings.merging(["method": .text(method)]) { own, _ in own }
          let scan = HostileScan(pixels, ScanShape(width: 6, height: 4))
          #expect(check.fault(.scan(scan), "a scan", all) == nil)
          let discs = HostileScan(disc.pixels, ScanShape(width: 3, height: 1))
          #expect(check.fault(.scan(discs), disc.name, all) == nil)
        }
      }
    }
  }

  @Test func `a header that states billions of positions costs nothing`() throws {
    let pixels = try #require(HostileFrame.all.first { $0.name == "disc" }).pixels
    for shape in [
      ScanShape(width: 65_535, height: 65_535), ScanShape(width: .max, height: .max),
      ScanShape(width: 0, height: 4),
      ScanShape(width: -3, height: -3),
    ] {
      let finding = try SPEDEngine().analyze(
        .scan(HostileScan([pixels, pixels], shape)), ParameterValues(), AnalysisContext())
      #expect(finding.verdict == .notAnalysable)
      #expect(finding.reasons.map(\.code) == ["SCAN"])
    }
  }
}
