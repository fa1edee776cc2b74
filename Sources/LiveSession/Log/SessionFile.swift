import Arrays
import Dispatch
import Glibc

/// A line that could not be read: kept in the file, told to the operator, never fatal.
public struct LineProblem: Error, Sendable, Equatable, CustomStringConvertible {
  public var line: Int
  public var offset: Int
  public var reason: String
  /// The last line, without its newline: the program was stopped while it wrote.
  public var isTornTail: Bool

  public var description: String { "line \(line) (byte \(offset)): \(reason)" }
}

/// A session file, open for reading.
public final class SessionFile: Sendable {
  public let path: String
  // The mapping lives as long as the object and is never written.
  private nonisolated(unsafe) let bytes: UnsafeBufferPointer<UInt8>

  public var byteCount: Int { bytes.count }
  public var endsTorn: Bool { bytes.last.map { $0 != UInt8(ascii: "\n") } ?? false }

  public init(path: String) throws(SessionFileError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, "open") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path, "look at") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SessionFileError(.notASession, "\(path): not a regular file")
    }
    guard status.st_size > 0 else {
      bytes = UnsafeBufferPointer(start: nil, count: 0)
      return
    }
    guard let memory = mmap(nil, status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED
    else { throw .system(path, "map") }
    bytes = UnsafeBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: status.st_size)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }

  func digest() -> SHA256 {
    var hash = SHA256()
    hash.update(UnsafeRawBufferPointer(bytes))
    return hash
  }

  func digest(upTo offset: Int) -> String {
    var hash = SHA256()
    hash.update(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<offset]))
    return hash.hex()
  }

  /// Every line's place, torn tail included.
  func lines(in range: Range<Int>) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    guard let base = bytes.baseAddress else { return lines }
    var start = range.lowerBound
    while start < range.upperBound {
      let found = memchr(base + start, Int32(UInt8(ascii: "\n")), range.upperBound - start)
      let end = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? range.upperBound
      if end > start { lines.append(start..<end) }
      start = end + 1
    }
    return lines
  }

  func read(_ line: Range<Int>, _ detail: Detail) throws(LineError) -> RecordedEvent {
    try RecordedEvent(UnsafeBufferPointer(rebasing: bytes[line]), detail: detail)
  }

  /// Calls `body` with every event in the file's order. Lines are decoded on all cores, in pieces of
  /// a few megabytes, and handed over one piece after the other, so that memory stays bounded.
  func forEachEvent(_ detail: Detail, _ body: (RecordedEvent, Int) -> Void) -> [LineProblem] {
    var problems: [LineProblem] = []
    var lineNumber = 0
    let pieces = pieces(of: 1 << 21)
    let width = 2
    for first in stride(from: 0, to: pieces.count, by: width) {
      let group = Array(pieces[first..<min(first + width, pieces.count)])
      for decoded in decode(group, detail) {
        for (offset, outcome) in decoded {
          lineNumber += 1
          switch outcome {
          case .success(let event): body(event, offset)
          case .failure(let error):
            let torn = endsTorn && offset + 1 > byteCount - sessionLineLimit && isLast(offset)
            problems.append(
              LineProblem(
                line: lineNumber, offset: offset,
                reason: torn ? "torn: the program was stopped while it wrote" : error.description,
                isTornTail: torn))
          }
        }
      }
    }
    return problems
  }

  private typealias Decoded = [(offset: Int, outcome: Result<RecordedEvent, LineError>)]

  private func decode(_ group: [Range<Int>], _ detail: Detail) -> [Decoded] {
    var results = [Decoded](repeating: [], count: group.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      DispatchQueue.concurrentPerform(iterations: group.count) { index in
        results[index] = lines(in: group[index]).map { line in
          do throws(LineError) {
            return (line.lowerBound, .success(try read(line, detail)))
          } catch {
            return (line.lowerBound, .failure(error))
          }
        }
      }
    }
    return results
  }

  /// Cuts the file at line ends into pieces of about `size` bytes.
  private func pieces(of size: Int) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    guard let base = bytes.baseAddress else { return pieces }
    var start = 0
    while start < byteCount {
      var end = min(start + size, byteCount)
      if end < byteCount, let found = memchr(base + end, Int32(UInt8(ascii: "\n")), byteCount - end) {
        end = UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1
      } else {
        end = byteCount
      }
      pieces.append(start..<end)
      start = end
    }
    return pieces
  }

  private func isLast(_ offset: Int) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    return memchr(base + offset, Int32(UInt8(ascii: "\n")), byteCount - offset) == nil
  }
}

extension SessionFile {
  /// Folds the whole file.
  public func state() -> (state: SessionState, problems: [LineProblem]) {
    var state = SessionState()
    let problems = forEachEvent(.summary) { recorded, offset in
      if let event = recorded.event {
        state.apply(event, recorded.stamp, offset: offset)
      } else {
        state.skip(recorded.stamp)
      }
    }
    return (state, problems)
  }

  /// The whole record of one line, curves included.
  public func event(at offset: Int) -> SessionEvent? {
    guard 0..<byteCount ~= offset, let base = bytes.baseAddress else { return nil }
    let found = memchr(base + offset, Int32(UInt8(ascii: "\n")), byteCount - offset)
    let end = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? byteCount
    return try? read(offset..<end, .full).event
  }
}
