import System
import Diffraction
import Glibc

/// A regular file, opened for reading, of which nothing but `pread` is asked: no mapping (a file cut
/// short while mapped kills the reader), no lock, no write.
package final class DiskFile: Sendable {
  package let path: String
  package let descriptor: Int32
  /// The size when it was opened; a file that grows later is opened again.
  package let size: Int

  /// Refuses what is not a regular file before opening it: opening a fifo or a device can block or act.
  package init(path: String) throws(FileRefusal) {
    let name = PathText.bytes(path).map { CChar(bitPattern: $0) } + [0]
    guard !name.dropLast().contains(0) else { throw FileRefusal(.unreadable, "the name holds a NUL") }
    var status = stat()
    guard stat(name, &status) == 0 else { throw Self.refusal(errno) }
    try Self.checkRegular(status)
    let opened = openQuietly(name, O_NONBLOCK | O_NOCTTY)
    guard opened >= 0 else { throw Self.refusal(errno) }
    // Between the two calls the name may have come to mean something else.
    guard fstat(opened, &status) == 0 else {
      let code = errno
      close(opened)
      throw Self.refusal(code)
    }
    do {
      try Self.checkRegular(status)
    } catch {
      close(opened)
      throw error
    }
    self.path = path
    descriptor = opened
    size = Int(status.st_size)
  }

  /// Memory without a name, which is read like a file; whoever made it fills it.
  init(adopting descriptor: Int32, size: Int) {
    path = ""
    self.descriptor = descriptor
    self.size = size
  }

  deinit { close(descriptor) }

  /// The suffix in lower case, without the dot.
  package var suffix: String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  /// Reads as many bytes as there are, at most `buffer.count`.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileRefusal) -> Int {
    guard offset >= 0 else { return 0 }
    var done = 0
    while done < buffer.count {
      let (position, overflow) = offset.addingReportingOverflow(done)
      guard !overflow else { break }
      let count = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, position)
      if count > 0 {
        done += count
      } else if count == 0 {
        break
      } else if errno != EINTR {
        throw Self.refusal(errno, offset: position)
      }
    }
    return done
  }

  /// Fills the whole buffer or refuses.
  package func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int, _ what: String)
    throws(FileRefusal)
  {
    let done = try read(into: buffer, at: offset)
    guard done == buffer.count else {
      throw FileRefusal(.truncated, "\(what) ends past the end of the file", offset: offset)
    }
  }

  /// The bytes from `offset` on, as many as there are up to `count`.
  package func bytes(at offset: Int, upTo count: Int) throws(FileRefusal) -> [UInt8] {
    let count = max(0, min(count, size - max(0, offset)))
    guard count > 0 else { return [] }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    defer { memory.deallocate() }
    let done = try read(into: memory, at: offset)
    return Array(memory[..<done])
  }

  private static func checkRegular(_ status: stat) throws(FileRefusal) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw FileRefusal(.unreadable, "is a folder")
    case S_IFIFO: throw FileRefusal(.unreadable, "is a pipe, not a file")
    case S_IFSOCK: throw FileRefusal(.unreadable, "is a socket, not a file")
    default: throw FileRefusal(.unreadable, "is a device, not a file")
    }
  }

  package static func refusal(_ code: Int32, offset: Int? = nil) -> FileRefusal {
    FileRefusal(.unreadable, "cannot read: \(Errno(code).description.lowercased())", offset: offset)
  }
}
