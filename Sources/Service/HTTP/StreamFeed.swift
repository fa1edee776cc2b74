import CMicroHTTPD
import Synchronization

/// Feeds a stream's text to the library, which asks for it on its own thread.
final class StreamFeed: Sendable {
  private struct State {
    var isSuspended = false
    var isFinished = false
  }
  private let stream: any EventStream
  private let connection: Connection
  private let server: HTTPServer
  private let state = Mutex(State())

  init(_ stream: any EventStream, _ connection: Connection, _ server: HTTPServer) {
    self.stream = stream
    self.connection = connection
    self.server = server
    server.open.begin(self)
  }

  /// Bytes, 0 where the library shall ask again, negative at the end.
  func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    if state.withLock({ $0.isFinished }) { return -1 }
    guard let count = stream.read(into: buffer) else { return -1 }
    if count > 0 { return count }
    state.withLock { $0.isSuspended = true }
    MHD_suspend_connection(connection.pointer)
    stream.whenReady { [weak self] in self?.resume() }
    if state.withLock({ $0.isFinished }) { resume() }
    return 0
  }

  func finish() {
    state.withLock { $0.isFinished = true }
    resume()
  }

  func close() {
    server.open.end(self)
    stream.close()
  }

  private func resume() {
    let wasSuspended = state.withLock { state in
      defer { state.isSuspended = false }
      return state.isSuspended
    }
    if wasSuspended { MHD_resume_connection(connection.pointer) }
  }
}
