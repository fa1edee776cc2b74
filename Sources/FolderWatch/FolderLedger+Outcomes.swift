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
    guard let row = row(of: file), rows[row].phase == .offered, rows[row].active >= 0 else { return }
    let slot = Int(rows[row].active)
    let seen = self.identity(row)
    var offered = seen
    offered.inode = actives[slot].offeredInode
    offered.size = actives[slot].offeredSize
    offered.modified = actives[slot].offeredModified
    let read = identity ?? offered
    // What was seen after that which was read. A reader that found something else again has the last word, but
    // for how long no one knows: a look decides.
    let newer = read.isSameContent(as: offered) && !seen.isSameContent(as: offered) ? seen : nil
    let isDoubtful = !read.isSameContent(as: offered) || actives[slot].modifiedWhileOffered

    if !rows[row].isPresent { return reportGone(row, outcome, at: now) }
    if newer == nil { adopt(read, kind: rows[row].kind, row: row) }
    actives[slot].modifiedWhileOffered = false
    switch outcome {
    case .done:
      finish(row, .done, .done, read, newer, isDoubtful, at: now)
    case .refused(let reason):
      if newer != nil {
        settleAgain(row, at: now)
      } else {
        finish(row, .refused, .refused(reason), read, nil, isDoubtful, at: now)
      }
    case .partial:
      rows[row].phase = .partial
      actives[slot].offeredInode = read.inode
      actives[slot].offeredSize = read.size
      actives[slot].offeredModified = read.modified
      tell(row, .partial)
      if let newer, newer.inode != read.inode || newer.size < read.size {
        adopt(read, kind: rows[row].kind, row: row)
        revise(row, to: newer, kind: rows[row].kind, [], at: now)
        _ = step(latest(row), at: now)
      } else if !offerForSidecar(row, at: now) {
        _ = step(row, at: now)
      }
    case .truncated(let reason):
      if newer != nil {
        settleAgain(row, at: now)
      } else {
        let attempt = Int(actives[slot].attempt)
        rows[row].phase = .truncated
        actives[slot].retryAt = now + Self.retryAfter[min(attempt, Self.retryAfter.count - 1)]
        actives[slot].attempt = UInt16(min(attempt + 1, Int(UInt16.max)))
        actives[slot].shown = .truncated
        tell(row, .waiting(.truncated(reason)))
        if !offerForSidecar(row, at: now) { _ = step(row, at: now) }
      }
    case .changed:
      settleAgain(row, at: now)
    }
  }

  private mutating func finish(
    _ row: Int, _ phase: LedgerRow.Phase, _ state: FileState, _ read: FileIdentity, _ newer: FileIdentity?,
    _ isDoubtful: Bool, at now: Int64
  ) {
    let closed = rows[row].active >= 0 && actives[Int(rows[row].active)].closed
    rows[row].phase = phase
    tell(row, state)
    if let newer {
      adopt(read, kind: rows[row].kind, row: row)
      revise(row, to: newer, kind: rows[row].kind, closed ? .closed : [], at: now)
      _ = step(latest(row), at: now)
    } else if !offerForSidecar(row, at: now) {
      let slot = Int(rows[row].active)
      if isDoubtful {
        schedule(row, at: now)
      } else if trustsEvents {
        dropActive(row)
      } else {
        actives[slot].stableSince = now
        _ = step(row, at: now)
      }
    }
  }

  private mutating func offerForSidecar(_ row: Int, at now: Int64) -> Bool {
    let slot = Int(rows[row].active)
    guard slot >= 0, actives[slot].sidecarCame else { return false }
    actives[slot].sidecarCame = false
    offer(row, .sidecar, at: now)
    return true
  }

  /// Back to settling, with what is known of its writer.
  private mutating func settleAgain(_ row: Int, at now: Int64) {
    let old = actives[Int(rows[row].active)]
    beginSettling(row, at: now)
    let slot = Int(rows[row].active)
    guard slot >= 0 else { return }
    actives[slot].closed = old.closed && old.stableSince > old.offeredAt
    actives[slot].stableSince = old.stableSince > old.offeredAt ? old.stableSince : now
    actives[slot].offeredAt = old.offeredAt
    actives[slot].beganSize = old.offeredSize
    // The reader may know of a change that no look has found yet.
    schedule(row, at: now)
  }

  private mutating func reportGone(_ row: Int, _ outcome: ReadOutcome, at now: Int64) {
    switch outcome {
    case .done: rows[row].phase = .done
    case .refused: rows[row].phase = .refused
    default: rows[row].phase = .settling
    }
    dropActive(row)
    promoteOtherName(of: row, at: now)
  }
}
