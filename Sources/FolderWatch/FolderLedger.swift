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
  let folder: RawPath
  let patience: Patience
  /// Whether a header can be asked if the file is all there.
  let asksHeaders: Bool
  /// Whether the kernel tells of every write. Decides how long files that were read are looked at again.
  package var trustsEvents: Bool
  /// Files seen while this holds were there when the watch began.
  package var isFirstLook = true

  var table = FileTable()
  var underWay = FilesUnderWay()
  var changes: [FileChange] = []
  /// Not found where they were: gone, unless they turn up under another name before the look is over.
  var vanished: [Int] = []
  var walk = RoundWalk()

  static let futileSidecarWaits: UInt8 = 3

  package init(folder: RawPath, options: WatchOptions, trustsEvents: Bool) {
    self.folder = folder
    patience = Patience(options)
    asksHeaders = options.isComplete != nil
    self.trustsEvents = trustsEvents
  }

  /// Files that are there now, under all their names.
  package var fileCount: Int { table.presentCount }

  /// When something has to be looked at, if nothing happens before.
  package var nextDeadline: MonotonicTime? { underWay.nextDeadline.map { MonotonicTime(nanoseconds: $0) } }

  /// What has happened since the last call, in order.
  package mutating func takeChanges() -> [FileChange] {
    let taken = changes
    changes = []
    return taken
  }

  package var hasChanges: Bool { !changes.isEmpty }
  package var changeCount: Int { changes.count }

  /// An upper bound of the bytes that the ledger holds between two calls.
  package var memoryBytes: Int { table.memoryBytes + underWay.memoryBytes }

  package mutating func directory(_ path: RawPath) -> Int { table.directory(path) }
  package func path(of id: FileID) -> RawPath? { table.row(of: id).map { table.path(ofRow: $0) } }

  func file(_ row: Int, offer: Offer = .first) -> WatchedFile {
    WatchedFile(
      id: table.id(row), revision: Int(table[row].revision), folder: folder, path: table.path(ofRow: row),
      identity: table.identity(row), offer: offer, atStart: table[row].flags.contains(.atStart),
      lacksSidecar: table[row].flags.contains(.lacksSidecar))
  }

  // MARK: Files on their way

  @discardableResult mutating func activate(_ row: Int, at now: Int64) -> Int {
    if table[row].active >= 0 { return Int(table[row].active) }
    let slot = underWay.add(row: row, size: table[row].size, at: now)
    table[row].active = Int32(slot)
    return slot
  }

  mutating func dropActive(_ row: Int) {
    let slot = Int(table[row].active)
    guard slot >= 0 else { return }
    table[row].active = -1
    underWay.remove(slot)
  }

  mutating func schedule(_ row: Int, at time: Int64) {
    let slot = Int(table[row].active)
    if slot >= 0 { underWay.schedule(slot, at: time) }
  }

  mutating func tell(_ row: Int, _ state: FileState) {
    if !table[row].flags.contains(.hidden) { changes.append(.state(table.id(row), state)) }
  }
}
