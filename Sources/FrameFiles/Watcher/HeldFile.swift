import Diffraction
import Glibc

/// A watched file, opened for reading: it stays the same file while others rename or delete it, and tells
/// afterwards whether it was written to meanwhile. Let go of it soon: an open file on a share keeps a
/// Windows host from renaming it.
public struct HeldFile: ~Copyable {
  private let descriptor: Int32
  /// What a reader may open: the path itself, or the kernel's name of the open file where no `String` can
  /// carry the path.
  public let path: String
  /// As it was when it was opened.
  public let identity: FileIdentity

  public init(_ file: WatchedFile) throws(FileRefusal) {
    let absolute = file.absolutePath
    // Opening a pipe without O_NONBLOCK waits for a writer, for ever.
    let descriptor: Int32
    switch FileSystem.open(absolute, O_NONBLOCK | O_NOCTTY) {
    case .success(let opened): descriptor = opened
    case .failure(let error): throw FileRefusal(.unreadable, "\(absolute.name.display): \(error)")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileRefusal(.unsupported, "\(absolute.name.display): not a regular file")
    }
    self.descriptor = descriptor
    identity = FileIdentity(status)
    path = absolute.string ?? "/proc/self/fd/\(descriptor)"
  }

  deinit { close(descriptor) }

  /// Whether what was read through `path` is this file as it was when it was opened: nothing was written to
  /// it, and no other file took its name.
  public func isUnchanged() -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0, FileIdentity(status).isSameContent(as: identity) else {
      return false
    }
    guard stat(path, &status) == 0 else { return FileSystem.isAbsence(errno) }
    return FileIdentity(status).inode == identity.inode
  }
}
