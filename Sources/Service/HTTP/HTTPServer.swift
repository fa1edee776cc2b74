import CMicroHTTPD
import Glibc
import Synchronization
import System

/// Who answers what the server hears.
package protocol RequestHandler: Sendable {
  /// Before the body is read: who asks, and may it? Returns how many bytes of body are taken.
  func admit(_ head: RequestHead) throws(Refusal) -> Int
  /// Whether its answer has to be worked for: those wait among themselves, not before the others.
  func takesLong(_ head: RequestHead) -> Bool
  /// On a thread that may take its time.
  func respond(to request: Request) -> Response
}

/// Speaks HTTP with many clients on one thread; the answers are found on others. A client that is slow, gone or hostile
/// costs its own connection.
package final class HTTPServer: Sendable {
  package struct Options: Sendable {
    package var connections = 2048
    /// Seconds without a byte.
    package var timeout = 30
    /// A body has to come at least as fast, once the timeout is over.
    package var slowestBytesPerSecond = 10_000
    /// Requests that are answered at the same time, and that may wait for it.
    package var threads = max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    package var waiting = 256
    /// PEM texts, for TLS.
    package var certificate: String?
    package var key: String?

    package init() {}
  }

  private struct Daemon: @unchecked Sendable { var pointer: OpaquePointer? }

  fileprivate let handler: any RequestHandler
  fileprivate let options: Options
  fileprivate let folder: String
  fileprivate let long: WorkQueue
  fileprivate let quick: WorkQueue
  fileprivate let open = OpenExchanges()
  private let daemon = Mutex(Daemon())

  /// Bodies lie in `folder` while they are looked at.
  package init(
    _ listener: Listener, folder: String, options: Options = Options(), handler: any RequestHandler
  ) throws {
    self.handler = handler
    self.options = options
    self.folder = folder
    long = WorkQueue(threads: options.threads, most: options.waiting)
    quick = WorkQueue(threads: 2, most: options.connections)
    var flags = MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
    var items = [
      MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(listener.descriptor), ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_LIMIT, value: options.connections, ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: options.timeout, ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_MEMORY_LIMIT, value: 64 << 10, ptr_value: nil),
    ]
    let completed: MHD_RequestCompletedCallback = { _, _, context, _ in
      guard let kept = context?.pointee else { return }
      context?.pointee = nil
      Unmanaged<Exchange>.fromOpaque(kept).takeRetainedValue().end()
    }
    items.append(
      MHD_OptionItem(option: .NOTIFY_COMPLETED, value: unsafeBitCast(completed, to: Int.self), ptr_value: nil)
    )
    // The library reads the texts while it starts.
    let texts = [options.key, options.certificate].map { $0.map { strdup($0) } ?? nil }
    defer { for text in texts { free(text) } }
    if let key = texts[0], let certificate = texts[1] {
      flags |= MHD_USE_TLS.rawValue
      items.append(MHD_OptionItem(option: .HTTPS_MEM_KEY, value: 0, ptr_value: key))
      items.append(MHD_OptionItem(option: .HTTPS_MEM_CERT, value: 0, ptr_value: certificate))
    }
    items.append(MHD_OptionItem(option: .END, value: 0, ptr_value: nil))
    // The server outlives its daemon: it is stopped before it goes.
    let context = Unmanaged.passUnretained(self).toOpaque()
    let pointer = items.withUnsafeMutableBufferPointer { items -> OpaquePointer? in
      guard let base = items.baseAddress else { return nil }
      let arguments: [any CVarArg] = [MHD_OPTION.ARRAY.rawValue, base, MHD_OPTION.END.rawValue]
      return withVaList(arguments) { MHD_start_daemon_va(flags, 0, nil, nil, heard, context, $0) }
    }
    guard let pointer else {
      throw Refusal(
        500, "the server cannot be started\(options.key == nil ? "" : ": are certificate and key a pair?")")
    }
    let started = Daemon(pointer: pointer)
    daemon.withLock { $0 = started }
  }

  /// Takes no new clients, lets the others have their answers for so long, and ends.
  package func stop(patience: Duration = .seconds(5)) {
    let stopped = daemon.withLock { daemon in
      defer { daemon = Daemon() }
      return daemon
    }
    guard let pointer = stopped.pointer else { return }
    let listening = MHD_quiesce_daemon(pointer)
    open.endStreams()
    let deadline = ContinuousClock.now + patience
    while open.isBusy, ContinuousClock.now < deadline { usleep(10_000) }
    long.stop()
    quick.stop()
    open.giveUp()
    MHD_stop_daemon(pointer)
    if listening >= 0 { close(listening) }
  }
}

/// A connection of the library: it may be resumed from any thread while it is suspended.
private struct Connection: @unchecked Sendable { let pointer: OpaquePointer }

