import Dispatch
import Glibc
import JSON
import LiveSession
import Synchronization
import System

/// The session files of some folders, for those who only look. Nothing here writes.
final class SessionShelf: Sendable {
  private let folders: [String]
  private let followers = Mutex<[(id: String, follower: SessionFollower)]>([])
  private let watch = LineWatch()

  static let ending = ".session.jsonl"
  /// States in memory; a day's session takes some tens of megabytes.
  private static let mostFollowed = 4

  init(folders: [String]) { self.folders = folders }

  func stop() { watch.stop() }

  /// The newest first.
  func list() -> [(id: String, path: String, modified: Int)] {
    var found: [(id: String, path: String, modified: Int)] = []
    for folder in folders {
      for name in FolderNames(folder) where name.hasSuffix(Self.ending) && !name.hasPrefix(".") {
        var status = stat()
        let path = "\(folder)/\(name)"
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
        found.append((String(name.dropLast(Self.ending.count)), path, Int(status.st_mtim.tv_sec) * 1000))
      }
    }
    return found.sorted { ($1.modified, $0.id) < ($0.modified, $1.id) }
  }

  /// Only what is on the list can be opened.
  func path(of id: String) throws -> String {
    guard let entry = list().first(where: { $0.id == id }) else {
      throw Refusal.notFound("session \(id.prefix(80))")
    }
    return entry.path
  }

  /// The session as it stands now.
  func follow<T>(_ id: String, _ body: (SessionFollower) throws -> T) throws -> T {
    let path = try path(of: id)
    return try followers.withLock { followers in
      let index = followers.firstIndex { $0.id == id && $0.follower.path == path }
      var entry: (id: String, follower: SessionFollower)
      do {
        entry = try index.map { followers.remove(at: $0) } ?? (id, SessionFollower(path: path))
        try entry.follower.follow()
      } catch {
        throw Refusal(503, "session \(id.prefix(80)) cannot be read", retryAfter: 5)
      }
      defer {
        followers.append(entry)
        if followers.count > Self.mostFollowed { followers.removeFirst() }
      }
      return try body(entry.follower)
    }
  }

  func lines(of id: String, from: LineStream.Start) throws -> LineStream {
    guard let stream = LineStream(path: try path(of: id), from: from, watch) else {
      throw Refusal(503, "session \(id.prefix(80)) cannot be read", retryAfter: 5)
    }
    return stream
  }
}

/// Looks after all files that are streamed, five times a second.
final class LineWatch: Sendable {
  private struct State {
    var sleepers: [(stream: LineStream, wake: @Sendable () -> Void, since: ContinuousClock.Instant)] = []
    var isRunning = false
    var isStopped = false
  }
  private let state = Mutex(State())
  /// A client that is gone is found out by writing to it.
  private static let silence = Duration.seconds(15)

  func add(_ stream: LineStream, _ wake: @escaping @Sendable () -> Void) {
    let mustStart = state.withLock { state in
      state.sleepers.append((stream, wake, .now))
      defer { state.isRunning = true }
      return !state.isRunning && !state.isStopped
    }
    if mustStart, !DetachedThread.start({ [self] in run() }) { state.withLock { $0.isRunning = false } }
  }

  func stop() { state.withLock { $0.isStopped = true } }

  private func run() {
    while true {
      usleep(200_000)
      var woken: [@Sendable () -> Void] = []
      let goesOn = state.withLock { state in
        let now = ContinuousClock.now
        state.sleepers.removeAll { sleeper in
          let isDue = now - sleeper.since > Self.silence
          if isDue { sleeper.stream.breakSilence() }
          guard isDue || sleeper.stream.hasMore else { return false }
          woken.append(sleeper.wake)
          return true
        }
        if state.isStopped || state.sleepers.isEmpty && woken.isEmpty { state.isRunning = false }
        return state.isRunning
      }
      for wake in woken { wake() }
      if !goesOn { return }
    }
  }
}

/// A session file's lines as server-sent events, from one of them on and then as they come.
final class LineStream: EventStream {
  enum Start: Sendable {
    case newest
    /// Its sequence number.
    case line(Int)
  }

  private struct State {
    var offset: Int
    /// What has been made of the file and not yet been sent.
    var pending: [UInt8] = []
    var sent = 0
    var rest: [UInt8] = []
    var skipsTo: Int?
  }

  private let descriptor: Int32
  private let path: String
  private let watch: LineWatch
  private let state: Mutex<State>
  private static let piece = 256 << 10

  init?(path: String, from start: Start, _ watch: LineWatch) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    self.path = path
    self.watch = watch
    var status = stat()
    fstat(descriptor, &status)
    let size = Int(status.st_size)
    switch start {
    case .newest:
      var last = UInt8(ascii: "\n")
      var end = size
      while end > 0, pread(descriptor, &last, 1, end - 1) == 1, last != UInt8(ascii: "\n") { end -= 1 }
      state = Mutex(State(offset: end))
    case .line(let number): state = Mutex(State(offset: 0, skipsTo: number))
    }
    // So that the client hears at once that it is heard.
    state.withLock { $0.pending = Array("retry: 2000\n\n".utf8) }
  }

  deinit { Glibc.close(descriptor) }

  var hasMore: Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return true }
    return state.withLock { $0.sent < $0.pending.count || $0.offset < Int(status.st_size) }
  }

  func breakSilence() {
    state.withLock { if $0.sent == $0.pending.count { ($0.pending, $0.sent) = (Array(": \n\n".utf8), 0) } }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    state.withLock { state in
      if state.sent == state.pending.count { load(&state) }
      let count = min(buffer.count, state.pending.count - state.sent)
      buffer.copyBytes(from: state.pending[state.sent..<state.sent + count])
      state.sent += count
      return count
    }
  }

  func whenReady(_ wake: @escaping @Sendable () -> Void) { watch.add(self, wake) }

  func close() {}

  /// Turns what came since into events: whole lines only, each under its own sequence number.
  private func load(_ state: inout State) {
    state.pending.removeAll(keepingCapacity: true)
    state.sent = 0
    while state.pending.isEmpty {
      let piece = [UInt8](unsafeUninitializedCapacity: Self.piece) { buffer, count in
        count = max(0, pread(descriptor, buffer.baseAddress, Self.piece, state.offset))
      }
      if piece.isEmpty { return }
      state.offset += piece.count
      var text = state.rest + piece
      guard let last = text.lastIndex(of: UInt8(ascii: "\n")) else {
        // What is longer than any line is none.
        state.rest = text.count > 4 << 20 ? [] : text
        continue
      }
      state.rest = Array(text[(last + 1)...])
      text.removeSubrange(last...)
      for line in text.split(separator: UInt8(ascii: "\n")) {
        let number = Self.sequence(of: line)
        if let first = state.skipsTo {
          guard let number, number >= first else { continue }
          state.skipsTo = nil
        }
        if let number { state.pending += Array("id: \(number)\n".utf8) }
        state.pending += Array("data: ".utf8) + line.filter { $0 != UInt8(ascii: "\r") } + Array("\n\n".utf8)
      }
    }
  }

  /// `"seq":17` near a line's beginning.
  private static func sequence(of line: ArraySlice<UInt8>) -> Int? {
    let mark = Array("\"seq\":".utf8)
    let head = line.prefix(200)
    guard let at = head.indices.first(where: { head[$0...].starts(with: mark) }) else { return nil }
    let digits = line[(at + mark.count)...].prefix(18).prefix { 48...57 ~= $0 }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
