import Dispatch
import Glibc

/// A started worker and the socket to it. Letting it go ends it.
final class WorkerProcess {
  let id: pid_t
  let channel: WorkerChannel
  /// How it ended, once it has.
  private var ending: String?
  private var isReaped = false

  init?(executable: String, arguments: [String]) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      return nil
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Whatever a library wants to say, it must not reach the screen.
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, ends[1], WorkerMain.descriptor)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that Ctrl-C at the terminal does not reach it; no signal blocked or ignored.
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let words = ([executable] + arguments).map { strdup($0) }
    defer { words.forEach { free($0) } }
    var id: pid_t = 0
    let result = posix_spawn(&id, executable, &actions, &attributes, words + [nil], environ)
    close(ends[1])
    guard result == 0 else {
      close(ends[0])
      return nil
    }
    self.id = id
    channel = WorkerChannel(descriptor: ends[0])
  }

  deinit {
    close(channel.descriptor)
    guard !reap() else { return }
    kill(id, SIGKILL)
    // It may hang in a dead file system, where not even this signal reaches it: nobody here waits for that.
    DispatchQueue.global(qos: .background).async { [id] in
      var status: Int32 = 0
      waitpid(id, &status, 0)
    }
  }

  /// Ends it at once and tells how it had ended: `killed by signal 11`. A process that hangs in a dead file
  /// system cannot be waited for.
  func end() -> String {
    kill(id, SIGKILL)
    for _ in 0..<50 where !reap() { usleep(1000) }
    return ending ?? "does not end"
  }

  /// How it ended when it closed the socket by itself.
  func outcome() -> String {
    for _ in 0..<200 where !reap() { usleep(1000) }
    return ending ?? end()
  }

  private func reap() -> Bool {
    guard !isReaped else { return true }
    var status: Int32 = 0
    let found = waitpid(id, &status, WNOHANG)
    if found < 0 && errno == ECHILD {
      // A program that ignores SIGCHLD never learns how its children ended.
      isReaped = true
      ending = "ended"
      return true
    }
    guard found == id else { return false }
    isReaped = true
    let signal = status & 0x7F
    ending = signal != 0 ? "was ended by signal \(signal)" : "ended with status \(status >> 8 & 0xFF)"
    return true
  }
}
