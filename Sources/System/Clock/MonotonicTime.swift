/// A moment on a clock that no one can set. Wall clocks step, and the clock of a file server is another one
/// again, so no decision about a file compares its modification time with a local "now".
package struct MonotonicTime: Sendable, Hashable, Comparable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static func now() -> MonotonicTime {
    MonotonicTime(nanoseconds: Int64(SystemClock.monotonic.nanoseconds))
  }

  package static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.nanoseconds < b.nanoseconds }
  package static func + (a: MonotonicTime, b: Duration) -> MonotonicTime {
    MonotonicTime(nanoseconds: a.nanoseconds + b.wholeNanoseconds)
  }
  package static func - (a: MonotonicTime, b: MonotonicTime) -> Duration {
    .nanoseconds(a.nanoseconds - b.nanoseconds)
  }
}

extension Duration {
  package var wholeNanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
