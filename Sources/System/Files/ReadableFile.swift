import CLinux
import Glibc

/// A regular file, opened to be read from its beginning to its end.
package struct ReadableFile: ~Copyable {
  package let path: String
  /// What the file said when it was opened; those of /proc say 0.
  package let size: Int
  private let descriptor: Int32

  package init(_ path: String) throws(SystemError) {
    self.path = path
    // Not blocking, or a pipe by this name would hold the program for ever.
    let opened = PathText.withCString(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard opened >= 0 else { throw SystemError(path, "open") }
    var status = stat()
    guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(opened)
      throw SystemError(path, "open", .notRegular)
    }
    descriptor = opened
    size = status.st_size
  }

  deinit { close(descriptor) }

  /// Reads what follows, as much as there is, at most `buffer.count` bytes; 0 at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = Glibc.read(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError(path, "read") }
      if count == 0 { break }
      done += count
    }
    return done
  }
}

/// A small file, read in one go.
package enum WholeFile {
  package static func bytes(_ path: String, limit: Int = 1 << 30) throws(SystemError) -> [UInt8] {
    let file = try ReadableFile(path)
    guard file.size <= limit else { throw SystemError(path, "read", .tooLarge(bytes: file.size)) }
    var bytes: [UInt8] = []
    // One byte more than there should be shows that the end is reached.
    var room = max(file.size + 1, 1 << 12)
    while bytes.count <= limit {
      let piece = try piece(file, room)
      bytes = bytes.isEmpty ? piece : bytes + piece
      if piece.count < room { return bytes }
      room *= 2
    }
    throw SystemError(path, "read", .tooLarge(bytes: bytes.count))
  }

  package static func text(_ path: String, limit: Int) throws(SystemError) -> String {
    String(decoding: try bytes(path, limit: limit), as: UTF8.self)
  }

  private static func piece(_ file: borrowing ReadableFile, _ room: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      do throws(SystemError) {
        count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return piece
  }
}

/// Opens for reading without marking the access time, where the owner may ask for that. Negative, with the
/// reason in `errno`, where it fails.
package func openQuietly(_ name: UnsafePointer<CChar>, _ flags: Int32) -> Int32 {
  let flags = flags | O_RDONLY | O_CLOEXEC
  let descriptor = open(name, flags | linux_no_access_time)
  return descriptor < 0 && errno == EPERM ? open(name, flags) : descriptor
}
