/// What else a look asks for.
package enum FollowUp: Sendable, Equatable {
  case nothing
  /// Ask the header of this file whether it is all there, and tell by `headerSays`.
  case askHeader(FileID)
  /// The file is known by this other path: look there first (it may have been renamed), then observe again
  /// with `otherNameChecked`.
  case lookAt(RawPath)
}

extension FolderLedger {
  /// Whether a hint is worth a look. Most are: but a file that is still being written says so at every write.
  package mutating func isWorthALook(
    _ hint: FileHint, name: UnsafeBufferPointer<UInt8>, in directory: Int
  ) -> Bool {
    if FileNames.classify(name) == .ignored { return false }
    guard hint == .modified, let row = find(directory, name), rows[row].isPresent else { return true }
    switch rows[row].phase {
    case .settling, .offered, .sidecar:
      let slot = Int(rows[row].active)
      if slot >= 0 {
        actives[slot].closed = false
        actives[slot].modifiedWhileOffered = rows[row].phase == .offered
      }
      return false
    case .temporary, .partial: return false
    default: return true
    }
  }

  /// One look at one path.
  public mutating func observe(_ file: ScannedFile, hint: FileHint = [], at now: MonotonicTime) {
    observe(file, hint: hint, otherNameChecked: true, at: now)
  }

  @discardableResult
  package mutating func observe(
    _ file: ScannedFile, hint: FileHint = [], otherNameChecked: Bool, at time: MonotonicTime
  ) -> FollowUp {
    let now = time.nanoseconds
    let (directory, name) = place(of: file.path)
    guard file.kind != .directory, FileNames.classify(name) != .ignored else { return .nothing }
    guard let row = find(directory, name) else {
      return appear(file, directory, name, hint, otherNameChecked: otherNameChecked, at: now)
    }
    // A link that led to a file and leads nowhere now: the file has gone.
    if file.kind == .brokenLink, rows[row].kind == .link {
      if rows[row].isPresent { vanish(row) }
      return .nothing
    }
    if !rows[row].isPresent { return comeBack(row, file, hint, at: now) }

    let known = identity(row)
    if known.isSameContent(as: file.identity), rows[row].kind == file.kind {
      if known.device != file.identity.device { adopt(file.identity, kind: file.kind, row: row) }
      note(hint, row)
    } else {
      change(row, to: file.identity, kind: file.kind, hint, at: now)
    }
    return step(find(directory, name) ?? row, at: now)
  }

  // MARK: New paths

  private mutating func appear(
    _ file: ScannedFile, _ directory: Int, _ name: [UInt8], _ hint: FileHint, otherNameChecked: Bool,
    at now: Int64
  ) -> FollowUp {
    let isFile = file.kind == .regular || file.kind == .link
    if isFile, let owner = findInode(file.identity.inode, device: deviceNumber(file.identity.device)) {
      if rows[owner].isPresent {
        if !otherNameChecked { return .lookAt(path(ofRow: owner)) }
        if FileNames.classify(name) == .frame, FileNames.classify(nameBytes(owner)) == .frame {
          return appearAsOtherName(of: owner, file, directory, name, at: now)
        }
      } else if file.kind == .regular, identity(owner).isSameContent(as: file.identity),
        !rows[owner].flags.contains(.superseded)
      {
        return rename(owner, to: file, directory, name, hint, at: now)
      }
    }
    let row = addRow(directory: directory, name: name, identity: file.identity, kind: file.kind)
    if isFile { claimInode(row) }
    begin(row, hint, at: now)
    return step(row, at: now)
  }

  private mutating func appearAsOtherName(
    of other: Int, _ file: ScannedFile, _ directory: Int, _ name: [UInt8], at now: Int64
  ) -> FollowUp {
    let owner = rows[other].phase == .same ? Int(rows[other].same) : other
    let row = addRow(directory: directory, name: name, identity: file.identity, kind: file.kind)
    rows[row].phase = .same
    rows[row].same = Int32(owner)
    rows[owner].flags.insert(.hasOtherNames)
    changes.append(.appeared(self.file(row), .sameAs(id(owner))))
    return .nothing
  }

  private mutating func begin(_ row: Int, _ hint: FileHint, at now: Int64) {
    let name = FileNames.classify(nameBytes(row))
    let slot = activate(row, at: now)
    note(hint, row)
    switch rows[row].kind {
    case .regular, .link:
      switch name {
      case .temporary:
        rows[row].phase = .temporary
        rows[row].flags.insert(.hidden)
        actives[slot].shown = .temporary
      case .sidecar:
        rows[row].phase = .sidecar
        changes.append(.appeared(file(row), .sidecar))
      default:
        rows[row].phase = .settling
        changes.append(.appeared(file(row), .waiting(.settling)))
      }
    case .brokenLink:
      rows[row].phase = .target
      actives[slot].shown = .target
      changes.append(.appeared(file(row), .waiting(.target)))
    default:
      rows[row].phase = .special
      dropActive(row)
      changes.append(.appeared(file(row), .refused(Self.refusal(rows[row].kind))))
    }
  }

