import Dispatch
import Glibc
import Synchronization

/// Threads that run only where nothing else wants the processor (SCHED_IDLE): a training beside a live
/// session must not delay an answer. Dispatch's threads are shared and cannot be lowered for a while.
final class BackgroundThreads: Sendable {
  /// What the threads hold; the owner may go while they finish.
  private final class State: Sendable {
    let job = Mutex<(@Sendable (Int) -> Void)?>(nil)
    let starts: [DispatchSemaphore]
    let done = DispatchSemaphore(value: 0)

    init(count: Int) { starts = (0..<count).map { _ in DispatchSemaphore(value: 0) } }

    func serve(_ index: Int) {
      var parameters = sched_param()
      // May be refused in a container; then the threads are ordinary ones.
      pthread_setschedparam(pthread_self(), BackgroundThreads.idlePolicy, &parameters)
      while true {
        starts[index].wait()
        guard let job = job.withLock({ $0 }) else { return }
        job(index)
        done.signal()
      }
    }
  }

  /// SCHED_IDLE of <sched.h>, which is hidden from Swift's import.
  private static let idlePolicy: Int32 = 5

  private final class Entry {
    let state: State
    let index: Int
    init(state: State, index: Int) {
      self.state = state
      self.index = index
    }
  }

  private let state: State

  /// `nil` when the system gives no threads.
  init?(count: Int) {
    let state = State(count: count)
    self.state = state
    for index in 0..<count {
      let entry = Unmanaged.passRetained(Entry(state: state, index: index))
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          let entry = Unmanaged<Entry>.fromOpaque(context).takeRetainedValue()
          entry.state.serve(entry.index)
          return nil
        }, entry.toOpaque())
      guard code == 0 else {
        entry.release()
        return nil
      }
      pthread_detach(thread)
    }
  }

  /// Runs the job on the first `count` threads, with their numbers, and waits for all.
  func run(count: Int, _ job: @escaping @Sendable (Int) -> Void) {
    state.job.withLock { $0 = job }
    for start in state.starts.prefix(count) { start.signal() }
    for _ in 0..<min(count, state.starts.count) { state.done.wait() }
  }

  deinit {
    state.job.withLock { $0 = nil }
    for start in state.starts { start.signal() }
  }
}
