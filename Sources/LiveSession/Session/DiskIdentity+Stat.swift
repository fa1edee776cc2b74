import System
import Diffraction
import FrameFiles
import Glibc

extension DiskIdentity {
  public init(path: String) throws(FileRefusal) {
    var status = stat()
    let name = PathText.bytes(path).map { CChar(bitPattern: $0) } + [0]
    guard stat(name, &status) == 0 else {
      throw FileRefusal(.unreadable, String(cString: strerror(errno)))
    }
    self.init(
      device: Int(status.st_dev), inode: Int(status.st_ino), size: Int(status.st_size),
      modifiedNanoseconds: Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec))
  }
}
