import System
import Dispatch
import Glibc

/// `write` of the operating system, or a test's full disk.
package typealias WriteBytes = @Sendable (Int32, UnsafeRawPointer, Int) -> Int

/// The session file, open for appending: one `write` a line, never a change to what is there.
///
/// A line that cannot be written is kept in memory and tried again, in order; a line that was torn by a
/// full disk is followed by a newline of its own, so that no later line is glued to its remains.
package final class SessionLog: @unchecked Sendable {
  // Confined to one owner, the session actor; `syncQueue` beside it touches nothing but the descriptor.

  /// Lines that wait for a disk with room. Beyond this the session stops taking frames.
  package static let queueLimit = 10_000

  package let path: String
  private let output: Descriptor
  /// The same file, for looking back: the other one is for appending only.
  private let reader: Descriptor
  private var lock: SessionLock?
  private let clock: SessionClock
  private let syncQueue = DispatchQueue(label: "session-sync")
  private var unsynced = 0
  private var syncIsDueBefore = 0
  private let writeBytes: WriteBytes
  private var queue: [Waiting] = []
  private var endsTorn: Bool
  private var digest: SHA256
  private var nextSequence: Int

  /// Bytes in the file, also where the next line begins.
  package private(set) var length: Int
  /// Why the last write failed; nil when the disk takes what it is given.
  package private(set) var failure: String?
  package var queued: Int { queue.count }

  /// Which file of an earlier run of the session holds which content: handed over once, not kept here.
  private var contents: ContentIndex

  private struct Waiting {
    var line: [UInt8]
    var result: (fileID: Int, id: Identifier)?
  }

  /// A result whose line waited and has its place now.
  package struct Placed: Sendable {
    package var fileID: Int
    package var resultID: Identifier
    package var offset: Int
  }

  init(
    path: String, descriptor: Int32, lock: SessionLock, clock: SessionClock, write: @escaping WriteBytes,
    length: Int = 0, endsTorn: Bool = false, digest: SHA256 = SHA256(), nextSequence: Int = 1,
    contents: ContentIndex = ContentIndex()
  ) {
    self.path = path
    output = Descriptor(descriptor)
    reader = Descriptor(open(path, O_RDONLY | O_CLOEXEC))
    self.lock = lock
    self.clock = clock
    writeBytes = write
    self.contents = contents
    self.length = length
    self.endsTorn = endsTorn
    self.digest = digest
    self.nextSequence = nextSequence
  }

  func takeContents() -> ContentIndex {
    defer { contents = ContentIndex() }
    return contents
  }

  /// The digest of every byte up to here.
  package var sha256: String { digest.hex() }

  /// Appends the event. Returns its stamp and where its line begins, or nil for the place while the line waits.
  @discardableResult
  package func append(_ event: SessionEvent) -> (stamp: Stamp, offset: Int?) {
    let stamp = Stamp(
      sequence: nextSequence, unixMilliseconds: clock.unixMilliseconds(),
      monotonicNanoseconds: clock.monotonicNanoseconds())
    nextSequence += 1
    let line = event.line(stamp)
    guard queue.isEmpty, let offset = write(line) else {
      var waiting = Waiting(line: line)
      if case .result(let record) = event { waiting.result = (record.fileID, record.resultID) }
      queue.append(waiting)
      return (stamp, nil)
    }
    unsynced += 1
    if event.isPersonal || unsynced >= 50 {
      sync()
    } else {
      syncWithinASecond(of: stamp.monotonicNanoseconds)
    }
    return (stamp, offset)
  }

  /// Tries again what could not be written, in order, and says where the results among it went. Called every
  /// two seconds while `failure` stands.
  @discardableResult
  package func retry() -> [Placed] {
    var placed: [Placed] = []
    var written = 0
    if queue.isEmpty, finishTornLine() { failure = nil }
    while written < queue.count, let offset = write(queue[written].line) {
      if let result = queue[written].result {
        placed.append(Placed(fileID: result.fileID, resultID: result.id, offset: offset))
      }
      written += 1
    }
    queue.removeFirst(written)
    if written > 0 { sync() }
    return placed
  }

  /// Waits until everything written is on the disk.
  package func synchronize() {
    syncQueue.sync { _ = fdatasync(output.number) }
    unsynced = 0
  }

  /// Gives the file free for another writer. Nothing may be appended after this.
  package func finish() {
    synchronize()
    lock = nil
  }

  private func sync() {
    unsynced = 0
    // The closure keeps the descriptor open until the disk has answered, and not the log: its lock ends
    // with the session.
    syncQueue.async { [output] in _ = fdatasync(output.number) }
  }

  private func syncWithinASecond(of now: Int) {
    guard now >= syncIsDueBefore else { return }
    syncIsDueBefore = now + 1_000_000_000
    syncQueue.asyncAfter(deadline: .now() + 1) { [output] in _ = fdatasync(output.number) }
  }

  /// Writes one line; nil when the disk refused it, wholly or in part.
  private func write(_ line: [UInt8]) -> Int? {
    guard finishTornLine() else { return nil }
    let offset = length
    let written = put(line)
    if written == line.count {
      failure = nil
      return offset
    }
    if written > 0 { endsTorn = true }
    // A line that lacks nothing but its newline is read as a line: written again it would be there twice.
    return written == line.count - 1 ? offset : nil
  }

  private func finishTornLine() -> Bool {
    if endsTorn {
      guard put([UInt8(ascii: "\n")]) == 1 else { return false }
      endsTorn = false
    }
    return true
  }

  private func put(_ bytes: [UInt8]) -> Int {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { writeBytes(output.number, $0 + written, bytes.count - written) } ?? 0
      }
      let code = count < 0 ? errno : ENOSPC
      if count < 0, code == EINTR { continue }
      guard count > 0 else {
        failure = "cannot write \(path): \(String(cString: strerror(code)))"
        break
      }
      written += count
    }
    length += written
    digest.update(Array(bytes.prefix(written)))
    return written
  }
}

extension SessionLog {
  /// The whole record whose line begins at `offset`.
  package func event(at offset: Int) -> SessionEvent? {
    var line: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while line.count <= 16 * sessionLineLimit {
      let count = piece.withUnsafeMutableBytes {
        pread(reader.number, $0.baseAddress, $0.count, offset + line.count)
      }
      guard count > 0 else { break }
      if let end = piece[..<count].firstIndex(of: UInt8(ascii: "\n")) {
        line.append(contentsOf: piece[..<end])
        return line.withUnsafeBufferPointer { try? RecordedEvent($0, detail: .full).event }
      }
      line.append(contentsOf: piece[..<count])
    }
    // The last line may still lack its newline.
    return line.withUnsafeBufferPointer { try? RecordedEvent($0, detail: .full).event }
  }
}

private final class Descriptor: Sendable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { if number >= 0 { close(number) } }
}
