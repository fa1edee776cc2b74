import Diffraction
import Glibc

extension FileIdentity {
  init(_ status: stat) {
    self.init(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
  }

  /// Of the file that stands at this path now; a link is followed.
  public init(ofFile path: String) throws(FileRefusal) {
    var status = stat()
    let name = PathText.bytes(path).map { CChar(bitPattern: $0) } + [0]
    guard stat(name, &status) == 0 else {
      throw FileRefusal(.unreadable, String(cString: strerror(errno)))
    }
    self.init(status)
  }
}