  static func refusal(_ kind: FileKind) -> String {
    switch kind {
    case .loopingLink: "a symbolic link that leads to itself"
    case .directoryLink: "a symbolic link to a folder is not followed"
    default: "not a regular file"
    }
  }

  // MARK: Old paths

  private mutating func rename(
    _ row: Int, to file: ScannedFile, _ directory: Int, _ name: [UInt8], _ hint: FileHint, at now: Int64
  ) -> FollowUp {
    releasePath(row)
    names.discard(Int(rows[row].nameLength))
    rows[row].directory = UInt32(directory)
    rows[row].nameLength = UInt16(name.count)
    rows[row].name = name.withUnsafeBufferPointer { names.add($0) }
    rows[row].mark = listingMark
    if rows[row].flags.contains(.lacksSidecar) { rows[row].flags.remove(.lacksSidecar) }
    claimPath(row)
    compactNames()
    setPresent(row, true)
    let wasGone = rows[row].flags.contains(.goneTold)
    rows[row].flags.remove(.goneTold)
    if rows[row].flags.contains(.hidden) {
      rows[row].flags.remove(.hidden)
      dropActive(row)
      begin(row, hint, at: now)
      return step(row, at: now)
    }
    changes.append(.renamed(id(row), file.path))
    let isTemporary = FileNames.classify(name) == .temporary
    if rows[row].phase == .temporary, !isTemporary {
      beginSettling(row, at: now)
    } else if isTemporary, rows[row].phase == .settling || rows[row].phase == .truncated {
      rows[row].phase = .temporary
      tell(row, .waiting(.temporaryName))
    } else if wasGone {
      restore(row, at: now)
    } else if rows[row].phase == .settling {
      activate(row, at: now)
    }
    note(hint, row)
    return step(row, at: now)
  }

  /// A path that was gone has a file again.
  private mutating func comeBack(_ row: Int, _ file: ScannedFile, _ hint: FileHint, at now: Int64) -> FollowUp
  {
    let same = identity(row).isSameContent(as: file.identity) && rows[row].kind == file.kind
    setPresent(row, true)
    rows[row].mark = listingMark
    let wasTold = rows[row].flags.contains(.goneTold)
    rows[row].flags.remove(.goneTold)
    if same {
      if identity(row).device != file.identity.device { adopt(file.identity, kind: file.kind, row: row) }
      if wasTold { restore(row, at: now) }
      note(hint, row)
      return step(row, at: now)
    }
    if rows[row].phase == .same {
      adopt(file.identity, kind: file.kind, row: row)
      becomeOwn(row, at: now)
    } else {
      change(row, to: file.identity, kind: file.kind, hint, at: now)
      let current = latest(row)
      if wasTold, current == row, rows[row].phase != .special { tell(row, shownState(row)) }
    }
    return step(latest(row), at: now)
  }

  /// The state that stood before the file was gone, said again.
  private mutating func restore(_ row: Int, at now: Int64) {
    switch rows[row].phase {
    case .done, .incomplete, .offered, .same, .sidecarReady: tell(row, shownState(row))
    case .special: tell(row, .refused(Self.refusal(rows[row].kind)))
    case .target:
      activate(row, at: now)
      tell(row, .waiting(.target))
    case .temporary: tell(row, .waiting(.temporaryName))
    case .sidecar:
      activate(row, at: now)
      tell(row, .sidecar)
    default: beginSettling(row, at: now)
    }
  }

  func shownState(_ row: Int) -> FileState {
    switch rows[row].phase {
    case .done: .done
    case .incomplete: .incomplete
    case .partial: .partial
    case .offered: .ready
    case .same: .sameAs(id(Int(rows[row].same)))
    case .sidecar, .sidecarReady: .sidecar
    case .temporary: .waiting(.temporaryName)
    case .target: .waiting(.target)
    case .special: .refused(Self.refusal(rows[row].kind))
    default: .waiting(.settling)
    }
  }

  func latest(_ row: Int) -> Int {
    guard rows[row].flags.contains(.superseded) else { return row }
    return find(Int(rows[row].directory), nameBytes(row)) ?? row
  }

  private mutating func note(_ hint: FileHint, _ row: Int) {
    let slot = Int(rows[row].active)
    guard slot >= 0 else { return }
    if hint.contains(.closed) || hint.contains(.movedIn) {
      actives[slot].closed = true
      if actives[slot].completeness == .no { actives[slot].completeness = .notAsked }
    } else if hint.contains(.modified) {
      actives[slot].closed = false
    }
  }

  // MARK: Changes of content

