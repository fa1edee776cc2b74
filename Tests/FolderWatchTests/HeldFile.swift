import System
import Diffraction
import FolderWatch
import Glibc

/// A watched file as a reader in a test holds it: the same file while others rename or delete it, and it
/// tells afterwards whether it was written to meanwhile.
struct HeldFile: ~Copyable {
  private let descriptor: Int32
  /// What may be opened: the path itself, or the kernel's name of the open file where no `String` can
  /// carry the path.
  let path: String
  /// As it was when it was opened.
  let identity: FileIdentity

  init(_ file: WatchedFile) throws(FileRefusal) {
    let absolute = file.absolutePath
    // Opening a pipe without O_NONBLOCK waits for a writer, for ever; 0o1000000 is O_NOATIME.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | 0o1_000_000
    let descriptor = absolute.withCString { open($0, flags) }
    guard descriptor >= 0 else { throw FileRefusal(.unreadable, "\(absolute.name.display): error \(errno)") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileRefusal(.unsupported, "\(absolute.name.display): not a regular file")
    }
    self.descriptor = descriptor
    identity = Self.identity(status)
    path = absolute.string ?? "/proc/self/fd/\(descriptor)"
  }

  deinit { close(descriptor) }

  /// Nothing was written to it, and no other file took its name.
  func isUnchanged() -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0, Self.identity(status).isSameContent(as: identity) else {
      return false
    }
    guard stat(path, &status) == 0 else { return errno == ENOENT || errno == ENOTDIR }
    return Self.identity(status).inode == identity.inode
  }

  private static func identity(_ status: stat) -> FileIdentity {
    FileIdentity(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
  }
}
