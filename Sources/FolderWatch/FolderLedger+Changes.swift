import System

/// What a change of content means, by what the file was before.
extension FolderLedger {
  mutating func change(
    _ row: Int, to identity: FileIdentity, kind: FileKind, _ hint: FileHint, at now: Int64
  ) {
    let old = self.identity(row)
    let replaced = old.inode != identity.inode
    // The file that was to be read lives on under another name only.
    if replaced { promoteOtherName(of: row, at: now) }
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
      let follows =
        rows[owner].inode == identity.inode && rows[owner].isPresent
        && FileNames.classify(nameBytes(owner)) == .frame
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
      promoteOtherName(of: row, at: now)
      return
    case .frame, .ignored: break
    }
    let slot = activate(row, at: now)
    actives[slot].nextOffer = wasOffered ? .changed : .first
    rows[row].phase = .settling
    tell(row, .waiting(.settling))
    schedule(row, at: now)
  }

  mutating func becomeOwn(_ row: Int, at now: Int64) {
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
      promoteOtherName(of: row, at: now)
    }
  }
}
