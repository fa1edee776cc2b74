import System

extension FolderLedger {
  /// Moves a file on as far as what is known of it allows, and says when to look at it next.
  mutating func step(_ row: Int, at now: Int64) -> FollowUp {
    let slot = Int(table[row].active)
    guard slot >= 0 else { return .nothing }
    let rested = now - underWay[slot].stableSince
    switch table[row].phase {
    case .temporary:
      if table[row].flags.contains(.hidden), now - underWay[slot].began >= patience.settle {
        table[row].flags.remove(.hidden)
        changes.append(.appeared(file(row), .waiting(.temporaryName)))
      }
      schedule(row, at: table[row].flags.contains(.hidden) ? underWay[slot].began + patience.settle : .max)
    case .settling: return settleStep(row, slot, rested, at: now)
    case .sidecar:
      let needed = neededRest(slot)
      if rested >= needed, table[row].size > 0 {
        sidecarIsReady(row, at: now)
      } else {
        let wait =
          table[row].size > 0
          ? underWay[slot].stableSince + needed : now + patience.checkInterval(rested: rested)
        schedule(row, at: max(wait, now + 1))
      }
    case .truncated:
      if now >= underWay[slot].retryAt {
        offer(row, .retry(Int(underWay[slot].attempt)), at: now)
      } else {
        schedule(row, at: min(underWay[slot].retryAt, now + patience.checkInterval(rested: rested)))
      }
    case .partial: partialStep(row, slot, rested, at: now)
    case .target: schedule(row, at: now + patience.checkInterval(rested: rested))
    case .done, .refused, .incomplete:
      // Without events a file that was just read is looked at for a while: programs append and close again.
      if trustsEvents || rested >= patience.idle {
        dropActive(row)
      } else {
        schedule(row, at: now + patience.checkInterval(rested: rested))
      }
    case .offered, .same, .special, .sidecarReady, .free: schedule(row, at: .max)
    }
    return .nothing
  }

  private func neededRest(_ slot: Int) -> Int64 {
    underWay[slot].closed && underWay[slot].completeness != .no ? patience.settleAfterClose : patience.settle
  }

  private mutating func settleStep(_ row: Int, _ slot: Int, _ rested: Int64, at now: Int64) -> FollowUp {
    if table[row].size == 0 {
      if rested >= patience.settle { show(.empty, row, slot) }
      schedule(
        row,
        at: rested < patience.settle
          ? underWay[slot].stableSince + patience.settle : now + patience.checkInterval(rested: rested))
      return .nothing
    }
    let asks = asksHeaders && underWay[slot].closed && underWay[slot].completeness == .notAsked
    let needed = neededRest(slot)
    if rested >= needed || underWay[slot].completeness == .yes {
      offerWithSidecar(row, slot, at: now)
      return .nothing
    }
    if asks, rested >= Patience.clockTick { return .askHeader(table.id(row)) }
    if mayOfferGrowing(row, slot, at: now) {
      offer(row, .growing, at: now)
      return .nothing
    }
    let next = asks ? min(Patience.clockTick, needed) : needed
    schedule(row, at: underWay[slot].stableSince + next)
    return .nothing
  }

  /// A file that never rests, as long as it gets longer, is a scan. One that is filled in place, at its full
  /// length from the start, would only give zeros.
  private func mayOfferGrowing(_ row: Int, _ slot: Int, at now: Int64) -> Bool {
    guard table[row].size > underWay[slot].beganSize, underWay[slot].changesSeen >= 3 else { return false }
    let since = max(underWay[slot].began, underWay[slot].offeredAt)
    return now - since >= (underWay[slot].completeness == .no ? patience.settle : Patience.growingAfter)
  }

  private mutating func partialStep(_ row: Int, _ slot: Int, _ rested: Int64, at now: Int64) {
    let grown =
      table[row].size != underWay[slot].offeredSize || table[row].modified != underWay[slot].offeredModified
    if grown {
      let next = underWay[slot].offeredAt + patience.growthInterval
      if now >= next { offer(row, .growing, at: now) } else { schedule(row, at: next) }
    } else if rested >= patience.idle {
      table[row].phase = .incomplete
      tell(row, .incomplete)
      _ = step(row, at: now)
    } else {
      schedule(
        row, at: min(underWay[slot].stableSince + patience.idle, now + patience.checkInterval(rested: 0)))
    }
  }

  /// The header's answer to `FollowUp.askHeader`.
  package mutating func headerSays(_ complete: Bool?, of id: FileID, at now: MonotonicTime) {
    guard let row = table.row(of: id), table[row].phase == .settling, table[row].active >= 0 else { return }
    let slot = Int(table[row].active)
    underWay[slot].completeness =
      switch complete {
      case .some(true): .yes
      case .some(false): .no
      case nil: .unknown
      }
    _ = step(row, at: now.nanoseconds)
  }

