import Diffraction

/// What a screen looks at: the session that is going on, or one that is over.
package protocol SessionSource: Sendable {
  /// The newest whole state; a slow screen skips states and loses no data.
  var snapshots: AsyncStream<Snapshot> { get }
  /// Does it, or says why there is nothing to do.
  @discardableResult
  func perform(_ command: SessionCommand) async -> SessionReply?
  func detail(of fileID: Int, run: Int?, frame: Int) async -> FrameDetail
  /// What explains a result, made anew where it was not kept; nil where the task was cancelled meanwhile.
  func exhibits(of detail: FrameDetail) async -> [Exhibit]?
  /// Moves through what is over and says where it stands now; nil while a session goes on.
  func step(by count: Int) async -> (at: Int, count: Int)?
}

extension Session: SessionSource {
  package func step(by count: Int) -> (at: Int, count: Int)? { nil }
}

extension SessionSource {
  /// The first frame of a file, with one of its runs (the accepted one if nil).
  package func detail(of fileID: Int, run: Int? = nil) async -> FrameDetail {
    await detail(of: fileID, run: run, frame: 0)
  }
}
