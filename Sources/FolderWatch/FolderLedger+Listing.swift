import System

/// A name to look at, found by a listing or by a deadline.
package enum ListedName: Sendable, Equatable {
  case known
  case look
  case ignored
}

extension FolderLedger {
  // MARK: Whole looks

  /// One complete look at the folder: what is not in `files` is not there.
  package mutating func scan(_ files: [ScannedFile], at now: MonotonicTime) {
    beginListing()
    for file in files {
      let (directory, name) = place(of: file.path)
      _ = name.withUnsafeBufferPointer { listed($0, inode: file.identity.inode, in: directory) }
    }
    for directory in directories.indices {
      for path in endListing(of: directory) { missing(path) }
    }
    // Links last: of a file and a link to it, the file is the one to read.
    for file in files where file.kind != .link { observe(file, otherNameChecked: true, at: now) }
    for file in files where file.kind == .link { observe(file, otherNameChecked: true, at: now) }
    finishVanished(at: now)
    isFirstLook = false
  }

  // MARK: Listings

  /// Begins a look at one or more directories. Their names are compared by `listed`, then `endListing(of:)` tells
  /// which were not met and `missing` is said of those that are not there, then the files to look at are observed, and
  /// `finishVanished` ends it: in this order a file that was renamed is found to be the same one.
  package mutating func beginListing() { listingMark &+= 1 }

  @inline(__always)
  package mutating func listed(_ name: UnsafeBufferPointer<UInt8>, inode: UInt64, in directory: Int)
    -> ListedName
  {
    guard let row = find(directory, name) else {
      return FileNames.classify(name) == .ignored ? .ignored : .look
    }
    guard rows[row].isPresent else { return .look }
    if rows[row].mark != listingMark {
      rows[row].mark = listingMark
      directories[directory].met =
        directories[directory].metMark == listingMark ? directories[directory].met + 1 : 1
      directories[directory].metMark = listingMark
    }
    if rows[row].inode == inode || rows[row].flags.contains(.listedInodeDiffers) { return .known }
    return .look
  }

  /// Known paths that the listing did not meet. A listing may skip a name while others are renamed, so each is
  /// to be looked at before `missing` is said of it.
  package mutating func endListing(of directory: Int) -> [RawPath] {
    let met = directories[directory].metMark == listingMark ? directories[directory].met : 0
    // Counting costs less than visiting, and mostly nothing has vanished.
    guard met < directories[directory].present else { return [] }
    return rows.indices.filter {
      rows[$0].isPresent && Int(rows[$0].directory) == directory && rows[$0].mark != listingMark
    }.map { path(ofRow: $0) }
  }

  /// A directory that is no longer there, with all that is below it.
  package mutating func directoryVanished(_ path: RawPath) {
    let prefix = path.bytes + [UInt8(ascii: "/")]
    let isBelow = directories.map { $0.path == path || $0.path.bytes.starts(with: prefix) }
    for row in rows.indices where rows[row].isPresent && isBelow[Int(rows[row].directory)] { vanish(row) }
  }

  /// The listing gave this inode for a name whose `stat` gives another: believe only the `stat`.
  package mutating func listedInodeDiffers(_ path: RawPath) {
    let (directory, name) = place(of: path)
    if let row = find(directory, name) { rows[row].flags.insert(.listedInodeDiffers) }
  }

  // MARK: Vanishing

  /// A look at the path found nothing.
  package mutating func missing(_ path: RawPath) {
    let (directory, name) = place(of: path)
    if let row = find(directory, name), rows[row].isPresent { vanish(row) }
  }

  mutating func vanish(_ row: Int) {
    setPresent(row, false)
    vanished.append(row)
  }

  /// Those that did not turn up under another name are gone.
  package mutating func finishVanished(at now: MonotonicTime) {
    let rows = vanished
    vanished = []
    for row in rows where !self.rows[row].isPresent && self.rows[row].phase != .free { becomeGone(row, now) }
  }

  private mutating func becomeGone(_ row: Int, _ now: MonotonicTime) {
    if rows[row].flags.contains(.hidden) {
      freeRow(row)
      return
    }
    guard !rows[row].flags.contains(.goneTold) else { return }
    rows[row].flags.insert(.goneTold)
    tell(row, .gone)
    if rows[row].phase != .offered {
      dropActive(row)
      promoteOtherName(of: row, at: now.nanoseconds)
    }
  }

  /// The name by which a file was to be read has gone, and it has others. If it had not been read, one of
  /// those takes its place.
  mutating func promoteOtherName(of row: Int, at now: Int64) {
    guard rows[row].flags.contains(.hasOtherNames) else { return }
    switch rows[row].phase {
    case .done, .refused, .incomplete, .partial, .special: return
    default: break
    }
    rows[row].flags.remove(.hasOtherNames)
    var heir: Int?
    for other in rows.indices where rows[other].phase == .same && Int(rows[other].same) == row {
      if let heir {
        rows[other].same = Int32(heir)
        rows[heir].flags.insert(.hasOtherNames)
        tell(other, .sameAs(id(heir)))
      } else if rows[other].isPresent {
        heir = other
        rows[other].same = -1
        releaseInode(row)
        claimInode(other)
        beginSettling(other, at: now)
      }
    }
  }

  // MARK: Looks by time

  /// The files whose time to be looked at has come. Whoever takes them has to observe each, or say that it is
  /// missing; should that fail they come again after a poll interval.
  package mutating func due(at now: MonotonicTime, limit: Int = .max) -> [RawPath] {
    var paths: [RawPath] = []
    while paths.count < limit, let entry = deadlines.first, entry.time <= now.nanoseconds {
      deadlines.pop()
      let slot = Int(entry.slot)
      guard slot < actives.count, actives[slot].row >= 0, actives[slot].queued == entry.time else { continue }
      let row = actives[slot].row
      actives[slot].queued = .max
      guard actives[slot].deadline <= now.nanoseconds else {
        if actives[slot].deadline < .max { schedule(row, at: actives[slot].deadline) }
        continue
      }
      guard rows[row].isPresent else { continue }
      schedule(row, at: now.nanoseconds + pollInterval)
      paths.append(path(ofRow: row))
    }
    return paths
  }

  /// The next few of all files, round and round, for changes that nothing else tells of.
  package mutating func rollingSlice(limit: Int) -> [RawPath] {
    var paths: [RawPath] = []
    var visited = 0
    while paths.count < limit, visited < rows.count, visited < 4 * limit {
      if rollingCursor >= rows.count { rollingCursor = 0 }
      if rows[rollingCursor].isPresent { paths.append(path(ofRow: rollingCursor)) }
      rollingCursor += 1
      visited += 1
    }
    return paths
  }
}
