import Diffraction

/// The frames of a recording that lies in several files.
final class JoinedFrames: FrameSource {
  let summary: FileSummary
  private let parts: [any FrameSource]

  /// `parts` hold the frames of `summary` one after another.
  init(_ summary: FileSummary, parts: [any FrameSource]) {
    self.summary = summary
    self.parts = parts
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    var rest = index
    var part = 0
    while rest >= parts[part].summary.frames {
      rest -= parts[part].summary.frames
      part += 1
    }
    var frame = try parts[part].frame(at: rest)
    frame.index = index
    return frame
  }
}
