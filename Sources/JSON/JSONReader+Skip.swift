extension JSONReader {
  /// Steps over one value of any kind and returns its bytes' range. What is inside is looked at only as far
  /// as its end has to be found.
  @discardableResult
  public mutating func skip() throws(JSONError) -> Range<Int> {
    skipSpace()
    let start = position
    guard position < bytes.count else { throw fail("a value was expected") }
    switch bytes[position] {
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "{"), UInt8(ascii: "["): try skipNest()
    default:
      skipWord()
      if position == start { throw fail("a value was expected") }
    }
    return start..<position
  }

  /// Letters, digits and what else numbers are made of.
  mutating func skipWord() {
    while position < bytes.count,
      Self.isNumberByte(bytes[position]) || 0x61...0x7a ~= bytes[position] | 0x20
    {
      position += 1
    }
  }

  private mutating func skipNest() throws(JSONError) {
    var open = 0
    repeat {
      guard position < bytes.count else { throw fail("a value without an end") }
      switch bytes[position] {
      case UInt8(ascii: "\""): try skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open += 1
        position += 1
        skipNumbers()
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        open -= 1
        position += 1
      default: position += 1
      }
    } while open > 0
  }

  private mutating func skipString() throws(JSONError) {
    position += 1
    skipPlainText()
    while position < bytes.count {
      let byte = bytes[position]
      position += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return }
    }
    position = bytes.count
    throw fail("a string without an end")
  }

  /// Curves are most of a session's bytes: digits, signs, points and commas (0x2b...0x39) go by in eights.
  private mutating func skipNumbers() {
    guard let base = bytes.baseAddress else { return }
    while position + 8 <= bytes.count {
      let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
      // Every byte in 0x28...0x3f, which holds no quote, brace or bracket: bits 7, 6 clear, 5 and (4 or 3) set.
      guard word & 0xe0e0_e0e0_e0e0_e0e0 == 0x2020_2020_2020_2020,
        (word | word >> 1) & 0x0808_0808_0808_0808 == 0x0808_0808_0808_0808
      else { return }
      position += 8
    }
  }
}
