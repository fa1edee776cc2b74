/// A member's name as words, so that a `switch` over names compares integers, not strings.
public struct JSONKey: Equatable, ExpressibleByStringLiteral {
  @usableFromInline var word: UInt64 = 0
  @usableFromInline var rest: UInt64 = 0
  @usableFromInline var count: UInt64 = 0

  @inlinable @inline(__always)
  init() {}

  @inlinable @inline(__always)
  init(word: UInt64, count: UInt64) {
    self.word = word
    self.count = count
  }

  // Inlined, a literal folds to constants; called, it would be spelled out again for every comparison.
  @inlinable @inline(__always)
  public init(stringLiteral text: StaticString) {
    for i in 0..<text.utf8CodeUnitCount { append(text.utf8Start[i]) }
  }

  @inlinable @inline(__always)
  mutating func append(_ byte: UInt8) {
    if count < 8 {
      word |= UInt64(byte) << (8 * count)
    } else {
      // Names here are at most 16 bytes; a longer one folds, and cannot equal a known one by its length.
      rest = rest &* 0x100_0000_01b3 ^ UInt64(byte)
    }
    count += 1
  }

  @inlinable @inline(__always)
  public static func ~= (pattern: JSONKey, key: JSONKey) -> Bool {
    pattern.word == key.word && pattern.rest == key.rest && pattern.count == key.count
  }
}
