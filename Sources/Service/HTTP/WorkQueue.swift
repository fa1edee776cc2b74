import Dispatch
import Synchronization
import System

/// A few threads for work that may take long, and a queue that says when it is full.
final class WorkQueue: Sendable {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var isStopped = false
  }
  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)
  private let threads: Int
  private let most: Int

  /// At most so many pieces of work wait.
  init(threads: Int, most: Int) {
    self.threads = threads
    self.most = most
    for _ in 0..<threads { _ = DetachedThread.start { [self] in run() } }
  }

  /// False where too much waits already.
  func add(_ work: @escaping @Sendable () -> Void) -> Bool {
    let isTaken = state.withLock { state in
      guard state.waiting.count < most, !state.isStopped else { return false }
      state.waiting.append(work)
      return true
    }
    if isTaken { signal.signal() }
    return isTaken
  }

  /// The threads end after what they are at; what waits is dropped.
  func stop() {
    state.withLock { $0 = State(isStopped: true) }
    for _ in 0..<threads { signal.signal() }
  }

  private func run() {
    while true {
      signal.wait()
      let (work, isStopped) = state.withLock { state in
        (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isStopped)
      }
      work?()
      if isStopped { return }
    }
  }
}
