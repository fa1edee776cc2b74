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
  /// A request was refused before its body was read. On a thread that may take its time.
  func note(_ refusal: Refusal, of head: RequestHead)
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

  let handler: any RequestHandler
  let options: Options
  let folder: String
  let long: WorkQueue
  let quick: WorkQueue
  let open = OpenExchanges()
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
