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
      let (directory, name) = table.place(of: file.path)
      _ = name.withUnsafeBufferPointer { listed($0, inode: file.identity.inode, in: directory) }
    }
    for directory in table.directories.indices { for path in endListing(of: directory) { missing(path) } }
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
  package mutating func beginListing() { table.beginListing() }

  @inline(__always) package mutating func listed(
    _ name: UnsafeBufferPointer<UInt8>, inode: UInt64, in directory: Int
  ) -> ListedName {
    guard let row = table.find(directory, name) else {
      return FileNames.classify(name) == .ignored ? .ignored : .look
    }
    guard table[row].isPresent else { return .look }
    table.meet(row)
    let isKnown = table[row].inode == inode || table[row].flags.contains(.listedInodeDiffers)
    return isKnown ? .known : .look
  }

  /// Known paths that the listing did not meet. A listing may skip a name while others are renamed, so each is
  /// to be looked at before `missing` is said of it.
  package mutating func endListing(of directory: Int) -> [RawPath] {
    table.unmet(in: directory).map { table.path(ofRow: $0) }
  }

  /// A directory that is no longer there, with all that is below it.
  package mutating func directoryVanished(_ path: RawPath) {
    let prefix = path.bytes + [UInt8(ascii: "/")]
    let isBelow = table.directories.map { $0.path == path || $0.path.bytes.starts(with: prefix) }
    for row in table.indices where table[row].isPresent && isBelow[Int(table[row].directory)] { vanish(row) }
  }

  /// The listing gave this inode for a name whose `stat` gives another: believe only the `stat`.
  package mutating func listedInodeDiffers(_ path: RawPath) {
    let (directory, name) = table.place(of: path)
    if let row = table.find(directory, name) { table[row].flags.insert(.listedInodeDiffers) }
  }

  // MARK: Vanishing

  /// A look at the path found nothing.
  package mutating func missing(_ path: RawPath) {
    let (directory, name) = table.place(of: path)
    if let row = table.find(directory, name), table[row].isPresent { vanish(row) }
  }

  mutating func vanish(_ row: Int) {
    table.setPresent(row, false)
    vanished.append(row)
  }

  /// Those that did not turn up under another name are gone.
  package mutating func finishVanished(at now: MonotonicTime) {
    let gone = vanished
    vanished = []
    for row in gone where !table[row].isPresent && table[row].phase != .free { becomeGone(row, now) }
  }

  private mutating func becomeGone(_ row: Int, _ now: MonotonicTime) {
    if table[row].flags.contains(.hidden) {
      dropActive(row)
      table.free(row)
      return
    }
    guard !table[row].flags.contains(.goneTold) else { return }
    table[row].flags.insert(.goneTold)
    tell(row, .gone)
    if table[row].phase != .offered {
      dropActive(row)
      promoteOtherName(of: row, at: now.nanoseconds)
    }
  }

  /// The name by which a file was to be read has gone, and it has others. If it had not been read, one of
  /// those takes its place.
  mutating func promoteOtherName(of row: Int, at now: Int64) {
    guard table[row].flags.contains(.hasOtherNames) else { return }
    switch table[row].phase {
    case .done, .refused, .incomplete, .partial, .special: return
    default: break
    }
    table[row].flags.remove(.hasOtherNames)
    var heir: Int?
    for other in table.indices where table[other].phase == .same && Int(table[other].same) == row {
      if let heir {
        table[other].same = Int32(heir)
        table[heir].flags.insert(.hasOtherNames)
        tell(other, .sameAs(table.id(heir)))
      } else if table[other].isPresent {
        heir = other
        table[other].same = -1
        table.releaseInode(row)
        table.claimInode(other)
        beginSettling(other, at: now)
      }
    }
  }

  // MARK: Looks by time

  /// The files whose time to be looked at has come. Whoever takes them has to observe each, or say that it is
  /// missing; should that fail they come again after a poll interval.
  package mutating func due(at now: MonotonicTime, limit: Int = .max) -> [RawPath] {
    var paths: [RawPath] = []
    while paths.count < limit, let slot = underWay.popDue(at: now.nanoseconds) {
      let row = underWay[slot].row
      guard table[row].isPresent else { continue }
      schedule(row, at: now.nanoseconds + patience.pollInterval)
      paths.append(table.path(ofRow: row))
    }
    return paths
  }

  /// The next few of all files, round and round, for changes that nothing else tells of.
  package mutating func rollingSlice(limit: Int) -> [RawPath] {
    let table = table
    return walk.take(limit, of: table.indices.count) { table[$0].isPresent }.map { table.path(ofRow: $0) }
  }
}
