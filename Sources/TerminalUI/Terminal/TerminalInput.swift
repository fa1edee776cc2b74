import Dispatch
import Glibc

/// Reads keys and signals on queues of their own, so that a busy main actor loses none.
///
/// Two queues: with Ctrl-Z and Ctrl-C the line discipline drops what was typed or answered before, and a read that was
/// to take it waits for the next key. The signal must not wait with it. All state belongs to the queue of the keys.
final class TerminalInput {
  /// What the terminal itself has to act on before the program hears of it.
  enum Notice: Sendable {
    case resized, stop, resumed
    case report(TerminalReport)
  }

  private let continuation: AsyncStream<TerminalEvent>.Continuation
  private let notify: @Sendable (Notice) -> Void
  private let keys: any DispatchSourceRead
  private let signals: any DispatchSourceRead
  private var decoder: KeyDecoder

  /// How long a lone Esc waits for the rest of a sequence, in milliseconds.
  private static let escapeDelay: Int32 = 25
  /// Pasted text comes in pieces over a slow link.
  private static let pasteDelay: Int32 = 500

  init(
    descriptor: Int32, wake: Int32, decoder: KeyDecoder,
    continuation: AsyncStream<TerminalEvent>.Continuation,
    notify: @escaping @Sendable (Notice) -> Void
  ) {
    self.decoder = decoder
    self.continuation = continuation
    self.notify = notify
    keys = DispatchSource.makeReadSource(
      fileDescriptor: descriptor, queue: DispatchQueue(label: "terminal.keys", qos: .userInteractive))
    signals = DispatchSource.makeReadSource(
      fileDescriptor: wake, queue: DispatchQueue(label: "terminal.signals", qos: .userInteractive))
    // Held until `cancel`: a handler may still run while the terminal lets go of this.
    keys.setEventHandler { self.readKeys(descriptor) }
    signals.setEventHandler { self.readSignals(wake) }
    keys.activate()
    signals.activate()
  }

  func cancel() {
    keys.cancel()
    signals.cancel()
  }

  private func readKeys(_ descriptor: Int32) {
    repeat {
      guard let bytes = TerminalInput.read(descriptor) else {
        keys.cancel()
        continuation.yield(.hangup)
        return
      }
      for key in decoder.feed(bytes) { continuation.yield(.key(key)) }
      for report in decoder.takeReports() {
        notify(.report(report))
        if report == .ready { TerminalGuard.answered() }
      }
      guard decoder.isPending else { return }
      var more = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&more, 1, decoder.isPasting ? TerminalInput.pasteDelay : TerminalInput.escapeDelay) <= 0 {
        for key in decoder.flush() { continuation.yield(.key(key)) }
      }
    } while decoder.isPending
  }

  private func readSignals(_ descriptor: Int32) {
    guard let numbers = TerminalInput.read(descriptor) else { return }
    for number in numbers {
      switch Int32(number) {
      case SIGWINCH: notify(.resized)
      case SIGTSTP: notify(.stop)
      case SIGCONT: notify(.resumed)
      case SIGINT: continuation.yield(.interrupt)
      case SIGTERM: continuation.yield(.terminate)
      case SIGHUP: continuation.yield(.hangup)
      default: break
      }
    }
  }

  /// What can be read now; nil when there will never be more.
  static func read(_ descriptor: Int32) -> [UInt8]? {
    while true {
      var count = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
        count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        filled = max(0, count)
      }
      if count > 0 { return bytes }
      if count == 0 { return nil }
      switch errno {
      case EINTR: continue
      case EAGAIN: return []
      default: return nil
      }
    }
  }
}
