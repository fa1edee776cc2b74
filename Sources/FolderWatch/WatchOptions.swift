import System

/// How a folder is watched.
package struct WatchOptions: Sendable {
  /// How long a file must rest before it is read, where no event says that its writer closed it.
  package var settle: Duration = .seconds(2)
  /// The same after a close or a rename into place on a local disk.
  package var settleAfterClose: Duration = .milliseconds(200)
  /// How long a growing scan may pause before what there is counts as all.
  package var idle: Duration = .seconds(60)
  package var sidecarWait: Duration = .seconds(5)
  /// Look at the folder instead of waiting for events. Network mounts are polled without being asked.
  package var poll = false
  package var pollInterval: Duration = .seconds(1)
  /// A full listing at least this often, events or not.
  package var safetyInterval: Duration = .seconds(10)
  package var missingFolderInterval: Duration = .seconds(2)
  /// A call into the file system that takes longer is reported as "not responding".
  package var stallAfter: Duration = .seconds(3)
  /// Folders below the watched one: files in it are at depth 0.
  package var depth = 8
  /// Whether a file's own header says that it is all there; `nil` where it cannot say.
  ///
  /// Called on the watcher's thread, on local disks only, right after a file was closed or renamed into
  /// place. `true` saves the second look (the file is offered after 20 ms), `false` marks a scan that is
  /// still growing.
  package var isComplete: (@Sendable (RawPath) -> Bool?)?
  /// CLOCK_MONOTONIC unless a test says otherwise.
  package var clock: @Sendable () -> MonotonicTime = { MonotonicTime.now() }

  package init() {}
}
