/// A hash table of row numbers that keeps no keys: the rows hold them. Eight bytes a slot.
struct SlotTable: Sendable {
  private static let empty: UInt64 = 0
  private static let removed: UInt64 = 1

  // The upper half of the hash and, in the lower half, the row plus two.
  private var slots = [UInt64](repeating: empty, count: 64)
  private var used = 0
  private var live = 0

  var bytes: Int { slots.capacity * 8 }

  @inline(__always)
  func find(_ hash: UInt64, where matches: (Int) -> Bool) -> Int? {
    slots.withUnsafeBufferPointer { slots in
      let mask = slots.count - 1
      var i = Int(truncatingIfNeeded: hash) & mask
      while slots[i] != Self.empty {
        let slot = slots[i]
        if slot >> 32 == hash >> 32, slot != Self.removed, matches(Int(slot & 0xffff_ffff) - 2) {
          return Int(slot & 0xffff_ffff) - 2
        }
        i = (i + 1) & mask
      }
      return nil
    }
  }

  mutating func insert(_ row: Int, hash: UInt64, hashOf: (Int) -> UInt64) {
    if (used + 1) * 4 > slots.count * 3 { rebuild(hashOf: hashOf) }
    place(row, hash: hash)
    used += 1
    live += 1
  }

  mutating func remove(_ row: Int, hash: UInt64) {
    let mask = slots.count - 1
    var i = Int(truncatingIfNeeded: hash) & mask
    while slots[i] != Self.empty {
      if slots[i] != Self.removed, slots[i] & 0xffff_ffff == UInt64(row + 2) {
        slots[i] = Self.removed
        live -= 1
        return
      }
      i = (i + 1) & mask
    }
  }

  private mutating func place(_ row: Int, hash: UInt64) {
    let mask = slots.count - 1
    var i = Int(truncatingIfNeeded: hash) & mask
    while slots[i] > Self.removed { i = (i + 1) & mask }
    slots[i] = (hash >> 32) << 32 | UInt64(row + 2)
  }

  private mutating func rebuild(hashOf: (Int) -> UInt64) {
    let old = slots
    slots = [UInt64](repeating: Self.empty, count: live * 2 >= slots.count ? slots.count * 2 : slots.count)
    used = live
    for slot in old where slot > Self.removed {
      let row = Int(slot & 0xffff_ffff) - 2
      place(row, hash: hashOf(row))
    }
  }
}

/// The bytes of all names, one after the other.
struct NameArena: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var wasted = 0

  /// More is waste than not, and it is worth the copy.
  var wantsCompaction: Bool { wasted > 1 << 16 && wasted * 2 > bytes.count }

  mutating func add(_ name: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let offset = UInt32(bytes.count)
    bytes.append(contentsOf: name)
    return offset
  }

  mutating func discard(_ count: Int) { wasted += count }

  func name(at offset: UInt32, count: UInt16) -> [UInt8] {
    Array(bytes[Int(offset)..<Int(offset) + Int(count)])
  }

  @inline(__always)
  func equals(_ offset: UInt32, _ count: UInt16, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard Int(count) == other.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      for i in 0..<other.count where bytes[Int(offset) + i] != other[i] { return false }
      return true
    }
  }

  @inline(__always)
  static func hash(directory: Int, _ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = UInt64(directory) &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(name.count)
    let raw = UnsafeRawBufferPointer(name)
    var i = 0
    while i + 8 <= raw.count {
      hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))
      i += 8
    }
    var tail: UInt64 = 0
    while i < raw.count {
      tail = tail << 8 | UInt64(raw[i])
      i += 1
    }
    return mix(hash ^ tail)
  }

  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
    return product.high ^ product.low &+ (value >> 32)
  }
}

/// The earliest moment first. Entries that no longer count stay until their time and are skipped then.
struct DeadlineHeap: Sendable {
  struct Entry: Sendable {
    var time: Int64
    var slot: Int32
  }
  private(set) var entries: [Entry] = []

  var first: Entry? { entries.first }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var i = entries.count - 1
    while i > 0, entries[i].time < entries[(i - 1) / 2].time {
      entries.swapAt(i, (i - 1) / 2)
      i = (i - 1) / 2
    }
  }

  mutating func pop() {
    let last = entries.removeLast()
    guard !entries.isEmpty else {
      entries = []
      return
    }
    entries[0] = last
    var i = 0
    while true {
      var least = i
      for child in [2 * i + 1, 2 * i + 2] where child < entries.count {
        if entries[child].time < entries[least].time { least = child }
      }
      if least == i { return }
      entries.swapAt(i, least)
      i = least
    }
  }
}
