import Dispatch
import Glibc

/// What a reader takes for a line. The writer stays within a sixteenth of it; what is longer is not a
/// session's line, and must not eat the memory.
let sessionLineMaximum = 1 << 20

/// A few megabytes of a session file, cut at line ends, and what was read from them. Filled again and again:
/// memory of this size, taken and given back between the small lasting pieces of a state, would be lost to it.
final class SessionPiece {
  struct Line {
    /// Where it begins in the file.
    var offset: Int
    /// Counts from 1, empty lines too.
    var number: Int
    var outcome: Result<RecordedEvent, LineError>
  }

  private let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 2 * sessionLineMaximum, alignment: 64)
  private(set) var offset = 0
  private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var lines: [Line] = []
  /// Newlines in `bytes`.
  private(set) var newlines = 0
  /// Some line could not be read.
  private(set) var hasFailures = false
  /// Part of a line that is too long to be one.
  private(set) var isOverlong = false

  deinit { memory.deallocate() }

  /// Reads up to the end of a line; false where nothing can be read.
  func fill(from file: SessionFile, at offset: Int, insideOverlong: Bool) -> Bool {
    self.offset = offset
    let count = file.read(into: memory, at: offset)
    let read = UnsafeRawBufferPointer(rebasing: memory[..<count])
    let newline = UInt8(ascii: "\n")
    let end: Int?
    if insideOverlong {
      end = read.firstIndex(of: newline).map { $0 + 1 }
    } else {
      end = offset + count == file.byteCount ? count : read.lastIndex(of: newline).map { $0 + 1 }
    }
    isOverlong = insideOverlong || end == nil
    bytes = UnsafeRawBufferPointer(rebasing: read[..<(end ?? count)])
    return count > 0
  }

  /// Decodes every line; their numbers count from 1 within the piece.
  func decode(_ detail: Detail) {
    // Here and not in `fill`: taking the old lines apart is work, and this runs on several threads.
    lines.removeAll(keepingCapacity: true)
    newlines = 0
    hasFailures = false
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    var start = 0
    while start < bytes.count {
      let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
      let end = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? bytes.count
      if end > start, !isOverlong {
        let text = UnsafeBufferPointer(start: base + start, count: end - start)
        let outcome: Result<RecordedEvent, LineError>
        do throws(LineError) {
          outcome = .success(try RecordedEvent(text, detail: detail))
        } catch {
          outcome = .failure(error)
          hasFailures = true
        }
        lines.append(Line(offset: offset + start, number: newlines + 1, outcome: outcome))
      }
      if found != nil { newlines += 1 }
      start = end + 1
    }
  }

  /// Numbers the lines within the file.
  func count(from line: Int) {
    for index in lines.indices { lines[index].number += line }
  }
}

extension SessionFile {
  /// Hands over the whole file in its order, decoded on two threads, two megabytes each at a time: memory
  /// stays bounded however long the session is. Returns nil, or where the disk failed.
  func forEachPiece(
    _ detail: Detail, from start: Int = 0, _ body: (SessionPiece) -> Void
  ) -> LineProblem? {
    var offset = start
    var newlines = 0
    var isInsideOverlong = false
    // Each is touched by one thread at a time.
    nonisolated(unsafe) let pieces = [SessionPiece(), SessionPiece()]
    while offset < byteCount {
      var filled = 0
      for piece in pieces where offset < byteCount {
        guard piece.fill(from: self, at: offset, insideOverlong: isInsideOverlong) else { break }
        offset += piece.bytes.count
        isInsideOverlong = piece.isOverlong && piece.bytes.last != UInt8(ascii: "\n")
        filled += 1
      }
      if filled == 0 {
        return LineProblem(
          line: newlines + 1, offset: offset, reason: "cannot be read from the disk", isTornTail: false)
      }
      DispatchQueue.concurrentPerform(iterations: filled) { pieces[$0].decode(detail) }
      for piece in pieces[..<filled] {
        piece.count(from: newlines)
        newlines += piece.newlines
        body(piece)
      }
    }
    return nil
  }

  /// Calls `body` with every event in the file's order, from the line that begins at `start`.
  func forEachEvent(
    _ detail: Detail, from start: Int = 0, _ body: (RecordedEvent, Int) -> Void
  ) -> [LineProblem] {
    var problems: [LineProblem] = []
    let failure = forEachPiece(detail, from: start) { piece in
      problems += problemsOf(piece)
      for line in piece.lines {
        if case .success(let event) = line.outcome { body(event, line.offset) }
      }
    }
    return problems + (failure.map { [$0] } ?? [])
  }

  /// The lines of a piece that cannot be read, and why.
  func problemsOf(_ piece: SessionPiece) -> [LineProblem] {
    if piece.isOverlong || !piece.hasFailures { return [] }
    return piece.lines.compactMap { line in
      guard case .failure(let error) = line.outcome else { return nil }
      let torn =
        endsTorn && piece.offset + piece.bytes.count == byteCount && line.offset == piece.lines.last?.offset
      return LineProblem(
        line: line.number, offset: line.offset,
        reason: torn ? "torn: the program was stopped while it wrote" : error.description, isTornTail: torn)
    }
  }
}
