import System
import Glibc

extension WatchLoop {
  private struct Pending {
    var folder: RawPath
    var names: [(name: [UInt8], inode: UInt64)] = []
  }

  /// What looks have found and the ledger is not told at once.
  private struct Looked {
    /// What has to have its place among others: at the start everything, and always links (of a file and a link to
    /// it, the file is the one to read).
    var later: [ScannedFile] = []
    /// Files whose inode is not the one that the listing gave.
    var differing: [RawPath] = []
  }

  // MARK: Polls

  /// The regular look: at the folder, at the modification times of its directories, and into those that may
  /// have other names in them than before.
  ///
  /// A directory whose time has not moved has no new names, and where events arrive they have told of the
  /// names already; so listings are rare and the safety listing makes up for both assumptions. It takes at
  /// most a two-hundredth of the time. On a network mount the times of directories come from a cache or do not
  /// move at all (FAT on a Windows host), so there every poll lists.
  func poll(at now: MonotonicTime) {
    rootIsDoubtful = false
    guard rootStands() else { return }
    let began = options.clock()
    let isOverflow = overflowed
    overflowed = false
    var lists: [RawPath] = []
    var lost: [RawPath] = []
    for path in folders.keys {
      if lists.count % 64 == 63 { breathe() }
      switch FileSystem.status(of: folder.appending(path)) {
      case .failure(let error):
        if FileSystem.isAbsence(error.code) { lost.append(path) }
      case .success(let status):
        if isOverflow || needsListing(path, FileIdentity(status), at: now) { lists.append(path) }
      }
    }
    for path in lost where folders[path] != nil {
      guard rootStands() else { return }
      folderVanished(path)
    }
    if !lists.isEmpty { scan(lists.filter { folders[$0] != nil }) }
    guard root != nil else { return }
    roll()
    if isOverflow { sweepLeft = ledger.fileCount }
    scanTook = max(options.clock() - began, scanTook * 0.5)
    planPoll()
  }

  func planPoll() {
    let now = options.clock()
    let isIdle = now - lastChange > .seconds(60)
    var interval = max(options.pollInterval, scanTook * 5)
    if isIdle { interval = max(interval, min(scanTook * 100, max(options.safetyInterval, interval))) }
    nextPoll = now + interval
  }

  var overflowRescanTime: MonotonicTime {
    let last = folders.values.map(\.listedAt).max() ?? options.clock()
    return last + scanTook * 5
  }

  private func needsListing(_ path: RawPath, _ identity: FileIdentity, at now: MonotonicTime) -> Bool {
    guard var state = folders[path] else { return false }
    if state.isDirty || state.inode != identity.inode { return true }
    if case .polling(.networkMount) = method { return true }
    if state.modified != identity.modified, method == .events {
      // Told by events already. Not listed before the safety listing, as a busy folder is always like this.
      state.modifiedSince = now
      folders[path] = state
    } else if state.modified != identity.modified || state.listedAt - state.modifiedSince < Self.coarsestTick
    {
      return true
    }
    return now - state.listedAt >= max(options.safetyInterval, state.listingTook * 200)
  }

  /// A hundredth of all files at each poll, in case one was overwritten in place and nothing told.
  private func roll() {
    let began = options.clock()
    let limit = max(16, min(1000, ledger.fileCount / 100))
    var left = limit
    while left > 0 {
      let paths = ledger.rollingSlice(limit: min(left, 32))
      if paths.isEmpty { break }
      left -= paths.count
      for path in paths {
        guard look(at: path) else { return }
      }
      // Over a network each look is a question to the server.
      if options.clock() - began > options.pollInterval / 20 { break }
    }
    ledger.finishVanished(at: options.clock())
  }

  // MARK: Listings

  func addFolder(_ path: RawPath, depth: Int) {
    guard depth <= options.depth else {
      if toldTooDeep.insert(path).inserted { tell(.subfolderTooDeep(path)) }
      return
    }
    var state = folders[path] ?? Folder(number: ledger.directory(path), depth: depth)
    state.isDirty = true
    // First the watch, then the listing: what comes in between is seen twice and not never.
    if events != nil {
      do {
        if let number = try events?.watch(folder.appending(path), followsLink: path.bytes.isEmpty) {
          if let other = foldersByWatch[number], other != path { folders[other]?.watch = -1 }
          foldersByWatch[number] = path
          state.watch = number
        }
      } catch {
        if error.code == ENOSPC || error.code == ENOMEM { watchesExhausted() }
      }
    }
    folders[path] = state
  }

  private func watchesExhausted() {
    guard method == .events else { return }
    method = .polling(.watchLimit)
    ledger.trustsEvents = false
    tell(.watched(method))
  }

  func folderVanished(_ path: RawPath) {
    let prefix = path.bytes + [UInt8(ascii: "/")]
    for (other, state) in folders where other == path || other.bytes.starts(with: prefix) {
      if state.watch >= 0, foldersByWatch[state.watch] == other {
        foldersByWatch[state.watch] = nil
        events?.forget(state.watch)
      }
      folders[other] = nil
    }
    ledger.directoryVanished(path)
  }

