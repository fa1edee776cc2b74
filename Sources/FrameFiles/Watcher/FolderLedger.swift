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
public struct FolderLedger: Sendable {
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
  public var trustsEvents: Bool
  /// Files seen while this holds were there when the watch began.
  public var isFirstLook = true

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

  public init(folder: RawPath, options: WatchOptions, trustsEvents: Bool) {
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
  public var fileCount: Int { directories.reduce(0) { $0 + $1.present } }

  /// When something has to be looked at, if nothing happens before.
  public var nextDeadline: MonotonicTime? {
    deadlines.first.map { MonotonicTime(nanoseconds: $0.time) }
  }

  /// What has happened since the last call, in order.
  public mutating func takeChanges() -> [FileChange] {
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

  // MARK: Rows

  func id(_ row: Int) -> FileID {
    FileID(rawValue: UInt64(rows[row].generation) << 32 | UInt64(row))
  }

  func row(of id: FileID) -> Int? {
    let row = Int(id.rawValue & 0xffff_ffff)
    guard row < rows.count, UInt64(rows[row].generation) == id.rawValue >> 32, rows[row].phase != .free else {
      return nil
    }
    return row
  }

  func nameBytes(_ row: Int) -> [UInt8] { names.name(at: rows[row].name, count: rows[row].nameLength) }

  func path(ofRow row: Int) -> RawPath {
    directories[Int(rows[row].directory)].path.appending(RawPath(bytes: nameBytes(row)))
  }

  func identity(_ row: Int) -> FileIdentity {
    FileIdentity(
      device: devices[Int(rows[row].device)], inode: rows[row].inode, size: rows[row].size,
      modified: rows[row].modified)
  }

  func file(_ row: Int, offer: Offer = .first) -> WatchedFile {
    WatchedFile(
      id: id(row), revision: Int(rows[row].revision), folder: folder, path: path(ofRow: row),
      identity: identity(row), offer: offer, atStart: rows[row].flags.contains(.atStart),
      lacksSidecar: rows[row].flags.contains(.lacksSidecar))
  }

  package mutating func directory(_ path: RawPath) -> Int {
    if let number = directoryNumbers[path] { return number }
    directories.append(LedgerDirectory(path: path))
    directoryNumbers[path] = directories.count - 1
    return directories.count - 1
  }

  /// Splits at the last slash.
  mutating func place(of path: RawPath) -> (directory: Int, name: [UInt8]) {
    guard let slash = path.bytes.lastIndex(of: UInt8(ascii: "/")) else { return (0, path.bytes) }
    return (directory(RawPath(bytes: Array(path.bytes[..<slash]))), Array(path.bytes[(slash + 1)...]))
  }

  @inline(__always)
  func find(_ directory: Int, _ name: UnsafeBufferPointer<UInt8>) -> Int? {
    pathSlots.find(NameArena.hash(directory: directory, name)) { row in
      Int(rows[row].directory) == directory && names.equals(rows[row].name, rows[row].nameLength, name)
    }
  }

  func find(_ directory: Int, _ name: [UInt8]) -> Int? {
    name.withUnsafeBufferPointer { find(directory, $0) }
  }

  private static func inodeHash(_ inode: UInt64, _ device: UInt16) -> UInt64 {
    NameArena.mix(inode ^ UInt64(device) &* 0x9e37_79b9_7f4a_7c15)
  }

  func findInode(_ inode: UInt64, device: UInt16) -> Int? {
    inodeSlots.find(Self.inodeHash(inode, device)) { rows[$0].inode == inode && rows[$0].device == device }
  }

  mutating func deviceNumber(_ device: UInt64) -> UInt16 {
    if let known = devices.firstIndex(of: device) { return UInt16(known) }
    // A share that is mounted again and again gets a new number each time; 65,535 of them are enough.
    guard devices.count < Int(UInt16.max) else { return UInt16.max - 1 }
    devices.append(device)
    return UInt16(devices.count - 1)
  }

  mutating func claimInode(_ row: Int) {
    let (rows, hash) = (rows, Self.inodeHash(rows[row].inode, rows[row].device))
    if let owner = findInode(rows[row].inode, device: rows[row].device) {
      if owner == row { return }
      inodeSlots.remove(owner, hash: hash)
    }
    inodeSlots.insert(row, hash: hash) { Self.inodeHash(rows[$0].inode, rows[$0].device) }
  }

  mutating func releaseInode(_ row: Int) {
    if findInode(rows[row].inode, device: rows[row].device) == row {
      inodeSlots.remove(row, hash: Self.inodeHash(rows[row].inode, rows[row].device))
    }
  }

  /// Takes over what a look found, and keeps the table of inodes right.
  mutating func adopt(_ identity: FileIdentity, kind: FileKind, row: Int) {
    let device = deviceNumber(identity.device)
    if rows[row].inode != identity.inode || rows[row].device != device {
      let owned = findInode(rows[row].inode, device: rows[row].device) == row
      if owned { releaseInode(row) }
      rows[row].inode = identity.inode
      rows[row].device = device
      let taken = findInode(identity.inode, device: device).map { rows[$0].isPresent } ?? false
      if !taken { claimInode(row) }
    }
    rows[row].size = identity.size
    rows[row].modified = identity.modified
    rows[row].kind = kind
  }

  mutating func setPresent(_ row: Int, _ present: Bool) {
    guard rows[row].isPresent != present else { return }
    let directory = Int(rows[row].directory)
    directories[directory].present += present ? 1 : -1
    if rows[row].phase == .sidecarReady { countSidecar(row, present ? 1 : -1) }
    if rows[row].flags.contains(.lacksSidecar) { directories[directory].lacking += present ? 1 : -1 }
    if present {
      rows[row].flags.insert(.present)
    } else {
      rows[row].flags.remove(.present)
    }
  }

  mutating func addRow(directory: Int, name: [UInt8], identity: FileIdentity, kind: FileKind) -> Int {
    var row = Row()
    row.inode = identity.inode
    row.device = deviceNumber(identity.device)
    row.size = identity.size
    row.modified = identity.modified
    row.kind = kind
    row.directory = UInt32(directory)
    row.mark = listingMark
    row.phase = .settling
    if isFirstLook { row.flags.insert(.atStart) }
    row.nameLength = UInt16(name.count)
    row.name = name.withUnsafeBufferPointer { names.add($0) }
    let index: Int
    if let free = freeRows.popLast() {
      index = Int(free)
      row.generation = rows[index].generation + 1
      rows[index] = row
    } else {
      index = rows.count
      rows.append(row)
    }
    claimPath(index)
    setPresent(index, true)
    return index
  }

  mutating func claimPath(_ row: Int) {
    let (rows, names) = (rows, names)
    func hash(_ row: Int) -> UInt64 {
      names.bytes.withUnsafeBufferPointer { bytes in
        let start = Int(rows[row].name)
        let name = UnsafeBufferPointer(rebasing: bytes[start..<start + Int(rows[row].nameLength)])
        return NameArena.hash(directory: Int(rows[row].directory), name)
      }
    }
    pathSlots.insert(row, hash: hash(row), hashOf: hash)
  }

  mutating func releasePath(_ row: Int) {
    let hash = nameBytes(row).withUnsafeBufferPointer {
      NameArena.hash(directory: Int(rows[row].directory), $0)
    }
    pathSlots.remove(row, hash: hash)
  }

  /// Only for rows that no one was told of.
  mutating func freeRow(_ row: Int) {
    dropActive(row)
    releasePath(row)
    releaseInode(row)
    setPresent(row, false)
    names.discard(Int(rows[row].nameLength))
    let generation = rows[row].generation
    rows[row] = Row()
    rows[row].generation = generation
    freeRows.append(Int32(row))
    compactNames()
  }

  mutating func compactNames() {
    guard names.wantsCompaction else { return }
    var compact = NameArena()
    for row in rows.indices where rows[row].phase != .free {
      rows[row].name = nameBytes(row).withUnsafeBufferPointer { compact.add($0) }
    }
    names = compact
  }

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
