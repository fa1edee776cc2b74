import Diffraction
import HostileFrames
import Synchronization

/// Becomes true at a certain look, and counts what happens afterwards.
final class CancelFlag: Sendable {
  private let state = Mutex((looks: 0, framesAfter: 0))
  private let limit: Int

  /// The first `limit` looks find it false.
  init(after limit: Int) { self.limit = limit }

  func look() -> Bool {
    state.withLock {
      $0.looks += 1
      return $0.looks > limit
    }
  }

  func noteFrame() { state.withLock { if $0.looks >= limit { $0.framesAfter += 1 } } }

  var looks: Int { state.withLock { $0.looks } }
  /// Read since the last look that found it false.
  var framesAfter: Int { state.withLock { $0.framesAfter } }
}

/// The first rows of a scan, or one frame as a scan of two. Another number of rows is another scan: nobody knows it
/// from before.
final class PartOfScan: FrameSource {
  let summary: FileSummary
  private let source: any FrameSource
  private let repeats: Bool
  private let flag: CancelFlag?

  init(_ source: any FrameSource, rows: Int, flag: CancelFlag? = nil) {
    self.source = source
    self.flag = flag
    var summary = source.summary
    repeats = summary.frames == 1
    let width = repeats ? 2 : summary.scan?.value.width ?? summary.frames
    let count = repeats ? 2 : min(summary.frames, width * rows)
    summary.scan = Sourced(ScanShape(width: width, height: count / width), source: "test")
    (summary.frames, summary.declaredFrames) = (count, count)
    self.summary = summary
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    flag?.noteFrame()
    var frame = try source.frame(at: repeats ? 0 : index)
    frame.index = index
    return frame
  }
}

/// A scan of which no frame is there yet.
final class EmptyScan: FrameSource {
  let summary = FileSummary(
    format: "memory", width: 64, height: 64, sample: .uint16, frames: 0, declaredFrames: 16,
    scan: Sourced(ScanShape(width: 4, height: 4), source: "test"))

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    throw FileRefusal(.truncated, "no frame \(index)")
  }
}
