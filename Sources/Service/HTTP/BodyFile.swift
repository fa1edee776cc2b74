import Glibc
import System
import Synchronization

/// A request's body: on the disk, never in memory, under no name that anyone could open.
package final class BodyFile: Sendable {
  private let descriptor: Int32
  private let written = Mutex(0)

  /// In a folder of ours; the name goes before the first byte comes.
  package init(in folder: String) throws(SystemError) {
    var template = Array("\(folder)/body-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw SystemError(folder, "keep a request's body") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(template)
  }

  deinit { close(descriptor) }

  package var count: Int { written.withLock { $0 } }

  package func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemError("the request's body", "be kept") }
      done += count
    }
    written.withLock { $0 += done }
  }

  /// Fills the buffer from `offset` on; fewer bytes only at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError("the request's body", "be read") }
      if count == 0 { break }
      done += count
    }
    return done
  }

  package func bytes(_ range: Range<Int>) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(SystemError) {
        count = try read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// All of it, where it is small.
  package func bytes(limit: Int) throws -> [UInt8] {
    guard count <= limit else {
      throw Refusal(413, "the body has \(count) bytes; \(limit) are the most that are taken here")
    }
    return try bytes(0..<count)
  }

  /// Writes a part of it, behind `head`, to a file.
  package func copy(_ range: Range<Int>, to path: String, head: [UInt8] = []) throws(SystemError) {
    let file = try NewFile(path: path, overwrite: .replace, durability: .cached)
    try file.write(head)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let wanted = UnsafeMutableRawBufferPointer(
        rebasing: buffer[..<min(buffer.count, range.upperBound - offset)])
      let count = try read(into: wanted, at: offset)
      guard count > 0 else { break }
      try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += count
    }
    try file.finish()
  }
}
