import CMicroHTTPD
import Glibc
import Synchronization
import System

/// A connection of the library: it may be resumed from any thread while it is suspended.
struct Connection: @unchecked Sendable { let pointer: OpaquePointer }

/// What is suspended: nothing may be when the library stops.
final class OpenExchanges: Sendable {
  private struct State {
    var working: [ObjectIdentifier: Exchange] = [:]
    var streams: [ObjectIdentifier: StreamFeed] = [:]
    var isEnding = false
  }
  private let state = Mutex(State())

  var isBusy: Bool { state.withLock { !$0.working.isEmpty } }
  func begin(_ exchange: Exchange) { state.withLock { $0.working[ObjectIdentifier(exchange)] = exchange } }
  func end(_ exchange: Exchange) { state.withLock { $0.working[ObjectIdentifier(exchange)] = nil } }

  func begin(_ feed: StreamFeed) {
    let isEnding = state.withLock {
      $0.streams[ObjectIdentifier(feed)] = feed
      return $0.isEnding
    }
    if isEnding { feed.finish() }
  }
  func end(_ feed: StreamFeed) { state.withLock { $0.streams[ObjectIdentifier(feed)] = nil } }

  func endStreams() {
    let feeds = state.withLock { state in
      state.isEnding = true
      return Array(state.streams.values)
    }
    for feed in feeds { feed.finish() }
  }

  /// Answers what has none yet, so that the library may stop.
  func giveUp() {
    for exchange in state.withLock({ Array($0.working.values) }) {
      exchange.finish(Refusal(503, "the service is being stopped", retryAfter: 10).response)
    }
  }
}

/// One request and its answer, as the library calls for them.
final class Exchange: Sendable {
  private enum Stage {
    case receiving(BodyFile?)
    case discarding(Response)
    case working
    case answered(Response)
  }
  private struct State {
    var stage: Stage
    var received = 0
    var isSuspended = false
  }

  private let server: HTTPServer
  private let head: RequestHead
  private let limit: Int
  private let started = ContinuousClock.now
  private let state: Mutex<State>
  private let connection: Connection

  /// A body that is refused is read to its end where it is no longer than this: many clients hear nothing before.
  private static let mostDiscarded = 8 << 20

  init(_ server: HTTPServer, _ connection: Connection, _ head: RequestHead) {
    self.server = server
    self.head = head
    self.connection = connection
    var allowed = 0
    var stage = Stage.receiving(nil)
    var refusal: Refusal?
    do throws(Refusal) {
      allowed = try server.handler.admit(head)
      if let length = head.contentLength, length > allowed {
        throw Refusal(413, "the body has \(length) bytes; \(allowed) are the most that are taken here")
      }
    } catch {
      stage = .discarding(error.response)
      refusal = error
    }
    limit = allowed
    state = Mutex(State(stage: stage))
    if let refusal { note(refusal) }
  }

  /// For the register, without keeping the others waiting.
  private func note(_ refusal: Refusal) {
    _ = server.quick.add { [server, head] in server.handler.note(refusal, of: head) }
  }

  /// An answer that need not wait for the body.
  var earlyAnswer: Response? {
    state.withLock { state in
      guard case .discarding(let response) = state.stage else { return nil }
      return (head.contentLength ?? .max) > Self.mostDiscarded || head.headers["expect"] != nil
        ? response : nil
    }
  }

  /// Some of the body. False where the connection is not worth more.
  func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    state.withLock { state in
      state.received += bytes.count
      let allowed =
        Double(server.options.timeout) + Double(state.received) / Double(server.options.slowestBytesPerSecond)
      guard ContinuousClock.now - started < .seconds(allowed) else { return false }
      switch state.stage {
      case .discarding: return state.received <= Self.mostDiscarded + limit
      case .working, .answered: return false
      case .receiving(let file):
        guard state.received <= limit else {
          let refusal = Refusal(413, "the body has more than \(limit) bytes")
          state.stage = .discarding(refusal.response)
          note(refusal)
          return true
        }
        do throws(SystemError) {
          let file = if let file { file } else { try BodyFile(in: server.folder) }
          try file.append(bytes)
          state.stage = .receiving(file)
        } catch {
          let refusal = Refusal(503, "the body cannot be kept: \(error.reason)", retryAfter: 60)
          state.stage = .discarding(refusal.response)
          note(refusal)
        }
        return true
      }
    }
  }

  /// All has been said by the client: the answer where it is known, nil where it has to be worked for.
  func whole() -> Response? {
    let (answer, body): (Response?, BodyFile?) = state.withLock { state in
      switch state.stage {
      case .discarding(let response), .answered(let response): return (response, nil)
      case .working: return (nil, nil)
      case .receiving(let body):
        state.stage = .working
        return (nil, body)
      }
    }
    if let answer { return answer }
    server.open.begin(self)
    // Before anyone can want to resume it.
    MHD_suspend_connection(connection.pointer)
    state.withLock { $0.isSuspended = true }
    let socket = cmhd_socket(connection.pointer)
    let request = Request(head, body: body) { hasHungUp(socket) }
    let work = server.handler.takesLong(head) ? server.long : server.quick
    let isTaken = work.add { [self] in finish(server.handler.respond(to: request)) }
    if !isTaken { finish(Refusal(503, "too many requests wait for an answer", retryAfter: 5).response) }
    return nil
  }

  /// The first answer counts.
  func finish(_ response: Response) {
    let isFirst = state.withLock { state in
      guard case .working = state.stage, state.isSuspended else { return false }
      state.stage = .answered(response)
      state.isSuspended = false
      return true
    }
    guard isFirst else { return }
    server.open.end(self)
    MHD_resume_connection(connection.pointer)
  }

  func end() { server.open.end(self) }
}

/// Whether the other side has closed. Only for a connection that is suspended: its socket stays ours until then.
private func hasHungUp(_ socket: Int32) -> Bool {
  var byte: UInt8 = 0
  let count = recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
  return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
}
