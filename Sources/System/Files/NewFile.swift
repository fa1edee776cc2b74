import Glibc
import Synchronization

/// What is done where a file of that name exists already.
package enum Overwrite: Sendable, Equatable { case refuse, replace }

/// Whether a file has to outlast a loss of power as soon as it has its name.
package enum Durability: Sendable { case cached, onDisk }

/// A file that appears under its name whole or not at all: written beside it, then renamed.
package final class NewFile {
  package let path: String
  private let temporary: String
  private let overwrite: Overwrite
  private let durability: Durability
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  /// Bytes written so far.
  package private(set) var byteCount = 0

  private static let count = Atomic<Int>(0)

  package init(path: String, overwrite: Overwrite = .replace, durability: Durability = .onDisk)
    throws(SystemError)
  {
    self.path = path
    self.overwrite = overwrite
    self.durability = durability
    if overwrite == .refuse, FilePath.exists(path) { throw SystemError(path, "write", .exists) }
    // Of its own for each writer, also of one process; a watcher ignores a name that begins with a dot.
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let number = Self.count.add(1, ordering: .relaxed).newValue
    temporary = "\(path[..<slash]).\(path[slash...]).partial-\(getpid())-\(number)"
    descriptor = PathText.withCString(temporary) {
      unlink($0)  // what a killed process of the same number left behind
      return open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    }
    guard descriptor >= 0 else { throw SystemError(path, "write") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isFinished { PathText.withCString(temporary) { _ = unlink($0) } }
  }

  package func write(_ bytes: some Sequence<UInt8>) throws(SystemError) {
    let before = buffer.count
    buffer.append(contentsOf: bytes)
    byteCount += buffer.count - before
    if buffer.count >= 1 << 16 { try flush() }
  }

  /// Bytes that are at hand already, past the buffer.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try flush()
    try put(bytes)
    byteCount += bytes.count
  }

  /// Gives the file its name.
  package func finish() throws(SystemError) {
    try flush()
    // Some file systems have nothing to make durable, and say EINVAL.
    if durability == .onDisk, fsync(descriptor) != 0, errno != EINVAL { throw SystemError(path, "write") }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw SystemError(path, "write") }
    if let error = PathText.withCString(
      temporary, { draft in PathText.withCString(path) { name(draft, $0) } })
    {
      throw error
    }
    isFinished = true
  }

  private var isFinished = false

  private func name(_ draft: UnsafePointer<CChar>, _ name: UnsafePointer<CChar>) -> SystemError? {
    if overwrite == .refuse {
      // A link, unlike a rename, fails where the name is taken; some shares know no links.
      if link(draft, name) == 0 {
        unlink(draft)
        return nil
      }
      if errno == EEXIST || access(name, F_OK) == 0 { return SystemError(path, "write", .exists) }
    }
    return rename(draft, name) == 0 ? nil : SystemError(path, "write")
  }

  private func flush() throws(SystemError) {
    guard !buffer.isEmpty else { return }
    var failure: SystemError?
    buffer.withUnsafeBytes { bytes in
      do throws(SystemError) { try put(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    buffer.removeAll(keepingCapacity: true)
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemError(path, "write") }
      done += count
    }
  }
}

extension NewFile {
  /// Puts `bytes` at a path: a reader sees the old file or the new one.
  package static func write(
    _ bytes: [UInt8], to path: String, durability: Durability = .onDisk
  ) throws(SystemError) {
    let file = try NewFile(path: path, durability: durability)
    var failure: SystemError?
    bytes.withUnsafeBytes { bytes in
      do throws(SystemError) { try file.write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    try file.finish()
  }
}
