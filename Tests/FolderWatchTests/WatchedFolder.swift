import System
import FolderWatch
import Foundation
import Glibc

/// A temporary folder, the real watcher on it, and what the watcher has said.
///
/// Nothing here sleeps: a test does something to the folder and awaits what has to follow from it. A watcher that
/// is silent for longer than `patience` before that fails the test. (Silent, and not the test's own time: hundreds
/// of tests share a few threads, and between two batches this one may not get a turn for minutes.)
final class WatchedFolder {
  struct TimedOut: Error, CustomStringConvertible {
    var log: [FileChange]
    var description: String { "not within \(WatchedFolder.patience); heard \(log.suffix(12))" }
  }

  /// Quick settling, so that tests are quick; the settle times themselves are tested on the ledger.
  static var quick: WatchOptions {
    var options = WatchOptions()
    options.settle = .milliseconds(150)
    options.settleAfterClose = .milliseconds(60)
    options.pollInterval = .milliseconds(30)
    options.missingFolderInterval = .milliseconds(30)
    options.sidecarWait = .milliseconds(200)
    return options
  }

  static let patience: Duration = .seconds(300)

  let path: String
  let watcher: DirectoryWatcher
  private let own: String
  private var iterator: AsyncStream<[FileChange]>.Iterator
  private(set) var log: [FileChange] = []
  private(set) var offers: [WatchedFile] = []
  private(set) var files: [FileID: (path: RawPath, state: FileState)] = [:]

  init(
    _ options: WatchOptions = WatchedFolder.quick, existing: Bool = true,
    prepare: (String) throws -> Void = { _ in }
  ) throws {
    var template = Array("\(NSTemporaryDirectory())/watched-XXXXXX".utf8CString)
    own = template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, let made = mkdtemp(base) else { return "" }
      return String(cString: made)
    }
    path = own + "/data"
    if existing { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    try prepare(path)
    watcher = DirectoryWatcher(folder: path, options: options)
    iterator = watcher.changes.makeAsyncIterator()
  }

  deinit {
    watcher.stop()
    try? FileManager.default.removeItem(atPath: own)
  }

  // MARK: Doing

  func make(_ name: String, _ text: String = "frame") throws {
    try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
  }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
  }

  func move(_ name: String, to other: String) { _ = rename("\(path)/\(name)", "\(path)/\(other)") }

  /// A place on the same disk that is not watched.
  func outside(_ name: String) -> String { "\(own)/\(name)" }

  // MARK: Hearing

  /// The next batch, or an error when it does not come in time.
  private func hear() async throws {
    let (watcher, patience) = (watcher, Self.patience)
    // Its time begins with its own first turn, and ends after that of a batch which came before.
    let alarm = Task {
      try await Task.sleep(for: patience)
      await Task.yield()
      try Task.checkCancellation()
      watcher.stop()
    }
    defer { alarm.cancel() }
    guard let batch = await iterator.next() else { throw TimedOut(log: log) }
    for change in batch {
      log.append(change)
      switch change {
      case .appeared(let file, let state): files[file.id] = (file.path, state)
      case .revised(let file, _, _): files[file.id] = (file.path, .waiting(.settling))
      case .renamed(let id, let path): files[id]?.path = path
      case .state(let id, let state): files[id]?.state = state
      case .ready(let file):
        files[file.id]?.state = .ready
        offers.append(file)
      case .folder: break
      }
    }
  }

  func until(_ holds: () throws -> Bool) async throws {
    while try !holds() { try await hear() }
  }

  /// Awaits the first change that `pick` takes, from `start` on in the log.
  func next<Value>(from start: Int = 0, _ pick: (FileChange) -> Value?) async throws -> Value {
    var position = start
    while true {
      while position < log.count {
        if let value = pick(log[position]) { return value }
        position += 1
      }
      try await hear()
    }
  }

  /// Awaits the offer of a file.
  func ready(_ name: String, from start: Int = 0) async throws -> WatchedFile {
    try await next(from: start) { change in
      if case .ready(let file) = change, file.path == RawPath(name) { file } else { nil }
    }
  }

  func folderState(from start: Int = 0, _ wanted: (FolderState) -> Bool) async throws {
    _ = try await next(from: start) { change in
      if case .folder(let state) = change, wanted(state) { true } else { nil }
    }
  }

  /// Reads a file as a reader does, and reports.
  @discardableResult
  func read(_ file: WatchedFile, _ outcome: ReadOutcome = .done) throws -> String {
    let held = try HeldFile(file)
    let text = try String(contentsOfFile: held.path, encoding: .utf8)
    watcher.report(held.isUnchanged() ? outcome : .changed, for: file.id, read: held.identity)
    return text
  }

  /// Awaits the offer, reads, and awaits that the watcher has taken note.
  @discardableResult
  func readWhenReady(_ name: String, from start: Int = 0) async throws -> (file: WatchedFile, text: String) {
    var start = start
    while true {
      let file = try await ready(name, from: start)
      start = log.count
      let text = try read(file)
      let state = try await next(from: start) { change -> FileState? in
        if case .state(file.id, let state) = change { state } else { nil }
      }
      if state == .done { return (file, text) }
    }
  }

  func states(of id: FileID) -> [FileState] {
    log.compactMap { if case .state(id, let state) = $0 { state } else { nil } }
  }
}
