import System
import FolderWatch
import Testing

/// A ledger, a pretended disk and a pretended clock.
struct LedgerBench {
  var ledger: FolderLedger
  var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
  var disk: [String: ScannedFile] = [:]
  var log: [FileChange] = []
  private var nextInode: UInt64 = 100
  private var nextModified: Int64 = 1

  init(
    events: Bool = true, asksHeaders: Bool = false, folder: String = "/data",
    _ adjust: (inout WatchOptions) -> Void = { _ in }
  ) {
    var options = WatchOptions()
    if asksHeaders { options.isComplete = { _ in nil } }
    adjust(&options)
    ledger = FolderLedger(folder: RawPath(folder), options: options, trustsEvents: events)
    ledger.isFirstLook = false
  }

  // MARK: The disk

  /// Creates the file, or writes it anew in place.
  mutating func write(_ path: String, size: Int64, hint: FileHint? = nil, modified: Int64? = nil) {
    let known = disk[path]?.identity.inode
    let inode = known ?? freshInode()
    nextModified += 1
    let identity = FileIdentity(device: 1, inode: inode, size: size, modified: modified ?? nextModified)
    for (name, file) in known == nil ? [:] : disk where file.identity.inode == inode {
      disk[name] = with(file, identity)
    }
    disk[path] = ScannedFile(path: RawPath(path), identity: identity)
    if let hint { self.hint(path, hint) }
  }

  private func with(_ file: ScannedFile, _ identity: FileIdentity) -> ScannedFile {
    ScannedFile(path: file.path, identity: identity, kind: file.kind)
  }

  mutating func freshInode() -> UInt64 {
    nextInode += 1
    return nextInode
  }

  mutating func make(_ path: String, _ kind: FileKind) {
    let identity = FileIdentity(device: 1, inode: freshInode(), size: 10, modified: 5)
    disk[path] = ScannedFile(path: RawPath(path), identity: identity, kind: kind)
  }

  mutating func link(_ path: String, to other: String, kind: FileKind = .regular) {
    guard let file = disk[other] else { return }
    disk[path] = ScannedFile(path: RawPath(path), identity: file.identity, kind: kind)
  }

  mutating func rename(_ path: String, to other: String, hints: Bool = true) {
    guard let file = disk.removeValue(forKey: path) else { return }
    disk[other] = ScannedFile(path: RawPath(other), identity: file.identity, kind: file.kind)
    if hints { self.hints([(path, .removed), (other, .movedIn)]) }
  }

  mutating func remove(_ path: String, hint: Bool = true) {
    disk[path] = nil
    if hint { self.hint(path, .removed) }
  }

  // MARK: Looking

  mutating func scan() {
    ledger.scan(Array(disk.values), at: now)
    collect()
  }

  mutating func hint(_ path: String, _ hint: FileHint) { hints([(path, hint)]) }

  /// As the watcher does it: hints in their order, then what vanished is final.
  mutating func hints(_ hints: [(String, FileHint)]) {
    for (path, hint) in hints {
      let raw = RawPath(path)
      let isWorthALook = raw.name.bytes.withUnsafeBufferPointer {
        ledger.isWorthALook(hint, name: $0, in: 0)
      }
      if isWorthALook { look(path, hint) }
    }
    ledger.finishVanished(at: now)
    collect()
  }

  private mutating func look(_ path: String, _ hint: FileHint = []) {
    guard let file = disk[path] else { return ledger.missing(RawPath(path)) }
    var next = ledger.observe(file, hint: hint, otherNameChecked: false, at: now)
    if case .lookAt(let other) = next {
      if disk[other.string ?? ""] == nil { ledger.missing(other) }
      next = ledger.observe(file, hint: hint, otherNameChecked: true, at: now)
    }
    if case .askHeader(let id) = next { asked.append(id) }
  }

  /// The files whose headers were to be asked.
  var asked: [FileID] = []

  mutating func advance(_ seconds: Double) {
    let end = now + .nanoseconds(Int64(seconds * 1e9))
    while let next = ledger.nextDeadline, next <= end {
      now = max(now, next)
      for path in ledger.due(at: now) { look(path.string ?? "") }
      ledger.finishVanished(at: now)
      collect()
    }
    now = end
  }

  mutating func collect() { log += ledger.takeChanges() }

  /// Forgets what was said so far, and gives it.
  mutating func takeLog() -> [FileChange] {
    defer { log = [] }
    return log
  }

  // MARK: Reading

  var offered: [WatchedFile] {
    log.compactMap { if case .ready(let file) = $0 { file } else { nil } }
  }

  var states: [FileState] {
    log.compactMap { if case .state(_, let state) = $0 { state } else { nil } }
  }

  func offered(_ path: String) -> [WatchedFile] { offered.filter { $0.path == RawPath(path) } }

  mutating func report(_ outcome: ReadOutcome, _ file: WatchedFile, read: FileIdentity? = nil) {
    ledger.report(outcome, for: file.id, read: read ?? file.identity, at: now)
    collect()
  }

  /// Waits until `path` is offered and reports the outcome.
  mutating func settleAndReport(_ path: String, _ outcome: ReadOutcome = .done) throws -> WatchedFile {
    advance(3)
    let file = try #require(offered(path).last)
    report(outcome, file)
    return file
  }
}
