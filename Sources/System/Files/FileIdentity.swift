import Glibc

/// What makes a file this file and no other. Two equal identities at two moments mean that nothing was
/// written in between (to within the tick of the file system's clock).
package struct FileIdentity: Sendable, Hashable {
  package var device: UInt64
  package var inode: UInt64
  package var size: Int64
  /// Nanoseconds since 1970 by the clock of the file system: only ever compared with itself.
  package var modified: Int64

  package init(device: UInt64, inode: UInt64, size: Int64, modified: Int64) {
    self.device = device
    self.inode = inode
    self.size = size
    self.modified = modified
  }

  /// Whether the content is the same. The device does not count: a share gets a new number when it is
  /// mounted again.
  package func isSameContent(as other: FileIdentity) -> Bool {
    inode == other.inode && size == other.size && modified == other.modified
  }
}

extension FileIdentity {
  package init(_ status: stat) {
    self.init(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
  }

  /// Of what stands at a path now; links are followed.
  package init(path: String) throws(SystemError) {
    var status = stat()
    guard PathText.withCString(path, { stat($0, &status) }) == 0 else { throw SystemError(path, "look at") }
    self.init(status)
  }
}
