import System
import Glibc

extension WatchLoop {
  private struct Name: Hashable {
    var folder: RawPath
    var name: [UInt8]
  }

  /// What was heard since the last turn.
  private struct Heard {
    var order: [Name] = []
    var hints: [Name: FileHint] = [:]
    var newFolders: [RawPath] = []
    var lostFolders: [RawPath] = []
    var count = 0
    var isOnlyWrites = true

    mutating func add(_ hint: FileHint, _ name: Name) {
      let before = hints[name]
      if before == nil { order.append(name) }
      var all = (before ?? []).union(hint)
      // The order counts here: a write after a close means that it is open again.
      if hint == .modified { all.remove(.closed) }
      hints[name] = all
    }
  }

  func drainEvents() {
    guard options.clock() >= drainNotBefore else { return }
    var heard = Heard()
    while heard.count < 1 << 15 {
      let more = events?.drain(buffer) { event in note(event, &heard) } ?? false
      guard more else { break }
    }
    guard heard.count > 0 else { return }
    if overflowed { tell(.overflow) }
    // A writer of small pieces would wake us at each of them.
    if heard.isOnlyWrites { drainNotBefore = options.clock() + .milliseconds(10) }

    for path in heard.lostFolders {
      if case .nothing = FileSystem.look(at: path, in: folder) {
        guard rootStands() else { return }
        folderVanished(path)
      }
    }
    for path in heard.newFolders {
      guard let parent = folders[parent(of: path)] else { continue }
      addFolder(path, depth: parent.depth + 1)
    }
    for (i, name) in heard.order.enumerated() {
      if i % 128 == 127 { breathe() }
      guard let hint = heard.hints[name], let number = folders[name.folder]?.number else { continue }
      let isWorthALook = name.name.withUnsafeBufferPointer {
        ledger.isWorthALook(hint, name: $0, in: number)
      }
      guard isWorthALook else { continue }
      guard look(at: name.folder.appending(RawPath(bytes: name.name)), hint: hint) else { return }
    }
    ledger.finishVanished(at: options.clock())
    let fresh = heard.newFolders.filter { folders[$0]?.isDirty == true }
    if !fresh.isEmpty { scan(fresh) }
    if overflowed { nextPoll = min(nextPoll, max(options.clock(), overflowRescanTime)) }
  }

  private func note(_ event: Inotify.Event, _ heard: inout Heard) {
    heard.count += 1
    if event.has(IN_Q_OVERFLOW) {
      overflowed = true
      heard.isOnlyWrites = false
      return
    }
    guard let folder = foldersByWatch[event.watch] else { return }
    if event.name.isEmpty {
      heard.isOnlyWrites = false
      if event.has(IN_IGNORED) {
        foldersByWatch[event.watch] = nil
        folders[folder]?.watch = -1
      }
      let isGone = event.has(IN_IGNORED) || event.has(IN_DELETE_SELF) || event.has(IN_MOVE_SELF)
      if isGone || event.has(IN_UNMOUNT) {
        if folder.bytes.isEmpty { rootIsDoubtful = true } else { heard.lostFolders.append(folder) }
      } else if event.has(IN_ATTRIB) {
        folders[folder]?.isDirty = true
      }
      return
    }
    let name = Name(folder: folder, name: Array(event.name))
    if event.has(IN_ISDIR) {
      heard.isOnlyWrites = false
      let path = folder.appending(RawPath(bytes: name.name))
      if event.has(IN_CREATE) || event.has(IN_MOVED_TO) { heard.newFolders.append(path) }
      if event.has(IN_DELETE) || event.has(IN_MOVED_FROM) { heard.lostFolders.append(path) }
      if event.has(IN_ATTRIB) { folders[path]?.isDirty = true }
      return
    }
    var hint: FileHint = []
    if event.has(IN_CREATE) { hint.insert(.created) }
    if event.has(IN_MODIFY) { hint.insert(.modified) }
    if event.has(IN_CLOSE_WRITE) { hint.insert(.closed) }
    if event.has(IN_MOVED_TO) { hint.insert(.movedIn) }
    if event.has(IN_DELETE) || event.has(IN_MOVED_FROM) { hint.insert(.removed) }
    if event.has(IN_ATTRIB) { hint.insert(.attributes) }
    if hint != .modified { heard.isOnlyWrites = false }
    heard.add(hint, name)
  }

  private func parent(of path: RawPath) -> RawPath {
    guard let slash = path.bytes.lastIndex(of: UInt8(ascii: "/")) else { return Self.root }
    return RawPath(bytes: Array(path.bytes[..<slash]))
  }
}
