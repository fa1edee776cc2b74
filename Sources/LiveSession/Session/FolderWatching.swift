import System
import FolderWatch
import FrameFormats

/// Where a session hears of files: the real folder, or a script in a test.
package protocol FolderWatching: Sendable {
  var changes: AsyncStream<[FileChange]> { get }
  /// `read` is the identity that the file had while it was read.
  func report(_ outcome: ReadOutcome, for file: FileID, read: FileIdentity?)
  func stop()
}

extension DirectoryWatcher: FolderWatching {}
