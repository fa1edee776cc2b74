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
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own: a key at the terminal is not meant for it. No signal blocked or ignored.
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let copies = ([executable] + words).map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    var id = pid_t()
    let code = posix_spawn(&id, executable, &actions, &attributes, copies + [nil], environ)
    guard code == 0 else {
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
