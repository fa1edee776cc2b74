import Synchronization

/// What the thread of an analysis and the session tell each other while it runs.
final class JobMonitor: Sendable {
  private struct State {
    var fraction: Double?
    var isCancelled = false
  }

  private let state = Mutex(State())

  /// How much of a scan is done; nil for a single frame.
  var fraction: Double? { state.withLock { $0.fraction } }
  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func report(_ fraction: Double) { state.withLock { $0.fraction = fraction } }
  /// The analysis ends at its next look; what it finds is thrown away.
  func cancel() { state.withLock { $0.isCancelled = true } }
}
