import System
import Glibc

/// The watched folder itself: whether it is there, whether it is still the same one, and how it is watched.
extension WatchLoop {
  func openRoot() -> Bool {
    let now = options.clock()
    guard now >= nextRootCheck else { return false }
    nextRootCheck = now + options.missingFolderInterval
    switch FileSystem.status(of: folder) {
    case .failure(let error):
      lost(FileSystem.isAbsence(error.code) ? .missing : .unreadable("\(error)"))
      return false
    case .success(let status):
      guard status.st_mode & S_IFMT == S_IFDIR else {
        lost(.unreadable("not a folder"))
        return false
      }
      let device = UInt64(status.st_dev)
      // Where a share is not mounted there is an empty folder of the disk below.
      if let firstDevice, device != firstDevice, isEmpty(folder) {
        lost(.missing)
        return false
      }
      if case .failure(let error) = readability() {
        lost(.unreadable("\(error)"))
        return false
      }
      found(device: device, inode: UInt64(status.st_ino), at: now)
      return true
    }
  }

  private func readability() -> Result<Void, Errno> {
    FileSystem.open(folder, O_DIRECTORY | O_NONBLOCK).map { _ = close($0) }
  }

  private func isEmpty(_ path: RawPath) -> Bool {
    guard case .success(let descriptor) = FileSystem.open(path, O_DIRECTORY | O_NONBLOCK) else {
      return false
    }
    guard let directory = fdopendir(descriptor) else {
      close(descriptor)
      return false
    }
    defer { closedir(directory) }
    var entries = 0
    while entries <= 2, readdir(directory) != nil { entries += 1 }
    return entries <= 2
  }

  private func found(device: UInt64, inode: UInt64, at now: MonotonicTime) {
    root = (device, inode)
    let wasLost = toldMissing != nil
    toldMissing = nil
    let isFirst = firstDevice == nil
    firstDevice = device
    chooseMethod(device)
    folders = [:]
    foldersByWatch = [:]
    tell(.watched(method))
    if wasLost, !isFirst { tell(.back) }
    addFolder(Self.root, depth: 0)
    scan(Array(folders.keys))
    if root != nil, ledger.isFirstLook {
      ledger.isFirstLook = false
      tell(.inventory(files: ledger.fileCount))
    }
    // Names and inodes may be as before and the contents not.
    if !isFirst { sweepLeft = ledger.fileCount }
    planPoll()
  }

  private func chooseMethod(_ device: UInt64) {
    events = nil
    let type = FileSystem.mountType(device: device, mounts: FileSystem.mounts())
    if options.poll {
      method = .polling(.asked)
    } else if let type, NetworkMounts.contains(type) {
      method = .polling(.networkMount(type))
    } else {
      do {
        events = try Inotify()
        method = .events
      } catch {
        method = .polling(error.code == EMFILE ? .watchLimit : .noEvents("\(error)"))
      }
    }
    ledger.trustsEvents = method == .events
  }

  /// The folder is not to be reached: what is known of its files stands until it is back.
  func lost(_ state: FolderState) {
    root = nil
    events = nil
    folders = [:]
    foldersByWatch = [:]
    rootIsDoubtful = false
    nextRootCheck = options.clock() + options.missingFolderInterval
    if toldMissing != state {
      toldMissing = state
      tell(state)
    }
  }

  /// Whether the path still leads to the directory that is being watched.
  func rootStands() -> Bool {
    guard let root else { return false }
    switch FileSystem.status(of: folder) {
    case .failure(let error):
      lost(FileSystem.isAbsence(error.code) ? .missing : .unreadable("\(error)"))
      return false
    case .success(let status):
      if UInt64(status.st_dev) == root.device, UInt64(status.st_ino) == root.inode { return true }
      // Another one has its place. Whoever asked has to begin again either way.
      self.root = nil
      nextRootCheck = options.clock()
      _ = openRoot()
      return false
    }
  }
}