  /// Lists directories, and those that are found in them, and looks at what is new.
  func scan(_ paths: [RawPath]) {
    ledger.beginListing()
    var queue = paths
    var next = 0
    var pending: [Pending] = []
    while next < queue.count {
      let path = queue[next]
      next += 1
      shared.isBusy(true)
      if shared.isStopped { return }
      guard folders[path] != nil else { continue }
      switch list(path) {
      case .success(let (found, subfolders)):
        for subfolder in subfolders where folders[subfolder] == nil {
          addFolder(subfolder, depth: (folders[path]?.depth ?? 0) + 1)
          if folders[subfolder] != nil { queue.append(subfolder) }
        }
        let there = Set(subfolders)
        for known in folders.keys where isChild(known, of: path) && !there.contains(known) {
          if case .nothing = FileSystem.look(at: known, in: folder) { folderVanished(known) }
        }
        if !found.names.isEmpty { pending.append(found) }
      case .failure(let error):
        guard path.bytes.isEmpty || !FileSystem.isAbsence(error.code) else { continue }
        if path.bytes.isEmpty { return lost(.unreadable("\(error)")) }
        if folders[path]?.isUnreadable == false {
          folders[path]?.isUnreadable = true
          tell(.subfolderUnreadable(path, "\(error)"))
        }
      }
    }
    for path in queue {
      guard let state = folders[path], !state.isUnreadable else { continue }
      for missing in ledger.endListing(of: state.number) {
        if case .nothing = FileSystem.look(at: missing, in: folder) {
          guard rootStands() else { return }
          ledger.missing(missing)
        }
      }
    }
    // At the start all of them together: they are numbered by their age, whichever folder they are in.
    for group in ledger.isFirstLook ? [pending] : pending.map({ [$0] }) where !lookAtAll(group) { return }
    ledger.finishVanished(at: options.clock())
  }

  private func isChild(_ path: RawPath, of parent: RawPath) -> Bool {
    if path.bytes.isEmpty { return false }
    guard let slash = path.bytes.lastIndex(of: UInt8(ascii: "/")) else { return parent.bytes.isEmpty }
    return path.bytes[..<slash].elementsEqual(parent.bytes)
  }

  private func list(_ path: RawPath) -> Result<(Pending, [RawPath]), Errno> {
    let began = options.clock()
    let flags = O_DIRECTORY | O_NONBLOCK | (path.bytes.isEmpty ? 0 : O_NOFOLLOW)
    let descriptor: Int32
    switch FileSystem.open(folder.appending(path), flags) {
    case .success(let opened): descriptor = opened
    case .failure(let error): return .failure(error)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, let directory = fdopendir(descriptor), var state = folders[path]
    else {
      let error = errno
      close(descriptor)
      return .failure(Errno(error))
    }
    defer { closedir(directory) }
    let identity = FileIdentity(status)

    var found = Pending(folder: path)
    var subfolders: [RawPath] = []
    var count = 0
    while true {
      errno = 0
      guard let entry = readdir(directory) else {
        if errno != 0 { return .failure(Errno(errno)) }
        break
      }
      count += 1
      if count % 4096 == 0 { shared.isBusy(true) }
      let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 19)
      let text = start.assumingMemoryBound(to: UInt8.self)
      let name = UnsafeBufferPointer(start: text, count: strlen(start.assumingMemoryBound(to: CChar.self)))
      if Int(entry.pointee.d_type) == Int(DT_DIR) {
        if isFolderName(name) { subfolders.append(path.appending(RawPath(bytes: Array(name)))) }
        continue
      }
      let inode = UInt64(entry.pointee.d_ino)
      if ledger.listed(name, inode: inode, in: state.number) == .look {
        found.names.append((Array(name), inode))
      }
    }
    if state.modified != identity.modified { state.modifiedSince = began }
    state.modified = identity.modified
    state.device = identity.device
    state.inode = identity.inode
    state.listedAt = began
    state.listingTook = options.clock() - began
    state.isDirty = false
    state.isUnreadable = false
    folders[path] = state
    return .success((found, subfolders))
  }

  /// Hidden directories belong to desktops, file servers and version control.
  private func isFolderName(_ name: UnsafeBufferPointer<UInt8>) -> Bool { name.first != UInt8(ascii: ".") }

  /// Looks at what listings have found and tells the ledger. `false` when the watch is over.
  private func lookAtAll(_ group: [Pending]) -> Bool {
    var looked = Looked()
    for pending in group where !lookAtAll(pending, &looked) { return false }
    looked.later.sortByAge()
    let (links, files) = (looked.later.filter { $0.kind == .link }, looked.later.filter { $0.kind != .link })
    guard tell(files), tell(links) else { return false }
    for path in looked.differing { ledger.listedInodeDiffers(path) }
    return true
  }

  private func lookAtAll(_ pending: Pending, _ looked: inout Looked) -> Bool {
    let path = folder.appending(pending.folder)
    guard case .success(let directory) = FileSystem.open(path, O_DIRECTORY | O_NONBLOCK) else { return true }
    defer { close(directory) }
    for (i, entry) in pending.names.enumerated() {
      guard mayGoOn(i) else { return false }
      let relative = pending.folder.appending(RawPath(bytes: entry.name))
      let found = RawPath(bytes: entry.name).withCString { FileSystem.look(at: relative, directory, $0) }
      guard case .file(let file) = found else { continue }
      switch file.kind {
      case .directory:
        // The listing did not say so: some file systems leave it open.
        if folders[relative] == nil, entry.name.first != UInt8(ascii: ".") {
          addFolder(relative, depth: (folders[pending.folder]?.depth ?? 0) + 1)
          nextPoll = options.clock()
        }
      case .link: looked.later.append(file)
      default:
        if ledger.isFirstLook { looked.later.append(file) } else { tellLedger(file, []) }
        if file.kind == .regular, file.identity.inode != entry.inode { looked.differing.append(relative) }
      }
    }
    return true
  }

  private func tell(_ files: [ScannedFile]) -> Bool {
    for (i, file) in files.enumerated() {
      guard mayGoOn(i) else { return false }
      tellLedger(file, [])
    }
    return true
  }

  /// Now and then in a long row of looks. `false` when the watch is over.
  private func mayGoOn(_ step: Int) -> Bool {
    guard step % 128 == 127 else { return true }
    breathe()
    return !shared.isStopped
  }
}
