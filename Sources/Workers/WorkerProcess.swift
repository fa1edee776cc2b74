import CLinux
import Dispatch
import Glibc
import Synchronization
import System

/// A started worker, the socket to it and what it says while it dies. Letting it go ends it.
package final class WorkerProcess: Sendable {
  package let id: pid_t
  let channel: Channel

  private struct State {
    /// How it ended, once it has.
    var ending: Ending?
    /// Asked to end by its owner: no incident.
    var isDismissed = false
    /// How many analyses it is at.
    var conversations = 0
    /// Seen by one of them.
    var hasDiedAtWork = false
  }

  private let state = Mutex(State())
  private let complaints: Complaints
  /// Left when nothing more will be said: the process is gone.
  private let silence = DispatchGroup()

  /// The socket, as a worker finds it.
  static let descriptor: Int32 = 3
  /// Says where it died, and never asks the terminal.
  private static let backtrace =
    "SWIFT_BACKTRACE=enable=yes,interactive=no,color=no,threads=crashed,images=none,registers=none,output-to=stderr"

  /// `onEnd` is called once, when it is gone and nobody here wanted that.
  init?(
    executable: String, arguments: [String],
    onEnd: @escaping @Sendable (WorkerProcess) -> Void = { _ in }
  ) {
    guard let (near, far) = Channel.pair() else { return nil }
    defer { close(far) }
    var pipe: [Int32] = [-1, -1]
    guard linux_pipe(&pipe) == 0 else { return nil }
    defer { close(pipe[1]) }
    // Whatever a library wants to say, it must not reach the screen.
    let streams: [(number: Int32, ours: Int32?)] = [
      (STDIN_FILENO, nil), (STDOUT_FILENO, nil), (STDERR_FILENO, pipe[1]), (Self.descriptor, far),
    ]
    guard
      let id = Spawning.start(
        executable, [executable] + arguments, streams: streams, environment: Self.environment())
    else {
      close(pipe[0])
      return nil
    }
    self.id = id
    channel = near
    complaints = Complaints(pipe[0])
    silence.enter()
    complaints.listen { [silence, weak self] in
      silence.leave()
      if let self, !state.withLock({ $0.isDismissed }) { onEnd(self) }
    }
  }

  deinit {
    if state.withLock({ $0.ending }) != nil { return }
    kill(id, SIGKILL)
    // It may hang in a dead file system, where not even this signal reaches it: nobody here waits for that.
    DispatchQueue.global(qos: .background).async { [id] in
      var status: Int32 = 0
      waitpid(id, &status, 0)
    }
  }

  private static func environment() -> [String] {
    var lines = [backtrace]
    var entry = environ
    while let line = entry.pointee {
      let text = String(cString: line)
      if !text.hasPrefix("SWIFT_BACKTRACE=") { lines.append(text) }
      entry += 1
    }
    return lines
  }

  /// Whether it could still answer. Its report takes a second; whoever waits for an answer need not.
  var isAlive: Bool { announced == nil && reap() == nil }

  private var announced: Int32? { LastWords.announcedSignal(in: complaints.bytes) }

  /// The next thing said on `channel`, which the other end of belongs to this process.
  func receive(from channel: Channel, until deadline: ContinuousClock.Instant) throws(Channel.Failure)
    -> Message
  {
    while true {
      do throws(Channel.Failure) {
        return try channel.receive(until: min(deadline, .now + Self.look))
      } catch {
        guard error == .timedOut, isAlive else { throw .closed }
        if deadline <= .now { throw .timedOut }
      }
    }
  }

  /// How often it is looked whether it is alive.
  private static let look = Duration.milliseconds(50)

  /// Does what keeps it busy.
  func converse<T>(_ body: () -> T) -> T {
    state.withLock { $0.conversations += 1 }
    defer { state.withLock { $0.conversations -= 1 } }
    return body()
  }

  var isIdle: Bool { state.withLock { $0.conversations == 0 } }

  /// Said before the conversation ends over which it died.
  func noteDeathAtWork() { state.withLock { $0.hasDiedAtWork = true } }
  var hasDiedAtWork: Bool { state.withLock { $0.hasDiedAtWork } }

  /// Ends it at once. A process that hangs in a dead file system cannot be waited for.
  func end() {
    state.withLock { $0.isDismissed = true }
    kill(id, SIGKILL)
    channel.hangUp()
    for _ in 0..<50 where reap() == nil { usleep(1000) }
  }

  /// How it ended, as far as is known at once.
  var cause: Ending.Cause {
    if let announced { return .signal(announced) }
    for _ in 0..<200 where reap() == nil && announced == nil { usleep(1000) }
    return announced.map { .signal($0) } ?? reap()?.cause ?? .unknown
  }

  /// How it ended, when it has closed the socket by itself. `patience` is for its report.
  func ending(patience: DispatchTimeInterval = .seconds(20)) -> Ending {
    let deadline = DispatchTime.now() + .milliseconds(200)
    while reap() == nil, isAlive, DispatchTime.now() < deadline { usleep(1000) }
    if reap() == nil, isAlive { end() }
    _ = silence.wait(timeout: .now() + patience)
    if reap() == nil { end() }
    let words = String(decoding: complaints.bytes, as: UTF8.self)
    var ending = Ending(cause: announced.map { .signal($0) } ?? reap()?.cause ?? .unknown)
    ending.lastWords = LastWords(words)
    return ending
  }

  /// How it ended, once it has ended by itself, however long that takes.
  func finished() async -> Ending {
    await withCheckedContinuation { continuation in
      silence.notify(queue: .global()) { [self] in
        for _ in 0..<1000 where reap() == nil { usleep(1000) }
        continuation.resume(returning: ending(patience: .seconds(0)))
      }
    }
  }

  private func reap() -> Ending? {
    state.withLock { state in
      if let ending = state.ending { return ending }
      var status: Int32 = 0
      let found = waitpid(id, &status, WNOHANG)
      if found < 0 && errno == ECHILD {
        // A program that ignores SIGCHLD never learns how its children ended.
        state.ending = Ending(cause: .unknown)
      } else if found == id {
        let signal = status & 0x7F
        state.ending = Ending(cause: signal != 0 ? .signal(signal) : .status(status >> 8 & 0xFF))
      }
      return state.ending
    }
  }
}

