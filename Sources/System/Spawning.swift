import Glibc

/// Starting another program: in a group of its own, so that a key at the terminal does not reach it, with no signal
/// blocked or ignored, and with the descriptors that it is given.
package enum Spawning {
  /// `streams` tells which descriptor of ours it finds under which number; nil is nothing to read and nowhere to
  /// write. Nil, with the reason in `errno`, where it cannot be started.
  package static func start(
    _ executable: String, _ words: [String], streams: [(number: Int32, ours: Int32?)],
    environment: [String]? = nil
  ) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for stream in streams {
      if let ours = stream.ours {
        posix_spawn_file_actions_adddup2(&actions, ours, stream.number)
      } else {
        posix_spawn_file_actions_addopen(&actions, stream.number, "/dev/null", O_RDWR, 0)
      }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    let copies = words.map { strdup($0) }
    let lines = environment?.map { strdup($0) }
    defer { for copy in copies + (lines ?? []) { free(copy) } }
    var id = pid_t()
    let code =
      if let lines {
        posix_spawn(&id, executable, &actions, &attributes, copies + [nil], lines + [nil])
      } else {
        posix_spawn(&id, executable, &actions, &attributes, copies + [nil], environ)
      }
    if code == 0 { return id }
    errno = code
    return nil
  }
}
