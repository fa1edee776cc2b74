import FrameFiles

/// Where a session hears of files: the real folder, or a script in a test.
public protocol FolderWatching: Sendable {
  var changes: AsyncStream<[FileChange]> { get }
  func report(_ outcome: ReadOutcome, for file: FileID)
  func stop()
}
