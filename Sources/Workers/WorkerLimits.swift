import Glibc
import System

/// What a worker must not do, set by itself before it looks at any data.
enum WorkerLimits {
  /// Bounds what the process may allocate. What is allocated, not what is mapped: libraries map much and use
  /// little.
  static func bound(memoryBytes: Int) {
    guard !Program.isSanitized else { return }
    let bytes = rlim_t(max(64 << 20, memoryBytes))
    var data = rlimit(rlim_cur: bytes, rlim_max: bytes)
    setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &data)
    var core = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
  }

  /// A thread that wakes only when the other side is gone: a worker stuck in a file must not outlive it.
  static func dieWithParent() {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        while true {
          var entry = pollfd(fd: WorkerProcess.descriptor, events: 0, revents: 0)
          if poll(&entry, 1, -1) > 0, entry.revents & Int16(POLLHUP | POLLERR) != 0 { _exit(0) }
        }
      }, nil)
    pthread_detach(thread)
  }
}