/// What is suspended: nothing may be when the library stops.
private final class OpenExchanges: Sendable {
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
private final class Exchange: Sendable {
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
    do throws(Refusal) {
      allowed = try server.handler.admit(head)
      if let length = head.contentLength, length > allowed {
        throw Refusal(413, "the body has \(length) bytes; \(allowed) are the most that are taken here")
      }
    } catch {
      stage = .discarding(error.response)
    }
    limit = allowed
    state = Mutex(State(stage: stage))
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
          state.stage = .discarding(Refusal(413, "the body has more than \(limit) bytes").response)
          return true
        }
        do throws(SystemError) {
          let file = if let file { file } else { try BodyFile(in: server.folder) }
          try file.append(bytes)
          state.stage = .receiving(file)
        } catch {
          state.stage = .discarding(
            Refusal(503, "the body cannot be kept: \(error.reason)", retryAfter: 60).response)
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

/// Feeds a stream's text to the library, which asks for it on its own thread.
private final class StreamFeed: Sendable {
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

// MARK: - What the library calls

private let heard: MHD_AccessHandlerCallback = { server, connection, url, method, _, data, size, context in
  guard let server, let connection, let url, let method, let size, let context else { return .NO }
  let host = Unmanaged<HTTPServer>.fromOpaque(server).takeUnretainedValue()
  let link = Connection(pointer: connection)
  guard let kept = context.pointee else {
    guard
      let method = RequestHead.Method(
        rawValue: String(cString: method) == "HEAD" ? "GET" : String(cString: method))
    else { return send(Refusal(405, "GET, POST and DELETE are understood").response, link, host) }
    let head = RequestHead(
      method, String(cString: url), query: values(of: link, .GET_ARGUMENT_KIND),
      headers: values(of: link, .HEADER_KIND), client: client(of: link))
    let exchange = Exchange(host, link, head)
    context.pointee = Unmanaged.passRetained(exchange).toOpaque()
    return exchange.earlyAnswer.map { send($0, link, host) } ?? .YES
  }
  let exchange = Unmanaged<Exchange>.fromOpaque(kept).takeUnretainedValue()
  if size.pointee > 0 {
    let isWanted = exchange.take(UnsafeRawBufferPointer(start: data, count: size.pointee))
    size.pointee = 0
    return isWanted ? .YES : .NO
  }
  return exchange.whole().map { send($0, link, host) } ?? .YES
}

private func send(_ response: Response, _ connection: Connection, _ server: HTTPServer) -> MHD_Result {
  let made: OpaquePointer?
  switch response.body {
  case .bytes(let bytes):
    made = bytes.withUnsafeBytes {
      MHD_create_response_from_buffer(
        $0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress), .RESPMEM_MUST_COPY)
    }
  case .stream(let stream):
    let feed = Unmanaged.passRetained(StreamFeed(stream, connection, server)).toOpaque()
    // The library's word for "of unknown size".
    made = MHD_create_response_from_callback(
      .max, 16 << 10,
      { feed, _, buffer, size in
        guard let feed else { return -1 }
        return Unmanaged<StreamFeed>.fromOpaque(feed).takeUnretainedValue().fill(
          UnsafeMutableRawBufferPointer(start: buffer, count: size))
      }, feed,
      { feed in
        if let feed { Unmanaged<StreamFeed>.fromOpaque(feed).takeRetainedValue().close() }
      })
  }
  guard let made else { return .NO }
  defer { MHD_destroy_response(made) }
  for (name, value) in [("Content-Type", response.type)] + SecurityHeaders.all + response.headers {
    MHD_add_response_header(made, name, value)
  }
  return MHD_queue_response(connection.pointer, UInt32(clamping: response.status), made)
}

/// What every answer carries.
private enum SecurityHeaders {
  static let all = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
  ]
}

private final class Pairs {
  var values: [String: String] = [:]
}

private func values(of connection: Connection, _ kind: MHD_ValueKind) -> [String: String] {
  let pairs = Pairs()
  withExtendedLifetime(pairs) {
    _ = MHD_get_connection_values(
      connection.pointer, kind,
      { pairs, kind, name, value in
        guard let pairs, let name else { return .NO }
        let found = Unmanaged<Pairs>.fromOpaque(pairs).takeUnretainedValue()
        let text = String(cString: name)
        found.values[kind == .HEADER_KIND ? text.lowercased() : text] =
          value.map { String(cString: $0) } ?? ""
        return .YES
      }, Unmanaged.passUnretained(pairs).toOpaque())
  }
  return pairs.values
}

private func client(of connection: Connection) -> String {
  guard let address = cmhd_client(connection.pointer) else { return "" }
  let size =
    address.pointee.sa_family == sa_family_t(AF_INET6)
    ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
  guard [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family)) else { return "" }
  var text = [CChar](repeating: 0, count: 64)
  guard getnameinfo(address, socklen_t(size), &text, 64, nil, 0, NI_NUMERICHOST) == 0 else { return "" }
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
