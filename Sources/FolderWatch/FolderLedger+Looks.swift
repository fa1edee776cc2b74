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
  package mutating func isWorthALook(_ hint: FileHint, name: UnsafeBufferPointer<UInt8>, in directory: Int)
    -> Bool
  {
    if FileNames.classify(name) == .ignored { return false }
    guard hint == .modified, let row = table.find(directory, name), table[row].isPresent else { return true }
    switch table[row].phase {
    case .settling, .offered, .sidecar:
      let slot = Int(table[row].active)
      if slot >= 0 {
        underWay[slot].closed = false
        underWay[slot].modifiedWhileOffered = table[row].phase == .offered
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

  @discardableResult package mutating func observe(
    _ file: ScannedFile, hint: FileHint = [], otherNameChecked: Bool, at time: MonotonicTime
  ) -> FollowUp {
    let now = time.nanoseconds
    let (directory, name) = table.place(of: file.path)
    guard file.kind != .directory, FileNames.classify(name) != .ignored else { return .nothing }
    guard let row = table.find(directory, name) else {
      return appear(file, directory, name, hint, otherNameChecked: otherNameChecked, at: now)
    }
    // A link that led to a file and leads nowhere now: the file has gone.
    if file.kind == .brokenLink, table[row].kind == .link {
      if table[row].isPresent { vanish(row) }
      return .nothing
    }
    if !table[row].isPresent { return comeBack(row, file, hint, at: now) }

    let known = table.identity(row)
    if known.isSameContent(as: file.identity), table[row].kind == file.kind {
      if known.device != file.identity.device { table.adopt(file.identity, kind: file.kind, row: row) }
      note(hint, row)
    } else {
      change(row, to: file.identity, kind: file.kind, hint, at: now)
    }
    return step(table.find(directory, name) ?? row, at: now)
  }

  // MARK: New paths

  private mutating func appear(
    _ file: ScannedFile, _ directory: Int, _ name: [UInt8], _ hint: FileHint, otherNameChecked: Bool,
    at now: Int64
  ) -> FollowUp {
    let isFile = file.kind == .regular || file.kind == .link
    if isFile, let owner = table.owner(of: file.identity) {
      if table[owner].isPresent {
        if !otherNameChecked { return .lookAt(table.path(ofRow: owner)) }
        if FileNames.classify(name) == .frame, FileNames.classify(table.name(of: owner)) == .frame {
          return appearAsOtherName(of: owner, file, directory, name, at: now)
        }
      } else if file.kind == .regular, table.identity(owner).isSameContent(as: file.identity),
        !table[owner].flags.contains(.superseded)
      {
        return rename(owner, to: file, directory, name, hint, at: now)
      }
    }
    let row = add(file, directory, name)
    if isFile { table.claimInode(row) }
    begin(row, hint, at: now)
    return step(row, at: now)
  }

  private mutating func add(_ file: ScannedFile, _ directory: Int, _ name: [UInt8]) -> Int {
    table.add(
      directory: directory, name: name, identity: file.identity, kind: file.kind,
      isOld: isFirstLook)
  }

  private mutating func appearAsOtherName(
    of other: Int, _ file: ScannedFile, _ directory: Int, _ name: [UInt8], at now: Int64
  ) -> FollowUp {
    let owner = table[other].phase == .same ? Int(table[other].same) : other
    let row = add(file, directory, name)
    table[row].phase = .same
    table[row].same = Int32(owner)
    table[owner].flags.insert(.hasOtherNames)
    changes.append(.appeared(self.file(row), .sameAs(table.id(owner))))
    return .nothing
  }

  private mutating func begin(_ row: Int, _ hint: FileHint, at now: Int64) {
    let name = FileNames.classify(table.name(of: row))
    let slot = activate(row, at: now)
    note(hint, row)
    switch table[row].kind {
    case .regular, .link:
      switch name {
      case .temporary:
        table[row].phase = .temporary
        table[row].flags.insert(.hidden)
        underWay[slot].shown = .temporary
      case .sidecar:
        table[row].phase = .sidecar
        changes.append(.appeared(file(row), .sidecar))
      default:
        table[row].phase = .settling
        changes.append(.appeared(file(row), .waiting(.settling)))
      }
    case .brokenLink:
      table[row].phase = .target
      underWay[slot].shown = .target
      changes.append(.appeared(file(row), .waiting(.target)))
    default:
      table[row].phase = .special
      dropActive(row)
      changes.append(.appeared(file(row), .refused(Self.refusal(table[row].kind))))
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
    table.rename(row, toDirectory: directory, name: name)
    table[row].flags.remove(.lacksSidecar)
    table.setPresent(row, true)
    let wasGone = table[row].flags.contains(.goneTold)
    table[row].flags.remove(.goneTold)
    if table[row].flags.contains(.hidden) {
      table[row].flags.remove(.hidden)
      dropActive(row)
      begin(row, hint, at: now)
      return step(row, at: now)
    }
    changes.append(.renamed(table.id(row), file.path))
    let isTemporary = FileNames.classify(name) == .temporary
    if table[row].phase == .temporary, !isTemporary {
      beginSettling(row, at: now)
    } else if isTemporary, table[row].phase == .settling || table[row].phase == .truncated {
      table[row].phase = .temporary
      tell(row, .waiting(.temporaryName))
      promoteOtherName(of: row, at: now)
    } else if wasGone {
      restore(row, at: now)
    } else if table[row].phase == .settling {
      activate(row, at: now)
    }
    note(hint, row)
    return step(row, at: now)
  }

  /// A path that was gone has a file again.
  private mutating func comeBack(_ row: Int, _ file: ScannedFile, _ hint: FileHint, at now: Int64) -> FollowUp
  {
    let same = table.identity(row).isSameContent(as: file.identity) && table[row].kind == file.kind
    table.setPresent(row, true)
    table.mark(row)
    let wasTold = table[row].flags.contains(.goneTold)
    table[row].flags.remove(.goneTold)
    if same {
      if table.identity(row).device != file.identity.device {
        table.adopt(file.identity, kind: file.kind, row: row)
      }
      if wasTold { restore(row, at: now) }
      note(hint, row)
      return step(row, at: now)
    }
    if table[row].phase == .same {
      table.adopt(file.identity, kind: file.kind, row: row)
      becomeOwn(row, at: now)
    } else {
      change(row, to: file.identity, kind: file.kind, hint, at: now)
      let current = latest(row)
      if wasTold, current == row, table[row].phase != .special { tell(row, shownState(row)) }
    }
    return step(latest(row), at: now)
  }

  /// The state that stood before the file was gone, said again.
  private mutating func restore(_ row: Int, at now: Int64) {
    switch table[row].phase {
    case .done, .incomplete, .offered, .same, .sidecarReady: tell(row, shownState(row))
    case .special: tell(row, .refused(Self.refusal(table[row].kind)))
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
    switch table[row].phase {
    case .done: .done
    case .incomplete: .incomplete
    case .partial: .partial
    case .offered: .ready
    case .same: .sameAs(table.id(Int(table[row].same)))
    case .sidecar, .sidecarReady: .sidecar
    case .temporary: .waiting(.temporaryName)
    case .target: .waiting(.target)
    case .special: .refused(Self.refusal(table[row].kind))
    default: .waiting(.settling)
    }
  }

  func latest(_ row: Int) -> Int {
    guard table[row].flags.contains(.superseded) else { return row }
    return table.find(Int(table[row].directory), table.name(of: row)) ?? row
  }

  mutating func note(_ hint: FileHint, _ row: Int) {
    let slot = Int(table[row].active)
    guard slot >= 0 else { return }
    if hint.contains(.closed) || hint.contains(.movedIn) {
      underWay[slot].closed = true
      if underWay[slot].completeness == .no { underWay[slot].completeness = .notAsked }
    } else if hint.contains(.modified) {
      underWay[slot].closed = false
    }
  }
}
