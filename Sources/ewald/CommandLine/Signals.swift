import Dispatch
import Glibc

/// Waiting for someone to end a program that has no screen.
enum Signals {
  /// Returns when Ctrl-C, SIGTERM or SIGHUP comes; the caller closes what is open.
  static func wait() async -> ExitCode {
    let signals = [SIGINT, SIGTERM, SIGHUP]
    for number in signals { signal(number, SIG_IGN) }
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    let sources = signals.map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    for await number in stream { return number == SIGINT ? .interrupted : .ok }
    return .ok
  }
}
