import CLinux
import Glibc
import Synchronization

/// Another program at work for this one, and what it says, line by line. Its output and its errors are one text.
package final class Companion: Sendable {
  package let id: pid_t
  private let output: Int32
  private let status = Mutex<Int32?>(nil)

  /// Nil, with the reason in `errno`, where it cannot be started.
  package init?(_ executable: String, _ words: [String]) {
    var pipe: [Int32] = [-1, -1]
    guard linux_pipe(&pipe) == 0 else { return nil }
    defer { close(pipe[1]) }
    let streams: [(number: Int32, ours: Int32?)] = [
      (STDIN_FILENO, nil), (STDOUT_FILENO, pipe[1]), (STDERR_FILENO, pipe[1]),
    ]
    guard let id = Spawning.start(executable, [executable] + words, streams: streams) else {
      let code = errno
      close(pipe[0])
      errno = code
      return nil
    }
    self.id = id
    output = pipe[0]
  }

  deinit {
    if status.withLock({ $0 }) == nil {
      kill(id, SIGKILL)
      var status: Int32 = 0
      waitpid(id, &status, 0)
    }
    close(output)
  }

  /// Asks it to end.
  package func end(_ signal: Int32 = SIGTERM) { status.withLock { if $0 == nil { kill(id, signal) } } }

  /// Hands over every line until it ends, and returns its exit code: nil where a signal ended it.
  package func lines(_ body: (String) -> Void) -> Int32? {
    var line: [UInt8] = []
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
      while true {
        let count = read(output, buffer.baseAddress, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        for byte in buffer[..<count] {
          if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
            if !line.isEmpty { body(String(decoding: line, as: UTF8.self)) }
            line.removeAll(keepingCapacity: true)
          } else if line.count < 1 << 16 {
            line.append(byte)
          }
        }
      }
    }
    if !line.isEmpty { body(String(decoding: line, as: UTF8.self)) }
    return wait()
  }

  private func wait() -> Int32? {
    if let known = status.withLock({ $0 }) { return Self.code(known) }
    var ended: Int32 = 0
    while waitpid(id, &ended, 0) < 0, errno == EINTR {}
    status.withLock { $0 = ended }
    return Self.code(ended)
  }

  private static func code(_ status: Int32) -> Int32? { status & 0x7f == 0 ? status >> 8 & 0xff : nil }
}
