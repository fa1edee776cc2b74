/// What is true now and is no history: rates, queues, the disk, the folder. Never written.
public struct LiveStatus: Sendable, Equatable {
  public enum Folder: Sendable, Equatable {
    case looking
    case watched
    case polled(String)
    case missing
    case notResponding(seconds: Int)
    case unreadable(String)
    /// No folder: a replay.
    case none
  }

  public var folder = Folder.none
  /// Results a second over the last ten seconds.
  public var rate = 0.0
  /// Seconds from the file's being ready to its result, for the last frame.
  public var lag = 0.0
  public var queued = 0
  public var running = 0
  /// How much of a long analysis is done, by file.
  public var progress: [Int: Double] = [:]
  /// Frames that are lost: gone, since the program began, before they were read.
  public var lost = 0
  public var freeBytes: Int?
  /// Why the session file cannot be written: a banner over the whole screen.
  public var logFailure: String?
  /// Lines that wait for the disk.
  public var linesWaiting = 0

  public init() {}
}

/// All that a screen needs, as of one moment.
public struct Snapshot: Sendable {
  public var state: SessionState
  public var live: LiveStatus

  public init(state: SessionState = SessionState(), live: LiveStatus = LiveStatus()) {
    self.state = state
    self.live = live
  }
}
