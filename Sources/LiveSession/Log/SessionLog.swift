import Arrays
import Dispatch
import Glibc

/// The session file, open for appending: one `write` a line, never a change to what is there.
///
/// A line that cannot be written is kept in memory and tried again, in order; a line that was torn by a
/// full disk is followed by a newline of its own, so that no later line is glued to its remains.
public final class SessionLog: @unchecked Sendable {
  // Confined to one owner, the session actor; `syncQueue` beside it touches nothing but the descriptor.

  /// Lines that wait for a disk with room. Beyond this the session stops taking frames.
  public static let queueLimit = 10_000

  public let path: String
  private let descriptor: Int32
  /// The same file, for looking back: the other one is for appending only.
  private let reader: Int32
  private let lock: SessionLock
  private let clock: SessionClock
  private let syncQueue = DispatchQueue(label: "session-sync")
  private var unsynced = 0
  private var syncIsDueBefore = 0
  private var queue: [[UInt8]] = []
  private var endsTorn: Bool
  private var digest: SHA256
  private var nextSequence: Int

  /// Bytes in the file, also where the next line begins.
  public private(set) var length: Int
  /// Why the last write failed; nil when the disk takes what it is given.
  public private(set) var failure: String?
  public var queued: Int { queue.count }

  init(
    path: String, descriptor: Int32, lock: SessionLock, clock: SessionClock, length: Int, endsTorn: Bool,
    digest: SHA256, nextSequence: Int
  ) {
    self.path = path
    self.descriptor = descriptor
    reader = open(path, O_RDONLY | O_CLOEXEC)
    self.lock = lock
    self.clock = clock
    self.length = length
    self.endsTorn = endsTorn
    self.digest = digest
    self.nextSequence = nextSequence
  }

  deinit {
    close(descriptor)
    if reader >= 0 { close(reader) }
  }

  /// The digest of every byte up to here.
  public var sha256: String { digest.hex() }

  /// Appends the event. Returns its stamp and where its line begins, or nil for the place while the line waits.
  @discardableResult
  public func append(_ event: SessionEvent) -> (stamp: Stamp, offset: Int?) {
    let stamp = Stamp(
      sequence: nextSequence, unixMilliseconds: clock.unixMilliseconds(),
      monotonicNanoseconds: clock.monotonicNanoseconds())
    nextSequence += 1
    let line = event.line(stamp)
    guard queue.isEmpty else {
      queue.append(line)
      return (stamp, nil)
    }
    guard let offset = write(line) else {
      queue.append(line)
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

  /// Tries again what could not be written. Called every two seconds while `failure` stands.
  public func retry() {
    var written = 0
    while written < queue.count, write(queue[written]) != nil { written += 1 }
    queue.removeFirst(written)
    if written > 0 { sync() }
  }

  /// Waits until everything written is on the disk.
  public func synchronize() {
    syncQueue.sync { _ = fdatasync(descriptor) }
    unsynced = 0
  }

  private func sync() {
    unsynced = 0
    // The closure holds the log, so that the descriptor stays open until the disk has answered.
    syncQueue.async { [self] in _ = fdatasync(descriptor) }
  }

  private func syncWithinASecond(of now: Int) {
    guard now >= syncIsDueBefore else { return }
    syncIsDueBefore = now + 1_000_000_000
    syncQueue.asyncAfter(deadline: .now() + 1) { [self] in _ = fdatasync(descriptor) }
  }

  /// Writes one line; nil when the disk refused it, wholly or in part.
  private func write(_ line: [UInt8]) -> Int? {
    if endsTorn {
      guard put([UInt8(ascii: "\n")]) == 1 else { return nil }
      endsTorn = false
    }
    let offset = length
    let written = put(line)
    if written == line.count {
      failure = nil
      return offset
    }
    if written > 0 { endsTorn = true }
    return nil
  }

  private func put(_ bytes: [UInt8]) -> Int {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { Glibc.write(descriptor, $0 + written, bytes.count - written) } ?? 0
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        failure = "cannot write \(path): \(String(cString: strerror(errno)))"
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
  public func event(at offset: Int) -> SessionEvent? {
    var line: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while line.count <= 16 * sessionLineLimit {
      let count = piece.withUnsafeMutableBytes {
        pread(reader, $0.baseAddress, $0.count, offset + line.count)
      }
      guard count > 0 else { return nil }
      if let end = piece[..<count].firstIndex(of: UInt8(ascii: "\n")) {
        line.append(contentsOf: piece[..<end])
        return line.withUnsafeBufferPointer { try? RecordedEvent($0, detail: .full).event }
      }
      line.append(contentsOf: piece[..<count])
    }
    return nil
  }
}
