import Arrays
import CBLEED
import Diffraction
import HostileFrames
import Learning
import Testing

@Suite struct HostileFrameTests {
  private let check = EngineCheck(
    CBLEEDEngine(library: ModelLibrary(folders: [ShippedModelTests.samples.appending(path: "models").path])))

  @Test func `every hostile frame gets an answer or a reason, alone and as a scan`() {
    #expect(check.faultsOfFrames() == [])
    // Frame by frame: one shape says all.
    #expect(check.faultsOfScans(shapes: [ScanShape(width: 1, height: 1)]) == [])
  }

  @Test func `settings at the ends of their ranges are safe`() throws {
    let image = try ShippedModelTests.acquisition()[3].image
    let pixels = Pixels(width: image.columns, height: image.rows, values: image.values)
    for settings in EngineCheck.ends(of: check.engine) where settings["refine"] != .text("simulation") {
      #expect(check.fault(.frame(Frame(pixels: pixels)), "a pattern", settings) == nil)
    }
  }

  @Test func `discs that lie wholly beside the picture are none`() throws {
    let image = try ShippedModelTests.acquisition()[3].image
    let (rows, columns) = (image.rows, image.columns)
    // Shifted until nothing but the outermost discs is left, and beyond.
    for shift in stride(from: 0, through: columns, by: 16) {
      let moved = (0..<rows * columns).map { place in
        place % columns >= shift ? image.values[place - shift] : 0
      }
      let frame = Frame(pixels: Pixels(width: columns, height: rows, values: moved))
      let finding = try check.engine.analyze(.frame(frame), ParameterValues(), AnalysisContext())
      #expect((finding.verdict == .accept) == (shift == 0), "\(shift)")
      #expect(EngineCheck.fault(finding, isBlank: shift > 0) == nil)
    }
  }
}
