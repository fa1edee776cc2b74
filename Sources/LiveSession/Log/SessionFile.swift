import System
import Glibc

/// A line that could not be read: kept in the file, told to the operator, never fatal.
package struct LineProblem: Error, Sendable, Equatable, CustomStringConvertible {
  package var line: Int
  package var offset: Int
  package var reason: String
  /// The last line, without its newline: the program was stopped while it wrote.
  package var isTornTail: Bool

  package var description: String { "line \(line) (byte \(offset)): \(reason)" }
}

/// A session file, open for reading, as long as it was when it was opened.
///
/// It is read and not mapped: a mapping of a file that another program cuts short, or of a share that is
/// gone, kills the reader.
package final class SessionFile: Sendable {
  package let path: String
  private let descriptor: Int32

  package let byteCount: Int
  /// Tells whether another file has taken its name.
  package let inode: UInt64
  /// The last line has no newline.
  package let endsTorn: Bool

  /// With `wholeLines`, a line that has no end yet is as if it were not there: someone may be writing it.
  package init(path: String, wholeLines: Bool = false) throws(SessionFileError) {
    self.path = path
    // Not blocking, or a pipe by this name would hold the program for ever.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path, "open") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw SessionFileError(.notASession, "\(path): not a regular file")
    }
    inode = UInt64(status.st_ino)
    var end = Int(status.st_size)
    var last = UInt8(ascii: "\n")
    while end > 0, pread(descriptor, &last, 1, end - 1) == 1, wholeLines, last != UInt8(ascii: "\n") {
      end -= 1
    }
    byteCount = end
    endsTorn = end > 0 && last != UInt8(ascii: "\n")
  }

  deinit { close(descriptor) }

  /// Reads up to `buffer.count` bytes from `offset` on; fewer only at the end or where the disk fails.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
    let wanted = min(buffer.count, byteCount - offset)
    var done = 0
    while done < wanted {
      let count = pread(descriptor, buffer.baseAddress.map { $0 + done }, wanted - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      done += count
    }
    return done
  }

  /// The program was stopped before the first line was whole: the session begins where it should have begun.
  var endsBeforeItsFirstLine: Bool {
    guard byteCount <= 4096 else { return false }
    return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
      let bytes = buffer[..<read(into: buffer, at: 0)]
      return !bytes.contains(UInt8(ascii: "\n")) && zip(bytes, Self.beginning).allSatisfy { $0 == $1 }
    }
  }

  private static let beginning = Array(#"{"v":1,"type":"session""#.utf8)

  /// The digest of all bytes.
  func digest() -> SHA256 {
    var hash = SHA256()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var offset = 0
    while case let count = read(into: buffer, at: offset), count > 0 {
      hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += count
    }
    return hash
  }
}

extension SessionFile {
  /// Folds the whole file.
  package func state() -> (state: SessionState, problems: [LineProblem]) { state { _ in } }

  /// Folds the whole file and shows every file's record on the way.
  func state(_ visit: (FileRecord) -> Void) -> (state: SessionState, problems: [LineProblem]) {
    var state = SessionState()
    let problems = forEachEvent(.summary) { recorded, offset in
      if case .file(let record)? = recorded.event { visit(record) }
      if let event = recorded.event {
        state.apply(event, recorded.stamp, offset: offset)
      } else {
        state.skip(recorded.stamp)
      }
    }
    return (state, problems)
  }

  /// The whole record of the line that begins at `offset`, curves included.
  package func event(at offset: Int) -> SessionEvent? { recorded(at: offset)?.event }

  func recorded(at offset: Int) -> RecordedEvent? {
    guard 0..<byteCount ~= offset else { return nil }
    // Nearly every line fits the first size; the others are read again.
    for size in [4096, sessionLineLimit, sessionLineMaximum] {
      let line = withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer -> RecordedEvent?? in
        let read = UnsafeRawBufferPointer(rebasing: buffer[..<read(into: buffer, at: offset)])
        let end = read.firstIndex(of: UInt8(ascii: "\n"))
        if end == nil, read.count == size, offset + size < byteCount { return nil }
        let text = UnsafeRawBufferPointer(rebasing: read[..<(end ?? read.count)])
        return .some(text.withMemoryRebound(to: UInt8.self) { try? RecordedEvent($0, detail: .full) })
      }
      if let line { return line }
    }
    return nil
  }
}

extension SessionFile {
  /// The first and the last whole line of a file, nil where there is none.
  package static func ends(of path: String) -> (first: SessionEvent?, last: SessionEvent?)? {
    guard let file = try? SessionFile(path: path), file.byteCount > 0 else { return nil }
    let start = max(0, file.byteCount - 2 * sessionLineLimit)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: file.byteCount - start, alignment: 8)
    defer { buffer.deallocate() }
    let tail = buffer[..<file.read(into: buffer, at: start)]
    // The last line ends at the last newline and begins behind the one before.
    guard let end = tail.lastIndex(of: UInt8(ascii: "\n")) else { return (file.event(at: 0), nil) }
    let begin = tail[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return (file.event(at: 0), file.event(at: start + begin))
  }
}

extension SessionFile {
  /// Hands over every event that this version knows, in the file's order.
  @discardableResult
  package func forEach(_ body: (SessionEvent, Stamp) -> Void) -> [LineProblem] {
    forEachEvent(.full) { recorded, _ in
      if let event = recorded.event { body(event, recorded.stamp) }
    }
  }
}