  private mutating func show(_ wait: ActiveFile.ShownWait, _ row: Int, _ slot: Int) {
    guard underWay[slot].shown != wait else { return }
    underWay[slot].shown = wait
    switch wait {
    case .empty: tell(row, .waiting(.empty))
    case .sidecar: tell(row, .waiting(.sidecar))
    default: tell(row, .waiting(.settling))
    }
  }

  // MARK: Offers

  private mutating func offerWithSidecar(_ row: Int, _ slot: Int, at now: Int64) {
    guard let rule = SidecarRule.index(for: table.name(of: row)) else {
      return offerAsNext(row, slot, at: now)
    }
    let directory = Int(table[row].directory)
    let there = hasSidecar(row, SidecarRule.all[rule])
    if there == true { return offerAsNext(row, slot, at: now) }
    let waitsForOne = table.directories[directory].futile[rule] < Self.futileSidecarWaits || there == false
    if waitsForOne, underWay[slot].sidecarUntil == 0 {
      underWay[slot].sidecarUntil = now + patience.sidecarWait
    }
    if waitsForOne, now < underWay[slot].sidecarUntil {
      show(.sidecar, row, slot)
      schedule(row, at: underWay[slot].sidecarUntil)
      return
    }
    if waitsForOne { table.directories[directory].futile[rule] += 1 }
    table[row].flags.insert(.lacksSidecar)
    offerAsNext(row, slot, at: now)
  }

  private mutating func offerAsNext(_ row: Int, _ slot: Int, at now: Int64) {
    switch underWay[slot].nextOffer {
    case .first: offer(row, .first, at: now)
    case .changed: offer(row, .changed, at: now)
    case .sidecar: offer(row, .sidecar, at: now)
    }
  }

  mutating func offer(_ row: Int, _ kind: Offer, at now: Int64) {
    let slot = activate(row, at: now)
    table[row].phase = .offered
    underWay[slot].offeredAt = now
    underWay[slot].offeredInode = table[row].inode
    underWay[slot].offeredSize = table[row].size
    underWay[slot].offeredModified = table[row].modified
    schedule(row, at: .max)
    changes.append(.ready(file(row, offer: kind)))
  }

  // MARK: Sidecars

  /// `nil`: none; `false`: there, but still being written.
  private func hasSidecar(_ row: Int, _ rule: SidecarRule) -> Bool? {
    let directory = Int(table[row].directory)
    var found: Bool?
    for name in rule.sidecarNames(of: table.name(of: row)) {
      guard let sidecar = table.find(directory, name), table[sidecar].isPresent else { continue }
      if table[sidecar].phase == .sidecarReady { return true }
      if table[sidecar].phase == .sidecar { found = false }
    }
    if rule.acceptsAnyInFolder != nil, table.directories[directory].xmlFiles > 0 { return true }
    return found
  }

  private mutating func sidecarIsReady(_ row: Int, at now: Int64) {
    table[row].phase = .sidecarReady
    dropActive(row)
    table.countSidecar(row, 1)
    let directory = Int(table[row].directory)
    let name = table.name(of: row)
    for (number, rule) in SidecarRule.all.enumerated() {
      for primary in rule.primaryNames(of: name) {
        if let other = table.find(directory, primary) { sidecarCame(to: other, rule: number, at: now) }
      }
      var member = 1
      while let primary = rule.seriesName(of: name, number: member),
        let other = table.find(directory, primary)
      {
        sidecarCame(to: other, rule: number, at: now)
        member += 1
      }
      // Any such file serves all, so only the first one makes a difference.
      guard let ending = rule.acceptsAnyInFolder, table.directories[directory].xmlFiles == 1,
        name.withUnsafeBufferPointer({ FileNames.ends($0, with: ending) })
      else { continue }
      for other in table.indices
      where Int(table[other].directory) == directory
        && SidecarRule.index(for: table.name(of: other)) == number
      { sidecarCame(to: other, rule: number, at: now) }
    }
  }

  private mutating func sidecarCame(to row: Int, rule: Int, at now: Int64) {
    let directory = Int(table[row].directory)
    guard table[row].isPresent else { return }
    table.directories[directory].futile[rule] = 0
    if table[row].phase == .settling { schedule(row, at: now) }
    guard table[row].flags.contains(.lacksSidecar) else { return }
    table[row].flags.remove(.lacksSidecar)
    switch table[row].phase {
    case .offered: underWay[activate(row, at: now)].sidecarCame = true
    case .done, .refused, .partial, .incomplete, .truncated: offer(row, .sidecar, at: now)
    default: break
    }
  }
}
