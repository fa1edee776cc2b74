import Diffraction
import FrameFormats
import Glibc
import LiveSession
import Synchronization
import Testing

/// A folder of its own for one test; gone with it.
final class TestFolder: Sendable {
  let path: String

  init() {
    // Memory where there is some for this: what is tested is not the disk.
    let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(place)/ewald-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer {
      buffer in
      guard let name = buffer.baseAddress, mkdtemp(name) != nil else { fatalError("no temporary folder") }
      return String(cString: name)
    }
  }

  deinit { Self.remove(path) }

  subscript(name: String) -> String { "\(path)/\(name)" }

  func write(_ name: String, _ bytes: [UInt8]) {
    guard let file = fopen(self[name], "w") else { fatalError("a folder of its own can be written to") }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  func read(_ name: String) -> [UInt8] { Self.read(self[name]) }

  static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
    return bytes
  }

  private static func remove(_ path: String) {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { remove("\(path)/\(name)") }
      }
      closedir(folder)
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}

/// A clock that goes where a test puts it.
final class TestClock: Sendable {
  private let nanoseconds = Mutex(1_000_000_000)
  private let milliseconds = Mutex(1_795_176_271_250)

  func advance(seconds: Int) { nanoseconds.withLock { $0 += seconds * 1_000_000_000 } }
  func turn(milliseconds change: Int) { milliseconds.withLock { $0 += change } }

  var clock: SessionClock {
    SessionClock(
      unixMilliseconds: { [self] in milliseconds.withLock { $0 } },
      monotonicNanoseconds: { [self] in nanoseconds.withLock { $0 } })
  }
}

/// A disk with so many bytes left.
final class TestDisk: Sendable {
  private let room: Mutex<Int>

  init(room: Int = .max) { self.room = Mutex(room) }

  func setRoom(_ bytes: Int) { room.withLock { $0 = bytes } }

  var write: WriteBytes {
    { [self] descriptor, bytes, count in
      room.withLock { room in
        let taken = min(count, room)
        if taken == 0 {
          errno = ENOSPC
          return -1
        }
        if room != .max { room -= taken }
        return Glibc.write(descriptor, bytes, taken)
      }
    }
  }
}

let session = SessionRecord(
  id: Identifier(unixMilliseconds: 1, random: (1, 1)), program: "ewald", version: "1.0", commit: "abc",
  system: "Linux", folders: ["/data"])

func identifier(_ number: Int) -> Identifier {
  Identifier(unixMilliseconds: 1_795_176_271_250, random: (UInt64(number), UInt64(number) << 2))
}

func fileEvent(
  _ id: Int, _ path: String? = nil, _ status: FileStatus = .done, content: String? = nil,
  warnings: [String] = [], reason: String? = nil
) -> SessionEvent {
  .file(
    FileRecord(
      fileID: id, path: path ?? "f\(id).tif", size: 100, inode: id, content: content ?? "c\(id)",
      status: status,
      format: "TIFF", frames: 1, declaredFrames: 1, shape: [4, 4], sample: "uint8", warnings: warnings,
      reason: reason))
}

func resultEvent(
  _ number: Int, file: Int, engine: String = "frame", values: [Quantity]? = nil, verdict: Verdict = .accept,
  reasons: [Reason] = [], model: ModelIdentity? = nil, supersedes: Identifier? = nil
) -> SessionEvent {
  .result(
    ResultRecord(
      resultID: identifier(number), fileID: file, file: "f\(file).tif", frame: 0, engine: engine,
      finding: Finding(
        values: values ?? [Quantity("dose", Double(number) + 0.25, unit: "counts")],
        profiles: [Profile(name: "radial", unit: "px", values: [1, 2.5, .nan])], verdict: verdict,
        reasons: reasons, model: model),
      parameters: ["limit": "5"], durationMilliseconds: 1.5, supersedes: supersedes))
}

/// Writes a session of these events.
@discardableResult
func record(_ events: [SessionEvent], to path: String, isClosed: Bool = false) throws -> SessionState {
  let log = try SessionLog.create(path: path, clock: TestClock().clock)
  var state = SessionState()
  for event in events {
    let (stamp, offset) = log.append(event)
    state.apply(event, stamp, offset: offset)
  }
  if isClosed {
    let end = SessionEvent.end(
      EndRecord(files: state.recordedFileCount, results: state.resultCount, sha256: log.sha256))
    let (stamp, offset) = log.append(end)
    state.apply(end, stamp, offset: offset)
  }
  return state
}
