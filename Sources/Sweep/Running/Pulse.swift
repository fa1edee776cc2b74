import Dispatch
import Glibc
import Synchronization
import System

/// Signs of life, and who ends the program when its part is lost or everything is to stop.
final class Pulse: Sendable {
  private struct State {
    var lease: Lease
    var isHeld = true
    var isEnding = false
  }

  private let state: Mutex<State>
  private let book: LeaseBook
  private let process: Companion
  private let isStopped: @Sendable () -> Bool
  private let ended = DispatchSemaphore(value: 0)

  init(_ lease: Lease, _ book: LeaseBook, _ process: Companion, _ isStopped: @escaping @Sendable () -> Bool) {
    state = Mutex(State(lease: lease))
    self.book = book
    self.process = process
    self.isStopped = isStopped
  }

  func start() -> Bool { DetachedThread.start { [self] in run() } }

  /// The lease as it stands, and whether it is ours.
  func stop() -> (Lease, Bool) {
    state.withLock { $0.isEnding = true }
    ended.wait()
    return state.withLock { ($0.lease, $0.isHeld) }
  }

  private func run() {
    var lease = state.withLock { $0.lease }
    let term = Duration.seconds(lease.term)
    var sign = MonotonicTime.now()
    var tried = sign
    var isTold = false
    while !state.withLock({ $0.isEnding }) {
      usleep(100_000)
      if !isTold, isStopped() {
        isTold = true
        process.end(SIGTERM)
      }
      let now = MonotonicTime.now()
      guard now - tried >= term / 6 else { continue }
      tried = now
      do {
        if try book.beat(&lease) { sign = now } else { lose() }
      } catch {
        // The disk may come back; who has given no sign for his term must suppose that another has begun.
        if now - sign > term { lose() }
      }
    }
    state.withLock { $0.lease = lease }
    ended.signal()
  }

  private func lose() {
    state.withLock { $0.isHeld = false }
    process.end(SIGKILL)
  }
}
