/// A member's name as words, so that a `switch` over names compares integers, not strings.
package struct JSONKey: Equatable, ExpressibleByStringLiteral {
  private var word: UInt64 = 0
  private var rest: UInt64 = 0
  private var count: UInt64 = 0

  @inline(__always)
  init() {}

  @inline(__always)
  init(word: UInt64, count: UInt64) {
    self.word = word
    self.count = count
  }

  // Inlined, a literal folds to constants; called, it would be spelled out again for every comparison.
  @inline(__always)
  package init(stringLiteral text: StaticString) {
    for i in 0..<text.utf8CodeUnitCount { append(text.utf8Start[i]) }
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    if count < 8 {
      word |= UInt64(byte) << (8 * count)
    } else {
      // Names here are at most 16 bytes; a longer one folds, and cannot equal a known one by its length.
      rest = rest &* 0x100_0000_01b3 ^ UInt64(byte)
    }
    count += 1
  }

  @inline(__always)
  package static func ~= (pattern: JSONKey, key: JSONKey) -> Bool {
    pattern.word == key.word && pattern.rest == key.rest && pattern.count == key.count
  }
}
