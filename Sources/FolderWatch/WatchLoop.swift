import System
import Glibc

/// The watcher's thread: looks, listens, tells the ledger, passes on what the ledger says.
final class WatchLoop {
  /// A directory of the tree, as it was when it was last listed.
  struct Folder {
    var number: Int
    var depth: Int
    var watch: Int32 = -1
    var device: UInt64 = 0
    var inode: UInt64 = 0
    /// Its modification time at the last listing, and since when it has had that.
    var modified = Int64.min
    var modifiedSince = MonotonicTime(nanoseconds: 0)
    var listedAt = MonotonicTime(nanoseconds: .min / 2)
    var listingTook: Duration = .zero
    var isDirty = true
    var isUnreadable = false
  }

  let folder: RawPath
  let options: WatchOptions
  let shared: WatchShared
  var ledger: FolderLedger
  var events: Inotify?
  var method = WatchMethod.polling(.asked)
  var folders: [RawPath: Folder] = [:]
  var foldersByWatch: [Int32: RawPath] = [:]
  var root: (device: UInt64, inode: UInt64)?
  var firstDevice: UInt64?
  var toldMissing: FolderState?
  var toldTooDeep: Set<RawPath> = []
  var overflowed = false
  var rootIsDoubtful = false
  /// How many files are still to be looked at because events were lost.
  var sweepLeft = 0
  var nextPoll: MonotonicTime
  var nextRootCheck: MonotonicTime
  var drainNotBefore: MonotonicTime
  var lastChange: MonotonicTime
  var scanTook: Duration = .zero
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)

  static let root = RawPath(bytes: [])
  /// Modification times of directories tick coarsely (2 s on FAT, 1 s on old servers): a name made within the
  /// tick of the last listing does not show in them.
  static let coarsestTick: Duration = .seconds(3)
  static let batch = 1024

  init(folder: RawPath, options: WatchOptions, shared: WatchShared) {
    self.folder = folder
    self.options = options
    self.shared = shared
    ledger = FolderLedger(folder: folder, options: options, trustsEvents: false)
    let now = options.clock()
    nextPoll = now
    nextRootCheck = now
    drainNotBefore = now
    lastChange = now
  }

  deinit { buffer.deallocate() }

  func run() {
    while !shared.isStopped {
      shared.isBusy(true)
      turn()
      shared.isBusy(false)
      flush()
      wait()
    }
  }

  private func turn() {
    takeReports()
    guard root != nil || openRoot() else { return }
    drainEvents()
    guard root != nil else { return }
    let now = options.clock()
    if rootIsDoubtful || now >= nextPoll { poll(at: now) }
    guard root != nil else { return }
    lookAtDue()
    sweep()
  }

  func takeReports() {
    for report in shared.takeReports() {
      ledger.report(report.outcome, for: report.file, read: report.read, at: options.clock())
    }
  }

  /// Passes on what there is, while long work goes on.
  func flush() {
    guard ledger.hasChanges else { return }
    lastChange = options.clock()
    shared.yield(ledger.takeChanges())
  }

  func breathe() {
    shared.isBusy(true)
    takeReports()
    if ledger.changeCount >= Self.batch { flush() }
  }

  func tell(_ state: FolderState) {
    flush()
    shared.yield([.folder(state)])
  }

  private func wait() {
    var next = root == nil ? nextRootCheck : nextPoll
    if root != nil {
      if let deadline = ledger.nextDeadline { next = min(next, deadline) }
      if sweepLeft > 0 { next = options.clock() }
    }
    let now = options.clock()
    let isThrottled = drainNotBefore > now
    if isThrottled { next = min(next, drainNotBefore) }
    let wait = max(0, (next - now).wholeNanoseconds)
    var descriptors = [pollfd(fd: shared.wakeDescriptor, events: Int16(POLLIN), revents: 0)]
    if let descriptor = eventDescriptor, !isThrottled {
      descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }
    let milliseconds = Int32(min((wait + 999_999) / 1_000_000, 60_000))
    if Glibc.poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0, descriptors[0].revents != 0 {
      shared.clearWakes()
    }
  }

  private var eventDescriptor: Int32? {
    guard events != nil else { return nil }
    return events?.descriptor
  }

  // MARK: Looks at single files

  /// Looks at a path and tells the ledger. `false` when the folder was lost on the way.
  @discardableResult
  func look(at path: RawPath, hint: FileHint = []) -> Bool {
    switch FileSystem.look(at: path, in: folder) {
    case .file(let file):
      tellLedger(file, hint)
      return true
    case .nothing:
      // Were it the folder that is missing, every file in it would seem to be.
      guard rootStands() else { return false }
      ledger.missing(path)
      return true
    case .failed:
      return true
    }
  }

  func tellLedger(_ file: ScannedFile, _ hint: FileHint) {
    if file.kind == .directory { return }
    let now = options.clock()
    switch ledger.observe(file, hint: hint, otherNameChecked: false, at: now) {
    case .nothing: break
    case .lookAt(let other):
      if case .nothing = FileSystem.look(at: other, in: folder) {
        guard rootStands() else { return }
        ledger.missing(other)
      }
      let next = ledger.observe(file, hint: hint, otherNameChecked: true, at: now)
      if case .askHeader(let id) = next { askHeader(id) }
    case .askHeader(let id): askHeader(id)
    }
  }

  private func askHeader(_ id: FileID) {
    guard let isComplete = options.isComplete, let path = ledger.path(of: id) else { return }
    ledger.headerSays(isComplete(folder.appending(path)), of: id, at: options.clock())
  }

  private func lookAtDue() {
    let paths = ledger.due(at: options.clock(), limit: 4 * Self.batch)
    for (i, path) in paths.enumerated() {
      if i % 128 == 127 { breathe() }
      guard look(at: path) else { return }
    }
    ledger.finishVanished(at: options.clock())
  }

  private func sweep() {
    guard sweepLeft > 0 else { return }
    let paths = ledger.rollingSlice(limit: Self.batch)
    sweepLeft = paths.isEmpty ? 0 : sweepLeft - paths.count
    for path in paths {
      guard look(at: path) else { return }
    }
    ledger.finishVanished(at: options.clock())
  }
}
