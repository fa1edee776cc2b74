import System

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
  package mutating func observe(_ file: ScannedFile, hint: FileHint = [], at now: MonotonicTime) {
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
      promoteOtherName(of: row, at: now)
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

  mutating func note(_ hint: FileHint, _ row: Int) {
    let slot = Int(rows[row].active)
    guard slot >= 0 else { return }
    if hint.contains(.closed) || hint.contains(.movedIn) {
      actives[slot].closed = true
      if actives[slot].completeness == .no { actives[slot].completeness = .notAsked }
    } else if hint.contains(.modified) {
      actives[slot].closed = false
    }
  }
}
