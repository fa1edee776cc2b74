import System

/// What is known of a watched folder, as a pure state machine: fed with what looks at the disk found, with
/// hints, with the reader's outcomes and with the time; it answers with changes.
///
/// The looks are the truth and the hints only make them earlier, so a lost hint costs time and never a file.
/// But 100,000 `stat` calls take a fifth of a second here and minutes over a slow share, and a folder that
/// rests must cost next to nothing. So a listing compares names and inode numbers only, which come with the
/// directory for nothing, and asks for a `stat` where the name is unknown or stands for another inode. Files
/// on their way to a final state have deadlines of their own. What is left are files that were read and are
/// then overwritten in place: a local kernel says so by an event; where there are no events they are looked
/// at often while they are young; and `rollingSlice` walks over all of them for ever in small steps.
package struct FolderLedger: Sendable {
  typealias Row = LedgerRow
  typealias Phase = LedgerRow.Phase

  let folder: RawPath
  let settle: Int64
  let settleAfterClose: Int64
  let idle: Int64
  let sidecarWait: Int64
  let pollInterval: Int64
  /// Whether a header can be asked if the file is all there.
  let asksHeaders: Bool
  /// Whether the kernel tells of every write. Decides how long files that were read are looked at again.
  package var trustsEvents: Bool
  /// Files seen while this holds were there when the watch began.
  package var isFirstLook = true

  var names = NameArena()
  var rows: [Row] = []
  var freeRows: [Int32] = []
  var actives: [ActiveFile] = []
  var freeActives: [Int32] = []
  var deadlines = DeadlineHeap()
  var pathSlots = SlotTable()
  var inodeSlots = SlotTable()
  var devices: [UInt64] = []
  var directories: [LedgerDirectory] = []
  var directoryNumbers: [RawPath: Int] = [:]
  var changes: [FileChange] = []
  var vanished: [Int] = []
  var listingMark: UInt32 = 0
  var listed = 0
  var rollingCursor = 0

  /// Two ticks of the coarsest kernel clock (100 Hz). A second write within the tick of the first leaves no
  /// trace in the modification time, so an identity is only to be relied on when it is this old.
  static let clockTick: Int64 = 20_000_000
  /// After this long without rest a file of unknown format is offered as it is.
  static let growingAfter: Int64 = 10_000_000_000
  static let retryAfter: [Int64] = [1, 2, 5, 15, 60, 300].map { $0 * 1_000_000_000 }
  static let longestInterval: Int64 = 60_000_000_000
  static let futileSidecarWaits: UInt8 = 3

  package init(folder: RawPath, options: WatchOptions, trustsEvents: Bool) {
    self.folder = folder
    settle = options.settle.wholeNanoseconds
    settleAfterClose = min(options.settleAfterClose, options.settle).wholeNanoseconds
    idle = options.idle.wholeNanoseconds
    sidecarWait = options.sidecarWait.wholeNanoseconds
    pollInterval = max(options.pollInterval, .milliseconds(1)).wholeNanoseconds
    asksHeaders = options.isComplete != nil
    self.trustsEvents = trustsEvents
    _ = directory(RawPath(bytes: []))
  }

  /// Files that are there now, under all their names.
  package var fileCount: Int { directories.reduce(0) { $0 + $1.present } }

  /// When something has to be looked at, if nothing happens before.
  package var nextDeadline: MonotonicTime? {
    deadlines.first.map { MonotonicTime(nanoseconds: $0.time) }
  }

  /// What has happened since the last call, in order.
  package mutating func takeChanges() -> [FileChange] {
    let taken = changes
    changes = []
    return taken
  }

  package var hasChanges: Bool { !changes.isEmpty }
  package var changeCount: Int { changes.count }

  /// An upper bound of the bytes that the ledger holds between two calls.
  package var memoryBytes: Int {
    rows.capacity * MemoryLayout<Row>.stride + names.bytes.capacity + pathSlots.bytes + inodeSlots.bytes
      + actives.capacity * MemoryLayout<ActiveFile>.stride + freeActives.capacity * 4
      + deadlines.entries.capacity * MemoryLayout<DeadlineHeap.Entry>.stride
  }

  package func path(of id: FileID) -> RawPath? { row(of: id).map { path(ofRow: $0) } }

  // MARK: Files on their way

  @discardableResult
  mutating func activate(_ row: Int, at now: Int64) -> Int {
    if rows[row].active >= 0 { return Int(rows[row].active) }
    let active = ActiveFile(row: row, began: now, beganSize: rows[row].size, stableSince: now)
    let slot: Int
    if let free = freeActives.popLast() {
      slot = Int(free)
      actives[slot] = active
    } else {
      slot = actives.count
      actives.append(active)
    }
    rows[row].active = Int32(slot)
    return slot
  }

  mutating func dropActive(_ row: Int) {
    let slot = Int(rows[row].active)
    guard slot >= 0 else { return }
    rows[row].active = -1
    actives[slot].row = -1
    actives[slot].deadline = .max
    freeActives.append(Int32(slot))
    if freeActives.count == actives.count {
      actives = []
      freeActives = []
      deadlines = DeadlineHeap()
    }
  }

  mutating func schedule(_ row: Int, at time: Int64) {
    let slot = Int(rows[row].active)
    guard slot >= 0 else { return }
    actives[slot].deadline = time
    if time < actives[slot].queued {
      actives[slot].queued = time
      deadlines.push(DeadlineHeap.Entry(time: time, slot: Int32(slot)))
    }
  }

  /// Often at first, then once in a tenth of the time that it has rested already.
  func checkInterval(rested: Int64) -> Int64 {
    max(pollInterval, min(Self.longestInterval, rested / 10))
  }

  mutating func tell(_ row: Int, _ state: FileState) {
    if !rows[row].flags.contains(.hidden) { changes.append(.state(id(row), state)) }
  }
}
