import System

extension FolderLedger {
  /// What the reader made of a file that was offered.
  ///
  /// `identity` is the file as the reader found it when it had read it; it may be newer than what was offered,
  /// and newer than what the ledger has seen.
  package mutating func report(
    _ outcome: ReadOutcome, for file: FileID, read identity: FileIdentity? = nil, at time: MonotonicTime
  ) {
    let now = time.nanoseconds
    guard let row = table.row(of: file), table[row].phase == .offered, table[row].active >= 0 else { return }
    let slot = Int(table[row].active)
    let seen = table.identity(row)
    var offered = seen
    offered.inode = underWay[slot].offeredInode
    offered.size = underWay[slot].offeredSize
    offered.modified = underWay[slot].offeredModified
    let read = identity ?? offered
    // What was seen after that which was read. A reader that found something else again has the last word, but
    // for how long no one knows: a look decides.
    let newer = read.isSameContent(as: offered) && !seen.isSameContent(as: offered) ? seen : nil
    let isDoubtful = !read.isSameContent(as: offered) || underWay[slot].modifiedWhileOffered

    // One that was not found a moment ago may still turn up under another name before the look is over.
    if table[row].flags.contains(.goneTold) { return reportGone(row, outcome, at: now) }
    if newer == nil { table.adopt(read, kind: table[row].kind, row: row) }
    underWay[slot].modifiedWhileOffered = false
    switch outcome {
    case .done: finish(row, .done, .done, read, newer, isDoubtful, at: now)
    case .refused(let reason):
      if newer != nil {
        settleAgain(row, at: now)
      } else {
        finish(row, .refused, .refused(reason), read, nil, isDoubtful, at: now)
      }
    case .partial:
      table[row].phase = .partial
      underWay[slot].offeredInode = read.inode
      underWay[slot].offeredSize = read.size
      underWay[slot].offeredModified = read.modified
      tell(row, .partial)
      if let newer, newer.inode != read.inode || newer.size < read.size {
        table.adopt(read, kind: table[row].kind, row: row)
        revise(row, to: newer, kind: table[row].kind, [], at: now)
        _ = step(latest(row), at: now)
      } else if !offerForSidecar(row, at: now) {
        _ = step(row, at: now)
      }
    case .truncated(let reason):
      if newer != nil {
        settleAgain(row, at: now)
      } else {
        let attempt = Int(underWay[slot].attempt)
        table[row].phase = .truncated
        underWay[slot].retryAt = now + patience.retryInterval(after: attempt)
        underWay[slot].attempt = UInt16(min(attempt + 1, Int(UInt16.max)))
        underWay[slot].shown = .truncated
        tell(row, .waiting(.truncated(reason)))
        if !offerForSidecar(row, at: now) { _ = step(row, at: now) }
      }
    case .changed: settleAgain(row, at: now)
    }
  }

  private mutating func finish(
    _ row: Int, _ phase: LedgerRow.Phase, _ state: FileState, _ read: FileIdentity, _ newer: FileIdentity?,
    _ isDoubtful: Bool, at now: Int64
  ) {
    let closed = table[row].active >= 0 && underWay[Int(table[row].active)].closed
    table[row].phase = phase
    tell(row, state)
    if let newer {
      table.adopt(read, kind: table[row].kind, row: row)
      revise(row, to: newer, kind: table[row].kind, closed ? .closed : [], at: now)
      _ = step(latest(row), at: now)
    } else if !offerForSidecar(row, at: now) {
      let slot = Int(table[row].active)
      if isDoubtful {
        schedule(row, at: now)
      } else if trustsEvents {
        dropActive(row)
      } else {
        underWay[slot].stableSince = now
        _ = step(row, at: now)
      }
    }
  }

  private mutating func offerForSidecar(_ row: Int, at now: Int64) -> Bool {
    let slot = Int(table[row].active)
    guard slot >= 0, underWay[slot].sidecarCame else { return false }
    underWay[slot].sidecarCame = false
    offer(row, .sidecar, at: now)
    return true
  }

  /// Back to settling, with what is known of its writer.
  private mutating func settleAgain(_ row: Int, at now: Int64) {
    let old = underWay[Int(table[row].active)]
    beginSettling(row, at: now)
    let slot = Int(table[row].active)
    guard slot >= 0 else { return }
    underWay[slot].closed = old.closed && old.stableSince > old.offeredAt
    underWay[slot].stableSince = old.stableSince > old.offeredAt ? old.stableSince : now
    underWay[slot].offeredAt = old.offeredAt
    underWay[slot].beganSize = old.offeredSize
    // The reader may know of a change that no look has found yet.
    schedule(row, at: now)
  }

  private mutating func reportGone(_ row: Int, _ outcome: ReadOutcome, at now: Int64) {
    switch outcome {
    case .done: table[row].phase = .done
    case .refused: table[row].phase = .refused
    default: table[row].phase = .settling
    }
    dropActive(row)
    promoteOtherName(of: row, at: now)
  }
}
