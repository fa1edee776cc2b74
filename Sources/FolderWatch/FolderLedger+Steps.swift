import System

extension FolderLedger {
  /// Moves a file on as far as what is known of it allows, and says when to look at it next.
  mutating func step(_ row: Int, at now: Int64) -> FollowUp {
    let slot = Int(rows[row].active)
    guard slot >= 0 else { return .nothing }
    let rested = now - actives[slot].stableSince
    switch rows[row].phase {
    case .temporary:
      if rows[row].flags.contains(.hidden), now - actives[slot].began >= settle {
        rows[row].flags.remove(.hidden)
        changes.append(.appeared(file(row), .waiting(.temporaryName)))
      }
      schedule(row, at: rows[row].flags.contains(.hidden) ? actives[slot].began + settle : .max)
    case .settling:
      return settleStep(row, slot, rested, at: now)
    case .sidecar:
      let needed = neededRest(slot)
      if rested >= needed, rows[row].size > 0 {
        sidecarIsReady(row, at: now)
      } else {
        let wait =
          rows[row].size > 0 ? actives[slot].stableSince + needed : now + checkInterval(rested: rested)
        schedule(row, at: max(wait, now + 1))
      }
    case .truncated:
      if now >= actives[slot].retryAt {
        offer(row, .retry(Int(actives[slot].attempt)), at: now)
      } else {
        schedule(row, at: min(actives[slot].retryAt, now + checkInterval(rested: rested)))
      }
    case .partial:
      partialStep(row, slot, rested, at: now)
    case .target:
      schedule(row, at: now + checkInterval(rested: rested))
    case .done, .refused, .incomplete:
      // Without events a file that was just read is looked at for a while: programs append and close again.
      if trustsEvents || rested >= idle {
        dropActive(row)
      } else {
        schedule(row, at: now + checkInterval(rested: rested))
      }
    case .offered, .same, .special, .sidecarReady, .free:
      schedule(row, at: .max)
    }
    return .nothing
  }

  private func neededRest(_ slot: Int) -> Int64 {
    actives[slot].closed && actives[slot].completeness != .no ? settleAfterClose : settle
  }

  private mutating func settleStep(_ row: Int, _ slot: Int, _ rested: Int64, at now: Int64) -> FollowUp {
    if rows[row].size == 0 {
      if rested >= settle { show(.empty, row, slot) }
      schedule(
        row, at: rested < settle ? actives[slot].stableSince + settle : now + checkInterval(rested: rested))
      return .nothing
    }
    let asks = asksHeaders && actives[slot].closed && actives[slot].completeness == .notAsked
    let needed = neededRest(slot)
    if rested >= needed || actives[slot].completeness == .yes {
      offerWithSidecar(row, slot, at: now)
      return .nothing
    }
    if asks, rested >= Self.clockTick { return .askHeader(id(row)) }
    if mayOfferGrowing(row, slot, at: now) {
      offer(row, .growing, at: now)
      return .nothing
    }
    let next = asks ? min(Self.clockTick, needed) : needed
    schedule(row, at: actives[slot].stableSince + next)
    return .nothing
  }

  /// A file that never rests, as long as it gets longer, is a scan. One that is filled in place, at its full
  /// length from the start, would only give zeros.
  private func mayOfferGrowing(_ row: Int, _ slot: Int, at now: Int64) -> Bool {
    guard rows[row].size > actives[slot].beganSize, actives[slot].changesSeen >= 3 else { return false }
    let since = max(actives[slot].began, actives[slot].offeredAt)
    return now - since >= (actives[slot].completeness == .no ? settle : Self.growingAfter)
  }

  private mutating func partialStep(_ row: Int, _ slot: Int, _ rested: Int64, at now: Int64) {
    let grown =
      rows[row].size != actives[slot].offeredSize || rows[row].modified != actives[slot].offeredModified
    if grown {
      let next = actives[slot].offeredAt + max(pollInterval, Self.retryAfter[0])
      if now >= next {
        offer(row, .growing, at: now)
      } else {
        schedule(row, at: next)
      }
    } else if rested >= idle {
      rows[row].phase = .incomplete
      tell(row, .incomplete)
      _ = step(row, at: now)
    } else {
      schedule(row, at: min(actives[slot].stableSince + idle, now + checkInterval(rested: 0)))
    }
  }

  /// The header's answer to `FollowUp.askHeader`.
  package mutating func headerSays(_ complete: Bool?, of id: FileID, at now: MonotonicTime) {
    guard let row = row(of: id), rows[row].phase == .settling, rows[row].active >= 0 else { return }
    let slot = Int(rows[row].active)
    actives[slot].completeness =
      switch complete {
      case .some(true): .yes
      case .some(false): .no
      case nil: .unknown
      }
    _ = step(row, at: now.nanoseconds)
  }

