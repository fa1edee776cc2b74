import Diffraction

/// A file whose one frame is at hand.
final class OneFrame: FrameSource {
  let summary: FileSummary
  private let pixels: Pixels

  init(_ pixels: Pixels, summary: FileSummary) {
    self.pixels = pixels
    self.summary = summary
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    return Frame(pixels: pixels, calibration: summary.calibration, beam: summary.beam, index: index)
  }
}
