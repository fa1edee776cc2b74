import System
import Dispatch
import Glibc
import Synchronization

/// Watches a folder for frames, on a thread of its own.
///
/// All calls into the watched file system are made on that thread, so a share that does not answer blocks
/// neither whoever made the watcher nor whoever stops it.
package final class DirectoryWatcher: Sendable {
  package let folder: RawPath
  /// What happens, in order, in batches. One consumer. Ends after `stop`.
  package let changes: AsyncStream<[FileChange]>
  private let shared: WatchShared

  package convenience init(folder: String, options: WatchOptions = WatchOptions()) {
    self.init(folder: RawPath(folder), options: options)
  }

  /// Begins at once. The folder need not be there yet.
  package init(folder: RawPath, options: WatchOptions = WatchOptions()) {
    self.folder = folder
    let (stream, continuation) = AsyncStream<[FileChange]>.makeStream()
    changes = stream
    let shared = WatchShared(continuation, clock: options.clock, stallAfter: options.stallAfter)
    self.shared = shared
    Watchdog.watch(shared, every: min(.seconds(1), options.stallAfter))
    WatchThread.start { WatchLoop(folder: folder, options: options, shared: shared).run() }
  }

  deinit { stop() }

  /// What the reader made of a file that was offered: exactly one outcome an offer. `read` is the identity of
  /// what was read, if the reader looked.
  package func report(_ outcome: ReadOutcome, for file: FileID, read: FileIdentity? = nil) {
    shared.post(WatchShared.Report(outcome: outcome, file: file, read: read))
  }

  /// Ends the stream now and the thread as soon as the file system lets go of it.
  package func stop() { shared.stop() }
}

/// What the watcher's thread and everyone else have in common.
final class WatchShared: Sendable {
  struct Report: Sendable {
    var outcome: ReadOutcome
    var file: FileID
    var read: FileIdentity?
  }

  private struct State: Sendable {
    var reports: [Report] = []
    var stopped = false
    var busySince: MonotonicTime?
    var toldStall = 0
  }

  let wakeDescriptor: Int32
  private let wakingDescriptor: Int32
  private let state = Mutex(State())
  private let continuation: AsyncStream<[FileChange]>.Continuation
  private let clock: @Sendable () -> MonotonicTime
  private let stallAfter: Duration

  init(
    _ continuation: AsyncStream<[FileChange]>.Continuation, clock: @escaping @Sendable () -> MonotonicTime,
    stallAfter: Duration
  ) {
    self.continuation = continuation
    self.clock = clock
    self.stallAfter = stallAfter
    var ends: [Int32] = [-1, -1]
    // Without a pipe the loop still turns at every poll; only reports wait for the next one.
    if pipe(&ends) == 0 {
      for end in ends {
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      }
    }
    wakeDescriptor = ends[0]
    wakingDescriptor = ends[1]
  }

  deinit {
    if wakeDescriptor >= 0 {
      close(wakeDescriptor)
      close(wakingDescriptor)
    }
  }

  var isStopped: Bool { state.withLock { $0.stopped } }

  func post(_ report: Report) {
    let isFirst = state.withLock { state in
      state.reports.append(report)
      return state.reports.count == 1
    }
    if isFirst { wake() }
  }

  func takeReports() -> [Report] {
    state.withLock { state in
      defer { state.reports = [] }
      return state.reports
    }
  }

  func stop() {
    state.withLock { $0.stopped = true }
    continuation.finish()
    wake()
  }

  func yield(_ changes: [FileChange]) { continuation.yield(changes) }

  /// Called around everything that may hang, and now and then in between.
  func isBusy(_ busy: Bool) {
    let stalled = state.withLock { state in
      defer { state.toldStall = 0 }
      state.busySince = busy ? clock() : nil
      return state.toldStall > 0
    }
    if stalled { continuation.yield([.folder(.back)]) }
  }

  func reportStall() {
    let seconds = state.withLock { state -> Int? in
      guard let since = state.busySince, !state.stopped else { return nil }
      let stalled = clock() - since
      guard stalled >= stallAfter else { return nil }
      state.toldStall += 1
      return Int(stalled.components.seconds)
    }
    if let seconds { continuation.yield([.folder(.notResponding(seconds: seconds))]) }
  }

  private func wake() {
    var byte: UInt8 = 1
    if wakingDescriptor >= 0 { _ = write(wakingDescriptor, &byte, 1) }
  }

  func clearWakes() {
    var bytes: (UInt64, UInt64) = (0, 0)
    while wakeDescriptor >= 0, read(wakeDescriptor, &bytes, 16) > 0 {}
  }
}

/// Looks after the watcher's thread, which cannot say of itself that it hangs.
private enum Watchdog {
  static func watch(_ shared: WatchShared, every interval: Duration) {
    let next = DispatchTime.now() + .nanoseconds(Int(interval.wholeNanoseconds))
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: next) { [weak shared] in
      guard let shared, !shared.isStopped else { return }
      shared.reportStall()
      watch(shared, every: interval)
    }
  }
}

enum WatchThread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// A detached thread: one that hangs in the kernel cannot be waited for. Signals are for the main thread.
  static func start(_ run: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Body(run))
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    pthread_attr_destroy(&attributes)
    // The process is out of threads: the queues of the system have some in reserve.
    if result != 0 {
      body.release()
      DispatchQueue.global().async(execute: DispatchWorkItem { run() })
    }
  }
}
