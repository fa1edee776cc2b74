import System

/// Every file that the ledger knows, and how it is found by path, by inode and by the number that others know it by.
package struct FileTable: Sendable {
  private var rows: [LedgerRow] = []
  private var freeRows: [Int32] = []
  private var names = NameArena()
  private var pathSlots = SlotTable()
  private var inodeSlots = SlotTable()
  private var devices: [UInt64] = []
  var directories: [LedgerDirectory] = []
  private var directoryNumbers: [RawPath: Int] = [:]
  /// What rows and directories that the current listing has met are marked with.
  private var listingMark: UInt32 = 0

  /// The watched folder itself is directory 0.
  package init() { _ = directory(RawPath(bytes: [])) }

  var indices: Range<Int> { rows.indices }

  subscript(row: Int) -> LedgerRow {
    @inline(__always) get { rows[row] }
    @inline(__always) _modify { yield &rows[row] }
  }

  /// Files that are there now, under all their names.
  package var presentCount: Int { directories.reduce(0) { $0 + $1.present } }

  var memoryBytes: Int {
    rows.capacity * MemoryLayout<LedgerRow>.stride + names.bytes.capacity + pathSlots.bytes + inodeSlots.bytes
  }

  // MARK: What is known of a row

  package func id(_ row: Int) -> FileID { FileID(rawValue: UInt64(rows[row].generation) << 32 | UInt64(row)) }

  package func row(of id: FileID) -> Int? {
    let row = Int(id.rawValue & 0xffff_ffff)
    guard row < rows.count, UInt64(rows[row].generation) == id.rawValue >> 32, rows[row].phase != .free else {
      return nil
    }
    return row
  }

  package func name(of row: Int) -> [UInt8] { names.name(at: rows[row].name, count: rows[row].nameLength) }

  package func path(ofRow row: Int) -> RawPath {
    directories[Int(rows[row].directory)].path.appending(RawPath(bytes: name(of: row)))
  }

  package func identity(_ row: Int) -> FileIdentity {
    FileIdentity(
      device: devices[Int(rows[row].device)], inode: rows[row].inode, size: rows[row].size,
      modified: rows[row].modified)
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

  @inline(__always) func find(_ directory: Int, _ name: UnsafeBufferPointer<UInt8>) -> Int? {
    pathSlots.find(NameArena.hash(directory: directory, name)) { row in
      Int(rows[row].directory) == directory && names.equals(rows[row].name, rows[row].nameLength, name)
    }
  }

  package func find(_ directory: Int, _ name: [UInt8]) -> Int? {
    name.withUnsafeBufferPointer { find(directory, $0) }
  }

  private static func inodeHash(_ inode: UInt64, _ device: UInt16) -> UInt64 {
    NameArena.mix(inode ^ UInt64(device) &* 0x9e37_79b9_7f4a_7c15)
  }

  /// The row that stands for what has this inode.
  func findInode(_ inode: UInt64, device: UInt16) -> Int? {
    inodeSlots.find(Self.inodeHash(inode, device)) { rows[$0].inode == inode && rows[$0].device == device }
  }

  package func owner(of identity: FileIdentity) -> Int? {
    devices.firstIndex(of: identity.device).flatMap { findInode(identity.inode, device: UInt16($0)) }
  }

  private mutating func deviceNumber(_ device: UInt64) -> UInt16 {
    if let known = devices.firstIndex(of: device) { return UInt16(known) }
    // A share that is mounted again and again gets a new number each time; 65,535 of them are enough.
    guard devices.count < Int(UInt16.max) else { return UInt16.max - 1 }
    devices.append(device)
    return UInt16(devices.count - 1)
  }

  package mutating func claimInode(_ row: Int) {
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
  package mutating func adopt(_ identity: FileIdentity, kind: FileKind, row: Int) {
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

  package mutating func setPresent(_ row: Int, _ present: Bool) {
    guard rows[row].isPresent != present else { return }
    let directory = Int(rows[row].directory)
    directories[directory].present += present ? 1 : -1
    if rows[row].phase == .sidecarReady { countSidecar(row, present ? 1 : -1) }
    if present { rows[row].flags.insert(.present) } else { rows[row].flags.remove(.present) }
  }

  package mutating func add(
    directory: Int, name: [UInt8], identity: FileIdentity, kind: FileKind, isOld: Bool
  ) -> Int {
    var row = LedgerRow()
    row.inode = identity.inode
    row.device = deviceNumber(identity.device)
    row.size = identity.size
    row.modified = identity.modified
    row.kind = kind
    row.directory = UInt32(directory)
    row.mark = listingMark
    row.phase = .settling
    if isOld { row.flags.insert(.atStart) }
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

  /// The same file under another name.
  package mutating func rename(_ row: Int, toDirectory directory: Int, name: [UInt8]) {
    releasePath(row)
    names.discard(Int(rows[row].nameLength))
    rows[row].directory = UInt32(directory)
    rows[row].nameLength = UInt16(name.count)
    rows[row].name = name.withUnsafeBufferPointer { names.add($0) }
    rows[row].mark = listingMark
    claimPath(row)
    compactNames()
  }

  private mutating func claimPath(_ row: Int) {
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
    let hash = name(of: row).withUnsafeBufferPointer {
      NameArena.hash(directory: Int(rows[row].directory), $0)
    }
    pathSlots.remove(row, hash: hash)
  }

  /// Only for rows that no one was told of.
  package mutating func free(_ row: Int) {
    releasePath(row)
    releaseInode(row)
    setPresent(row, false)
    names.discard(Int(rows[row].nameLength))
    let generation = rows[row].generation
    rows[row] = LedgerRow()
    rows[row].generation = generation
    freeRows.append(Int32(row))
    compactNames()
  }

  private mutating func compactNames() {
    guard names.wantsCompaction else { return }
    var compact = NameArena()
    for row in rows.indices where rows[row].phase != .free {
      rows[row].name = name(of: row).withUnsafeBufferPointer { compact.add($0) }
    }
    names = compact
  }

  /// Directories do not say how their `.xml` files are called: so many are ready.
  mutating func countSidecar(_ row: Int, _ step: Int) {
    let isXML = name(of: row).withUnsafeBufferPointer { FileNames.ends($0, with: Array(".xml".utf8)) }
    if isXML { directories[Int(rows[row].directory)].xmlFiles += step }
  }
}

/// Listings: which rows they meet, told by a mark, so that nothing need be cleared between two of them.
extension FileTable {
  package mutating func beginListing() { listingMark &+= 1 }

  @inline(__always) package mutating func meet(_ row: Int) {
    guard rows[row].mark != listingMark else { return }
    rows[row].mark = listingMark
    let directory = Int(rows[row].directory)
    directories[directory].met =
      directories[directory].metMark == listingMark ? directories[directory].met + 1 : 1
    directories[directory].metMark = listingMark
  }

  /// A look has found it, listed or not.
  mutating func mark(_ row: Int) { rows[row].mark = listingMark }

  /// What should be in the directory and was not met.
  package func unmet(in directory: Int) -> [Int] {
    let met = directories[directory].metMark == listingMark ? directories[directory].met : 0
    // Counting costs less than visiting, and mostly nothing has vanished.
    guard met < directories[directory].present else { return [] }
    return rows.indices.filter {
      rows[$0].isPresent && Int(rows[$0].directory) == directory && rows[$0].mark != listingMark
    }
  }
}
