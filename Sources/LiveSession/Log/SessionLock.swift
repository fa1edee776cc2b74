import Glibc

/// The claim of one program on one session file: a lock file beside it, so that readers of the session
/// file itself are never in anyone's way. The kernel drops the claim with the process, also on kill -9.
final class SessionLock: Sendable {
  private let descriptor: Int32

  init(for path: String) throws(SessionFileError) {
    let lockPath = path + ".lock"
    descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw .system(lockPath, "make the lock file") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      if code == EWOULDBLOCK {
        throw SessionFileError(.inUse, "\(path): another ewald is writing this session")
      }
      throw .system(lockPath, "lock", code)
    }
  }

  deinit {
    // A child that is being started has the descriptor, too, until it runs its own program: closing is not enough.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
