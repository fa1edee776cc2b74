import System
import Glibc

/// What an export does where its file exists already.
public enum Overwrite: Sendable, Equatable { case refuse, replace }

/// A file that appears under its name whole or not at all: written beside it, then renamed.
final class NewFile {
  let path: String
  private let temporary: String
  private let overwrite: Overwrite
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var hash = SHA256()
  /// Bytes written so far.
  private(set) var byteCount = 0

  init(path: String, overwrite: Overwrite) throws(SessionFileError) {
    self.path = path
    self.overwrite = overwrite
    if overwrite == .refuse, access(path, F_OK) == 0 { throw Self.exists(path) }
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    temporary = "\(path[..<slash]).\(path[slash...]).partial-\(getpid())"
    unlink(temporary)  // what a killed process of the same number left behind
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path) }
    buffer.reserveCapacity(1 << 16)
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporary)
    }
  }

  func write(_ bytes: some Sequence<UInt8>) throws(SessionFileError) {
    let before = buffer.count
    buffer.append(contentsOf: bytes)
    byteCount += buffer.count - before
    if buffer.count >= 1 << 16 { try flush() }
  }

  func write(_ text: String) throws(SessionFileError) { try write(text.utf8) }

  /// Gives the file its name and returns the SHA-256 of its bytes.
  @discardableResult
  func finish() throws(SessionFileError) -> String {
    try flush()
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw Self.failure(path) }
    guard overwrite == .refuse else {
      guard rename(temporary, path) == 0 else { throw Self.failure(path) }
      return closed()
    }
    // A link, unlike a rename, fails where the name is taken; some shares know no links.
    if link(temporary, path) == 0 {
      unlink(temporary)
    } else if errno == EEXIST || access(path, F_OK) == 0 {
      throw Self.exists(path)
    } else if rename(temporary, path) != 0 {
      throw Self.failure(path)
    }
    return closed()
  }

  private func closed() -> String {
    close(descriptor)
    descriptor = -1
    return hash.hex()
  }

  private func flush() throws(SessionFileError) {
    var done = 0
    while done < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        bytes.baseAddress.map { Glibc.write(descriptor, $0 + done, bytes.count - done) } ?? 0
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path) }
      done += count
    }
    hash.update(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  private static func exists(_ path: String) -> SessionFileError {
    SessionFileError(.exists, "\(path): exists already and is not overwritten unless asked")
  }

  private static func failure(_ path: String) -> SessionFileError {
    SessionFileError(.unwritable, "\(path): cannot write: \(String(cString: strerror(errno)))")
  }
}
