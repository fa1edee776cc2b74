/// What is true now and is no history: rates, queues, the disk, the folder. Never written.
package struct LiveStatus: Sendable, Equatable {
  package enum Folder: Sendable, Equatable {
    case looking
    case watched
    case polled(String)
    case missing
    case notResponding(seconds: Int)
    case unreadable(String)
    /// No folder: a replay.
    case none
  }

  package var folder = Folder.none
  /// Another process holds the session; here someone looks on.
  package var isLookedOn = false
  /// Results a second over the last ten seconds.
  package var rate = 0.0
  /// Seconds from the file's being ready to its result, for the last frame.
  package var lag = 0.0
  package var queued = 0
  package var running = 0
  /// How much of a long analysis is done, by file.
  package var progress: [Int: Double] = [:]
  /// Frames that are lost: gone, since the program began, before they were read.
  package var lost = 0
  package var freeBytes: Int?
  /// Why the session file cannot be written: a banner over the whole screen.
  package var logFailure: String?
  /// Lines that wait for the disk.
  package var linesWaiting = 0

  package init() {}
}

/// All that a screen needs, as of one moment.
package struct Snapshot: Sendable {
  package var state: SessionState
  package var live: LiveStatus

  package init(state: SessionState = SessionState(), live: LiveStatus = LiveStatus()) {
    self.state = state
    self.live = live
  }
}