  private mutating func show(_ wait: ActiveFile.ShownWait, _ row: Int, _ slot: Int) {
    guard actives[slot].shown != wait else { return }
    actives[slot].shown = wait
    switch wait {
    case .empty: tell(row, .waiting(.empty))
    case .sidecar: tell(row, .waiting(.sidecar))
    default: tell(row, .waiting(.settling))
    }
  }

  // MARK: Offers

  private mutating func offerWithSidecar(_ row: Int, _ slot: Int, at now: Int64) {
    guard let rule = SidecarRule.index(for: nameBytes(row)) else { return offerAsNext(row, slot, at: now) }
    let directory = Int(rows[row].directory)
    let there = hasSidecar(row, SidecarRule.all[rule])
    if there == true { return offerAsNext(row, slot, at: now) }
    let waitsForOne = directories[directory].futile[rule] < Self.futileSidecarWaits || there == false
    if waitsForOne, actives[slot].sidecarUntil == 0 { actives[slot].sidecarUntil = now + sidecarWait }
    if waitsForOne, now < actives[slot].sidecarUntil {
      show(.sidecar, row, slot)
      schedule(row, at: actives[slot].sidecarUntil)
      return
    }
    if waitsForOne { directories[directory].futile[rule] += 1 }
    if !rows[row].flags.contains(.lacksSidecar) {
      rows[row].flags.insert(.lacksSidecar)
      directories[directory].lacking += 1
    }
    offerAsNext(row, slot, at: now)
  }

  private mutating func offerAsNext(_ row: Int, _ slot: Int, at now: Int64) {
    switch actives[slot].nextOffer {
    case .first: offer(row, .first, at: now)
    case .changed: offer(row, .changed, at: now)
    case .sidecar: offer(row, .sidecar, at: now)
    }
  }

  mutating func offer(_ row: Int, _ kind: Offer, at now: Int64) {
    let slot = activate(row, at: now)
    rows[row].phase = .offered
    actives[slot].offeredAt = now
    actives[slot].offeredInode = rows[row].inode
    actives[slot].offeredSize = rows[row].size
    actives[slot].offeredModified = rows[row].modified
    schedule(row, at: .max)
    changes.append(.ready(file(row, offer: kind)))
  }

  // MARK: Sidecars

  /// `nil`: none; `false`: there, but still being written.
  private func hasSidecar(_ row: Int, _ rule: SidecarRule) -> Bool? {
    let directory = Int(rows[row].directory)
    var found: Bool?
    for name in rule.sidecarNames(of: nameBytes(row)) {
      guard let sidecar = find(directory, name), rows[sidecar].isPresent else { continue }
      if rows[sidecar].phase == .sidecarReady { return true }
      if rows[sidecar].phase == .sidecar { found = false }
    }
    if rule.acceptsAnyInFolder != nil, directories[directory].xmlFiles > 0 { return true }
    return found
  }

  mutating func countSidecar(_ row: Int, _ step: Int) {
    let isXML = nameBytes(row).withUnsafeBufferPointer { FileNames.ends($0, with: Array(".xml".utf8)) }
    if isXML { directories[Int(rows[row].directory)].xmlFiles += step }
  }

  private mutating func sidecarIsReady(_ row: Int, at now: Int64) {
    rows[row].phase = .sidecarReady
    dropActive(row)
    countSidecar(row, 1)
    let directory = Int(rows[row].directory)
    let name = nameBytes(row)
    for (number, rule) in SidecarRule.all.enumerated() {
      for primary in rule.primaryNames(of: name) {
        if let other = find(directory, primary) { sidecarCame(to: other, rule: number, at: now) }
      }
      var member = 1
      while let primary = rule.seriesName(of: name, number: member), let other = find(directory, primary) {
        sidecarCame(to: other, rule: number, at: now)
        member += 1
      }
      // Any such file serves all, so only the first one makes a difference.
      guard let ending = rule.acceptsAnyInFolder, directories[directory].xmlFiles == 1,
        name.withUnsafeBufferPointer({ FileNames.ends($0, with: ending) })
      else { continue }
      for other in rows.indices
      where Int(rows[other].directory) == directory && SidecarRule.index(for: nameBytes(other)) == number {
        sidecarCame(to: other, rule: number, at: now)
      }
    }
  }

  private mutating func sidecarCame(to row: Int, rule: Int, at now: Int64) {
    let directory = Int(rows[row].directory)
    guard rows[row].isPresent else { return }
    directories[directory].futile[rule] = 0
    if rows[row].phase == .settling { schedule(row, at: now) }
    guard rows[row].flags.contains(.lacksSidecar) else { return }
    rows[row].flags.remove(.lacksSidecar)
    directories[directory].lacking -= 1
    switch rows[row].phase {
    case .offered:
      actives[activate(row, at: now)].sidecarCame = true
    case .done, .refused, .partial, .incomplete, .truncated:
      offer(row, .sidecar, at: now)
    default: break
    }
  }
}
