import Glibc

/// The kernel's clocks.
package enum SystemClock: Sendable {
  /// Only ever rises; it says nothing about the date.
  case monotonic
  /// Since 1970, UTC, by the machine's clock, which people may set.
  case unix
  /// What the whole process has used of the processors.
  case process
  /// What this thread has used.
  case thread

  package var nanoseconds: Int {
    var time = timespec()
    clock_gettime(number, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  package var seconds: Double { Double(nanoseconds) / 1e9 }

  private var number: clockid_t {
    switch self {
    case .monotonic: CLOCK_MONOTONIC
    case .unix: CLOCK_REALTIME
    case .process: CLOCK_PROCESS_CPUTIME_ID
    case .thread: CLOCK_THREAD_CPUTIME_ID
    }
  }
}