/// How a worker came to its end.
package struct Ending: Sendable, Equatable, CustomStringConvertible {
  package enum Cause: Sendable, Equatable {
    case signal(Int32)
    case status(Int32)
    case unknown

    /// Somebody ended it from outside: an operator, a machine that is shut down, the kernel for want of memory.
    package var isFromOutside: Bool {
      if case .signal(let number) = self {
        [SIGKILL, SIGTERM, SIGINT, SIGHUP].contains(number)
      } else {
        false
      }
    }
  }

  package var cause: Cause
  package var lastWords = LastWords("")

  package var description: String {
    switch cause {
    case .signal(let number): "was ended by signal \(number)" + (Self.names[number].map { " (\($0))" } ?? "")
    case .status(let status): "ended with status \(status)"
    case .unknown: "ended"
    }
  }

  private static let names: [Int32: String] = [
    SIGILL: "illegal instruction", SIGTRAP: "trap", SIGABRT: "aborted", SIGBUS: "bus error",
    SIGFPE: "arithmetic error", SIGSEGV: "bad memory access", SIGKILL: "killed", SIGTERM: "terminated",
    SIGXCPU: "out of time",
  ]
}

/// What a worker writes to its standard error, read as it comes: a full pipe would stop it.
private final class Complaints: Sendable {
  private let heard = Mutex<[UInt8]>([])
  private let descriptor: Int32
  /// A report is a few kilobytes; a library that complains without end is cut off.
  private static let limit = 64 << 10

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  var bytes: [UInt8] { heard.withLock { $0 } }

  /// On a thread of its own that waits in the kernel: an event source whose pipe is closed while it is told to
  /// end was seen to bring down the library's event loop, and the session with it.
  func listen(_ atEnd: @escaping @Sendable () -> Void) {
    DispatchQueue(label: "complaints").async { [self] in
      var piece = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        heard.withLock { heard in heard += piece[..<min(count, max(0, Self.limit - heard.count))] }
      }
      close(descriptor)
      atEnd()
    }
  }
}
