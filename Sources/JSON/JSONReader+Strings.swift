extension JSONReader {
  @inlinable
  public mutating func string() throws(JSONError) -> String {
    skipSpace()
    guard take(UInt8(ascii: "\"")) else { throw fail("a string was expected") }
    let start = position
    guard try plainEnd() else {
      let bytes = try escapedString(from: start)
      return try text(bytes)
    }
    return try text(UnsafeBufferPointer(rebasing: bytes[start..<position - 1]))
  }

  /// A string as its bytes, for values with a form of their own; nil when it holds an escape.
  public mutating func plainString() throws(JSONError) -> UnsafeBufferPointer<UInt8>? {
    skipSpace()
    guard take(UInt8(ascii: "\"")) else { throw fail("a string was expected") }
    let start = position
    guard try plainEnd() else {
      _ = try escapedString(from: start)
      return nil
    }
    return UnsafeBufferPointer(rebasing: bytes[start..<position - 1])
  }

  public mutating func optionalString() throws(JSONError) -> String? { isNull() ? nil : try string() }

  /// A member's name, up to its closing quote.
  @inlinable
  mutating func key() throws(JSONError) -> JSONKey {
    guard take(UInt8(ascii: "\"")) else { throw fail("a name was expected") }
    // Nearly every name ends within a word.
    if position + 8 <= bytes.count, let base = bytes.baseAddress {
      let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
      let ends = EightBytes.ends(word)
      let count = ends.trailingZeroBitCount >> 3
      if ends != 0, bytes[position + count] == UInt8(ascii: "\"") {
        position += count + 1
        return JSONKey(word: word & ((1 << UInt64(8 * count)) - 1), count: UInt64(count))
      }
    }
    return try longKey()
  }

  @usableFromInline
  mutating func longKey() throws(JSONError) -> JSONKey {
    let start = position
    var key = JSONKey()
    guard try plainEnd() else {
      for byte in try escapedString(from: start) { key.append(byte) }
      return key
    }
    for byte in bytes[start..<position - 1] { key.append(byte) }
    return key
  }

  /// Steps behind a string's closing quote; stops before the first escape and says false.
  @inlinable @inline(__always)
  mutating func plainEnd() throws(JSONError) -> Bool {
    skipPlainText()
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return true
      }
      if byte == UInt8(ascii: "\\") { return false }
      if byte < 0x20 { throw fail("a control character in a string") }
      position += 1
    }
    throw fail("a string without an end")
  }

  /// Steps over plain text in words; stops at or before what ends it.
  @inlinable @inline(__always)
  mutating func skipPlainText() {
    guard let base = bytes.baseAddress else { return }
    while position + 8 <= bytes.count {
      let ends = EightBytes.ends(UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
      guard ends == 0 else {
        position += ends.trailingZeroBitCount >> 3
        return
      }
      position += 8
    }
  }

  @usableFromInline
  func text(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> String {
    // Nearly every string is ASCII, and asking is cheaper than the initialiser that can refuse.
    var union: UInt8 = 0
    for byte in bytes { union |= byte }
    if union < 0x80 { return String(decoding: bytes, as: UTF8.self) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw fail("a string that is not UTF-8")
    }
    return text
  }

  @usableFromInline
  func text(_ bytes: [UInt8]) throws(JSONError) -> String {
    try bytes.withUnsafeBufferPointer { (bytes) throws(JSONError) in try text(bytes) }
  }

  /// The bytes of the string that began at `start` and has an escape at the reader's place.
  @usableFromInline
  mutating func escapedString(from start: Int) throws(JSONError) -> [UInt8] {
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return text
      case UInt8(ascii: "\\"): try appendEscape(to: &text)
      case 0..<0x20: throw fail("a control character in a string")
      default: text.append(byte)
      }
    }
    throw fail("a string without an end")
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(JSONError) {
    guard position < bytes.count else { throw fail("a string without an end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "u"):
      var code = try hex4()
      if 0xd800..<0xdc00 ~= code, takeWord("\\u") {
        let low = try hex4()
        guard 0xdc00..<0xe000 ~= low else { throw fail("half a surrogate pair") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fail("half a surrogate pair") }
      text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: throw fail("an unknown escape")
    }
  }

  private mutating func hex4() throws(JSONError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw fail("a string without an end") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw fail("a hexadecimal digit was expected")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
