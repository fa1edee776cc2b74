/// Files on their way to a final state, each in a slot of its own, and when they are to be looked at.
package struct FilesUnderWay: Sendable {
  private var slots: [ActiveFile] = []
  private var freeSlots: [Int32] = []
  private var deadlines = DeadlineHeap()

  package init() {}

  subscript(slot: Int) -> ActiveFile {
    @inline(__always) get { slots[slot] }
    @inline(__always) _modify { yield &slots[slot] }
  }

  /// When something has to be looked at, if nothing happens before.
  package var nextDeadline: Int64? { deadlines.first?.time }

  var memoryBytes: Int {
    slots.capacity * MemoryLayout<ActiveFile>.stride + freeSlots.capacity * 4 + deadlines.entries.capacity
      * MemoryLayout<DeadlineHeap.Entry>.stride
  }

  /// A file that is on its way from now on.
  package mutating func add(row: Int, size: Int64, at now: Int64) -> Int {
    let file = ActiveFile(row: row, began: now, beganSize: size, stableSince: now)
    if let free = freeSlots.popLast() {
      slots[Int(free)] = file
      return Int(free)
    }
    slots.append(file)
    return slots.count - 1
  }

  package mutating func remove(_ slot: Int) {
    slots[slot].row = -1
    slots[slot].deadline = .max
    freeSlots.append(Int32(slot))
    if freeSlots.count == slots.count { self = FilesUnderWay() }
  }

  package mutating func schedule(_ slot: Int, at time: Int64) {
    slots[slot].deadline = time
    if time < slots[slot].queued {
      slots[slot].queued = time
      deadlines.push(DeadlineHeap.Entry(time: time, slot: Int32(slot)))
    }
  }

  /// Takes out the next whose time has come; nil when there is none.
  package mutating func popDue(at now: Int64) -> Int? {
    while let entry = deadlines.first, entry.time <= now {
      deadlines.pop()
      let slot = Int(entry.slot)
      // An entry of a file that has arrived since, or that has an earlier one.
      guard slot < slots.count, slots[slot].row >= 0, slots[slot].queued == entry.time else { continue }
      slots[slot].queued = .max
      if slots[slot].deadline <= now { return slot }
      // Put off since.
      if slots[slot].deadline < .max { schedule(slot, at: slots[slot].deadline) }
    }
    return nil
  }
}

/// Walks over rows for ever, a few at a time.
package struct RoundWalk: Sendable {
  private var next = 0

  package init() {}

  /// The next ones that are wanted, at most `limit`, of `count` rows; none is met twice in one call, and not many
  /// are looked at in vain.
  package mutating func take(_ limit: Int, of count: Int, where isWanted: (Int) -> Bool) -> [Int] {
    var taken: [Int] = []
    var visited = 0
    while taken.count < limit, visited < count, visited < 4 * limit {
      if next >= count { next = 0 }
      if isWanted(next) { taken.append(next) }
      next += 1
      visited += 1
    }
    return taken
  }
}
