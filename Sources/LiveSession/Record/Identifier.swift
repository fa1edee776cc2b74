/// A UUID of version 7 (RFC 9562): sorts by time, and two machines never make the same one.
package struct Identifier: Sendable, Hashable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt64

  package init(unixMilliseconds: Int, random: (UInt64, UInt64)) {
    high = UInt64(truncatingIfNeeded: unixMilliseconds) << 16 | 0x7000 | (random.0 & 0x0fff)
    low = 0x8000_0000_0000_0000 | (random.1 >> 2)
  }

  package init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let identifier = text.withUTF8({ Identifier(bytes: $0) }) else { return nil }
    self = identifier
  }

  init?(bytes: UnsafeBufferPointer<UInt8>) {
    guard bytes.count == 36 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    var digits = 0
    for (i, byte) in bytes.enumerated() {
      if i == 8 || i == 13 || i == 18 || i == 23 {
        if byte != UInt8(ascii: "-") { return nil }
        continue
      }
      let digit: UInt8
      switch byte {
      case 48...57: digit = byte - 48
      case 97...102: digit = byte - 87
      default: return nil
      }
      if digits < 16 {
        words.0 = words.0 << 4 | UInt64(digit)
      } else {
        words.1 = words.1 << 4 | UInt64(digit)
      }
      digits += 1
    }
    (high, low) = words
  }

  package var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(36)
    let digits = Array("0123456789abcdef".utf8)
    for i in 0..<32 {
      if i == 8 || i == 12 || i == 16 || i == 20 { text.append(UInt8(ascii: "-")) }
      let word = i < 16 ? high : low
      text.append(digits[Int(word >> UInt64(60 - 4 * (i % 16)) & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
