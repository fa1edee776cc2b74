import Diffraction

/// Frames of one size that lie at even distances in a file: what most formats come down to once their
/// header is understood. One frame is read at a time, so the size of a scan does not matter.
final class FixedFrames: FrameSource {
  let summary: FileSummary
  private let file: DiskFile
  private let image: StoredImage
  private let start: Int
  private let stride: Int
  private let check: (Int) throws(FileRefusal) -> Void

  /// `check` is asked before each frame is read: a record may carry a marker of its own.
  init(
    _ file: DiskFile, summary: FileSummary, image: StoredImage, start: Int, stride: Int,
    check: @escaping (Int) throws(FileRefusal) -> Void = { (_: Int) throws(FileRefusal) -> Void in }
  ) {
    self.file = file
    self.summary = summary
    self.image = image
    self.start = start
    self.stride = stride
    self.check = check
  }

  /// Frames wholly present from `start` on; the gap behind the last one may be missing.
  static func count(in size: Int, start: Int, stride: Int, frameBytes: Int) -> Int {
    guard start >= 0, size - start >= frameBytes else { return 0 }
    return (size - start - frameBytes) / stride + 1
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    try check(index)
    let pixels = try image.read(file, at: start + index * stride, format: summary.format)
    return Frame(pixels: pixels, calibration: summary.calibration, beam: summary.beam, index: index)
  }
}

extension FileSummary {
  /// Asking for a frame that is not there yet is an answer from the world, not a mistake.
  package func requireFrame(_ index: Int) throws(FileRefusal) {
    precondition(index >= 0, "frames count from 0")
    guard index < frames else {
      throw FileRefusal(.truncated, "\(format): image \(index) of \(declaredFrames) is not there yet")
    }
  }
}
