import System

/// Standard input, line by line, without keeping a thread of the runtime waiting.
enum InputLines {
  /// Ends where the input ends.
  static func stream() -> AsyncStream<String> {
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    let isStarted = DetachedThread.start {
      while let line = readLine() { continuation.yield(line) }
      continuation.finish()
    }
    if !isStarted { continuation.finish() }
    return stream
  }
}
