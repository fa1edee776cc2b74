import System

/// What a change of content means, by what the file was before.
extension FolderLedger {
  mutating func change(_ row: Int, to identity: FileIdentity, kind: FileKind, _ hint: FileHint, at now: Int64)
  {
    let old = table.identity(row)
    let replaced = old.inode != identity.inode
    // The file that was to be read lives on under another name only.
    if replaced { promoteOtherName(of: row, at: now) }
    switch table[row].phase {
    case .done:
      // `touch`, `cp -p` and the like set the time after the fact; the kernel would have told of a write.
      let onlyTimes = trustsEvents && hint == .attributes && !replaced && old.size == identity.size
      if onlyTimes {
        table.adopt(identity, kind: kind, row: row)
      } else {
        revise(row, to: identity, kind: kind, hint, at: now)
      }
    case .partial, .incomplete:
      if replaced || identity.size < old.size {
        revise(row, to: identity, kind: kind, hint, at: now)
      } else {
        table.adopt(identity, kind: kind, row: row)
        let slot = activate(row, at: now)
        underWay[slot].stableSince = now
        note(hint, row)
        if table[row].phase == .incomplete {
          table[row].phase = .partial
          tell(row, .partial)
        }
      }
    case .offered:
      table.adopt(identity, kind: kind, row: row)
      let slot = activate(row, at: now)
      underWay[slot].stableSince = now
      underWay[slot].closed = false
      note(hint, row)
    case .same:
      let owner = Int(table[row].same)
      let follows =
        table[owner].inode == identity.inode && table[owner].isPresent
        && FileNames.classify(table.name(of: owner)) == .frame
      table.adopt(identity, kind: kind, row: row)
      if follows {
        // The event named this path; the one that is read has none of its own.
        activate(owner, at: now)
        schedule(owner, at: now)
      } else {
        becomeOwn(row, at: now)
      }
    case .sidecar, .sidecarReady:
      table.adopt(identity, kind: kind, row: row)
      if table[row].phase == .sidecarReady { table.countSidecar(row, -1) }
      table[row].phase = .sidecar
      let slot = activate(row, at: now)
      underWay[slot].stableSince = now
      underWay[slot].closed = false
      note(hint, row)
    case .temporary: table.adopt(identity, kind: kind, row: row)
    case .settling, .truncated, .refused, .special, .target, .free:
      table.adopt(identity, kind: kind, row: row)
      changeUnread(row, hint, at: now)
    }
  }

  private mutating func changeUnread(_ row: Int, _ hint: FileHint, at now: Int64) {
    switch table[row].kind {
    case .regular, .link:
      if table[row].phase == .settling {
        let slot = activate(row, at: now)
        underWay[slot].stableSince = now
        underWay[slot].changesSeen = min(underWay[slot].changesSeen, 254) + 1
        underWay[slot].closed = false
        underWay[slot].completeness = .notAsked
        underWay[slot].sidecarUntil = 0
      } else {
        beginSettling(row, at: now)
      }
      note(hint, row)
    case .brokenLink:
      table[row].phase = .target
      activate(row, at: now)
      tell(row, .waiting(.target))
    default:
      table[row].phase = .special
      dropActive(row)
      tell(row, .refused(Self.refusal(table[row].kind)))
    }
  }

  /// Back to the beginning of the way, at the same revision.
  mutating func beginSettling(_ row: Int, at now: Int64) {
    let wasOffered: Bool
    switch table[row].phase {
    case .truncated, .refused, .offered: wasOffered = true
    default: wasOffered = false
    }
    dropActive(row)
    if table[row].kind != .regular, table[row].kind != .link { return changeUnread(row, [], at: now) }
    switch FileNames.classify(table.name(of: row)) {
    case .sidecar:
      activate(row, at: now)
      table[row].phase = .sidecar
      tell(row, .sidecar)
      return
    case .temporary:
      table[row].phase = .temporary
      tell(row, .waiting(.temporaryName))
      promoteOtherName(of: row, at: now)
      return
    case .frame, .ignored: break
    }
    let slot = activate(row, at: now)
    underWay[slot].nextOffer = wasOffered ? .changed : .first
    table[row].phase = .settling
    tell(row, .waiting(.settling))
    schedule(row, at: now)
  }

  mutating func becomeOwn(_ row: Int, at now: Int64) {
    table[row].same = -1
    table.claimInode(row)
    beginSettling(row, at: now)
  }

  /// What was read stays as it is; the new content is a new entry.
  mutating func revise(_ old: Int, to identity: FileIdentity, kind: FileKind, _ hint: FileHint, at now: Int64)
  {
    let before = table.identity(old)
    let how: Rewriting =
      before.inode != identity.inode ? .replaced : identity.size > before.size ? .grown : .rewritten
    dropActive(old)
    table.releasePath(old)
    table.setPresent(old, false)
    table[old].flags.insert(.superseded)
    table.releaseInode(old)

    let row = table.add(
      directory: Int(table[old].directory), name: table.name(of: old), identity: identity, kind: kind,
      isOld: false)
    table[row].revision = table[old].revision &+ 1
    table[row].phase = .settling
    if table.findInode(identity.inode, device: table[row].device).map({ !table[$0].isPresent }) ?? true {
      table.claimInode(row)
    }
    activate(row, at: now)
    note(hint, row)
    changes.append(.revised(file(row), replaces: table.id(old), how: how))
    if table[old].flags.contains(.hasOtherNames), how != .replaced {
      table[row].flags.insert(.hasOtherNames)
      for other in table.indices where table[other].phase == .same && Int(table[other].same) == old {
        table[other].same = Int32(row)
        if table[other].isPresent { tell(other, .sameAs(table.id(row))) }
      }
    }
    if kind != .regular, kind != .link {
      changeUnread(row, hint, at: now)
    } else if FileNames.classify(table.name(of: row)) == .temporary {
      dropActive(row)
      table[row].phase = .temporary
      tell(row, .waiting(.temporaryName))
      promoteOtherName(of: row, at: now)
    }
  }
}
