import System

/// A small generator whose whole state is a seed, so that any execution can be run again by its number.
struct Random {
  private var words: SplitMix64

  init(seed: UInt64, execution: UInt64) {
    words = SplitMix64(
      seed: (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 ^ (execution &+ 1) &* 0xBF58_476D_1CE4_E5B9)
    _ = next()
  }

  mutating func next() -> UInt64 { words.next() }

  mutating func below(_ limit: Int) -> Int { limit <= 1 ? 0 : Int(next() % UInt64(limit)) }
}

/// Damages a file the way broken disks, cut copies and ill will do: mostly near its head, where the numbers
/// are that a reader believes.
struct Mutator {
  var random: Random

  private static let numbers: [Int64] = [
    0, 1, -1, 2, 7, 8, 16, 127, 128, 255, 256, 1000, 32767, 32768, 65535, 65536, 1 << 24, 0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF, 1 << 40, .max, .min,
  ]

  mutating func mutate(_ original: [UInt8], other: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...random.below(4) { step(&bytes, other) }
    return bytes
  }

  private mutating func position(in bytes: [UInt8]) -> Int {
    switch random.below(4) {
    case 0: random.below(min(bytes.count, 64))
    case 1, 2: random.below(min(bytes.count, 2048))
    default: random.below(bytes.count)
    }
  }

  private mutating func step(_ bytes: inout [UInt8], _ other: [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = Array(other.prefix(random.below(64)))
      return
    }
    let at = position(in: bytes)
    switch random.below(12) {
    case 0...2: bytes[at] ^= 1 << UInt8(random.below(8))
    case 3, 4: bytes[at] = UInt8(random.below(256))
    case 5...7:
      let width = 1 << random.below(4)
      let number = Self.numbers[random.below(Self.numbers.count)]
      let isBig = random.below(2) == 0
      for i in 0..<width where at + i < bytes.count {
        bytes[at + i] = UInt8(truncatingIfNeeded: number >> Int64(8 * (isBig ? width - 1 - i : i)))
      }
    case 8: bytes.removeLast(random.below(bytes.count))
    case 9:
      let count = min(random.below(64), bytes.count - at)
      bytes.removeSubrange(at..<(at + count))
    case 10:
      let from = position(in: bytes)
      let count = min(1 + random.below(64), bytes.count - from)
      bytes.insert(contentsOf: Array(bytes[from..<(from + count)]), at: at)
    default:
      guard !other.isEmpty else { return }
      let from = random.below(other.count)
      for i in 0..<min(1 + random.below(128), other.count - from, bytes.count - at) {
        bytes[at + i] = other[from + i]
      }
    }
  }
}

/// PNG and ZIP guard their parts with checksums: without mending them no damage would come past the first look.
enum Checksums {
  private static let table: [UInt32] = (0..<256).map { index in
    var c = UInt32(index)
    for _ in 0..<8 { c = c & 1 == 1 ? 0xEDB8_8320 ^ (c >> 1) : c >> 1 }
    return c
  }

  private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc: UInt32 = .max
    for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 255)] ^ (crc >> 8) }
    return ~crc
  }

  /// Of every chunk of a PNG.
  static func mendPNG(_ bytes: inout [UInt8]) {
    var at = 8
    while at + 12 <= bytes.count {
      let length = bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - at - 12 else { return }
      let crc = crc(bytes[(at + 4)..<(at + 8 + length)])
      for i in 0..<4 { bytes[at + 8 + length + i] = UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * i)) }
      at += 12 + length
    }
  }

  /// Of the members of a ZIP archive that are stored as they are.
  static func mendZIP(_ bytes: inout [UInt8]) {
    func little(_ at: Int, _ count: Int) -> Int {
      guard at >= 0, at + count <= bytes.count else { return 0 }
      return bytes[at..<(at + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    var entry = little(bytes.count - 6, 4)
    while entry + 46 <= bytes.count, little(entry, 4) == 0x0201_4B50 {
      let header = little(entry + 42, 4)
      let start = header + 30 + little(header + 26, 2) + little(header + 28, 2)
      let size = little(entry + 20, 4)
      if little(entry + 10, 2) == 0, start <= bytes.count, size <= bytes.count - start {
        let crc = crc(bytes[start..<(start + size)])
        for i in 0..<4 { bytes[entry + 16 + i] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * i)) }
      }
      entry += 46 + little(entry + 28, 2) + little(entry + 30, 2) + little(entry + 32, 2)
    }
  }
}
