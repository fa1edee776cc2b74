import Glibc
import System

/// What a loss of power must not take.
enum Disk {
  static func digest(_ path: String) throws(SweepError) -> String {
    do {
      return try SHA256.hex(ofFile: path)
    } catch {
      throw SweepError(error)
    }
  }

  /// The bytes of a file, or the names of a folder, are on the disk. Some file systems have nothing to settle.
  static func settle(_ path: String) throws(SystemError) {
    let descriptor = PathText.withCString(path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw SystemError(path, "open") }
    defer { close(descriptor) }
    if fsync(descriptor) != 0, errno != EINVAL { throw SystemError(path, "write") }
  }
}
