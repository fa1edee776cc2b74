import Diffraction
import FrameQuality
import HostileFrames
import Testing

@Suite struct HostileFrameTests {
  private let check = EngineCheck(FrameEngine())

  @Test func `every hostile frame gets an answer or a reason, alone and as a scan`() {
    #expect(check.faultsOfFrames() == [])
    #expect(check.faultsOfScans() == [])
  }

  @Test func `settings at the ends of their ranges are safe`() {
    for settings in EngineCheck.ends(of: check.engine) { #expect(check.faultsOfFrames(settings) == []) }
  }
}
