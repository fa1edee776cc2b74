import System

/// How long is waited for what, in nanoseconds.
package struct Patience: Sendable {
  package let settle: Int64
  package let settleAfterClose: Int64
  package let idle: Int64
  package let sidecarWait: Int64
  package let pollInterval: Int64

  /// Two ticks of the coarsest kernel clock (100 Hz). A second write within the tick of the first leaves no
  /// trace in the modification time, so an identity is only to be relied on when it is this old.
  static let clockTick: Int64 = 20_000_000
  /// After this long without rest a file of unknown format is offered as it is.
  static let growingAfter: Int64 = 10_000_000_000
  private static let retryAfter: [Int64] = [1, 2, 5, 15, 60, 300].map { $0 * 1_000_000_000 }
  private static let longestInterval: Int64 = 60_000_000_000

  package init(_ options: WatchOptions) {
    settle = options.settle.wholeNanoseconds
    settleAfterClose = min(options.settleAfterClose, options.settle).wholeNanoseconds
    idle = options.idle.wholeNanoseconds
    sidecarWait = options.sidecarWait.wholeNanoseconds
    pollInterval = max(options.pollInterval, .milliseconds(1)).wholeNanoseconds
  }

  /// Often at first, then once in a tenth of the time that it has rested already.
  package func checkInterval(rested: Int64) -> Int64 {
    max(pollInterval, min(Self.longestInterval, rested / 10))
  }

  /// After so many attempts that found the file cut short.
  package func retryInterval(after attempts: Int) -> Int64 {
    Self.retryAfter[max(0, min(attempts, Self.retryAfter.count - 1))]
  }

  /// Between two looks into a scan that is being written.
  package var growthInterval: Int64 { max(pollInterval, Self.retryAfter[0]) }
}