  private mutating func change(
    _ row: Int, to identity: FileIdentity, kind: FileKind, _ hint: FileHint, at now: Int64
  ) {
    let old = self.identity(row)
    let replaced = old.inode != identity.inode
    switch rows[row].phase {
    case .done:
      // `touch`, `cp -p` and the like set the time after the fact; the kernel would have told of a write.
      let onlyTimes = trustsEvents && hint == .attributes && !replaced && old.size == identity.size
      if onlyTimes {
        adopt(identity, kind: kind, row: row)
      } else {
        revise(row, to: identity, kind: kind, hint, at: now)
      }
    case .partial, .incomplete:
      if replaced || identity.size < old.size {
        revise(row, to: identity, kind: kind, hint, at: now)
      } else {
        adopt(identity, kind: kind, row: row)
        let slot = activate(row, at: now)
        actives[slot].stableSince = now
        note(hint, row)
        if rows[row].phase == .incomplete {
          rows[row].phase = .partial
          tell(row, .partial)
        }
      }
    case .offered:
      adopt(identity, kind: kind, row: row)
      let slot = activate(row, at: now)
      actives[slot].stableSince = now
      actives[slot].closed = false
      note(hint, row)
    case .same:
      let owner = Int(rows[row].same)
      let follows = rows[owner].inode == identity.inode
      adopt(identity, kind: kind, row: row)
      if follows {
        // The event named this path; the one that is read has none of its own.
        activate(owner, at: now)
        schedule(owner, at: now)
      } else {
        becomeOwn(row, at: now)
      }
    case .sidecar, .sidecarReady:
      adopt(identity, kind: kind, row: row)
      if rows[row].phase == .sidecarReady { countSidecar(row, -1) }
      rows[row].phase = .sidecar
      let slot = activate(row, at: now)
      actives[slot].stableSince = now
      actives[slot].closed = false
      note(hint, row)
    case .temporary:
      adopt(identity, kind: kind, row: row)
    case .settling, .truncated, .refused, .special, .target, .free:
      adopt(identity, kind: kind, row: row)
      changeUnread(row, hint, at: now)
    }
  }

  private mutating func changeUnread(_ row: Int, _ hint: FileHint, at now: Int64) {
    switch rows[row].kind {
    case .regular, .link:
      if rows[row].phase == .settling {
        let slot = activate(row, at: now)
        actives[slot].stableSince = now
        actives[slot].changesSeen = min(actives[slot].changesSeen, 254) + 1
        actives[slot].closed = false
        actives[slot].completeness = .notAsked
        actives[slot].sidecarUntil = 0
      } else {
        beginSettling(row, at: now)
      }
      note(hint, row)
    case .brokenLink:
      rows[row].phase = .target
      activate(row, at: now)
      tell(row, .waiting(.target))
    default:
      rows[row].phase = .special
      dropActive(row)
      tell(row, .refused(Self.refusal(rows[row].kind)))
    }
  }

  /// Back to the beginning of the way, at the same revision.
  mutating func beginSettling(_ row: Int, at now: Int64) {
    let wasOffered: Bool
    switch rows[row].phase {
    case .truncated, .refused, .offered: wasOffered = true
    default: wasOffered = false
    }
    dropActive(row)
    if rows[row].kind != .regular, rows[row].kind != .link { return changeUnread(row, [], at: now) }
    switch FileNames.classify(nameBytes(row)) {
    case .sidecar:
      activate(row, at: now)
      rows[row].phase = .sidecar
      tell(row, .sidecar)
      return
    case .temporary:
      rows[row].phase = .temporary
      tell(row, .waiting(.temporaryName))
      return
    case .frame, .ignored: break
    }
    let slot = activate(row, at: now)
    actives[slot].nextOffer = wasOffered ? .changed : .first
    rows[row].phase = .settling
    tell(row, .waiting(.settling))
    schedule(row, at: now)
  }

  private mutating func becomeOwn(_ row: Int, at now: Int64) {
    rows[row].same = -1
    claimInode(row)
    beginSettling(row, at: now)
  }

  /// What was read stays as it is; the new content is a new entry.
  mutating func revise(_ old: Int, to identity: FileIdentity, kind: FileKind, _ hint: FileHint, at now: Int64)
  {
    let before = self.identity(old)
    let how: Rewriting =
      before.inode != identity.inode ? .replaced : identity.size > before.size ? .grown : .rewritten
    dropActive(old)
    releasePath(old)
    setPresent(old, false)
    rows[old].flags.insert(.superseded)
    releaseInode(old)

    let atStart = isFirstLook
    isFirstLook = false
    let row = addRow(
      directory: Int(rows[old].directory), name: nameBytes(old), identity: identity, kind: kind)
    isFirstLook = atStart
    rows[row].revision = rows[old].revision &+ 1
    rows[row].phase = .settling
    if findInode(identity.inode, device: rows[row].device).map({ !rows[$0].isPresent }) ?? true {
      claimInode(row)
    }
    activate(row, at: now)
    note(hint, row)
    changes.append(.revised(file(row), replaces: id(old), how: how))
    if rows[old].flags.contains(.hasOtherNames), how != .replaced {
      rows[row].flags.insert(.hasOtherNames)
      for other in rows.indices where rows[other].phase == .same && Int(rows[other].same) == old {
        rows[other].same = Int32(row)
        if rows[other].isPresent { tell(other, .sameAs(id(row))) }
      }
    }
    if kind != .regular, kind != .link {
      changeUnread(row, hint, at: now)
    } else if FileNames.classify(nameBytes(row)) == .temporary {
      dropActive(row)
      rows[row].phase = .temporary
      tell(row, .waiting(.temporaryName))
    }
  }
}
