import System

/// Rows, and how they are found by path and by inode.
extension FolderLedger {
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
}
