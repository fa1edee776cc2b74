import Glibc

/// Why a text is not the JSON that was expected.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package var reason: String
  package var offset: Int

  package var description: String { "\(reason) at byte \(offset)" }
}

/// Reads JSON from bytes in one pass, without building a tree: a record pulls its members out and skips
/// what it does not know. Depth is limited and every access is checked, so a hostile line can only fail.
package struct JSONReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  package private(set) var position: Int
  private var depth = 0

  package init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    position = 0
  }

  package static func read<R>(
    _ bytes: some Sequence<UInt8>, _ body: (inout JSONReader) throws(JSONError) -> R
  ) throws(JSONError) -> R {
    let copy = Array(bytes)
    return try copy.withUnsafeBufferPointer { (buffer) throws(JSONError) -> R in
      var reader = JSONReader(buffer)
      return try body(&reader)
    }
  }

  package func fail(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

  // MARK: Structure

  /// Calls `body` for every member with the reader at its value; `body` must read or skip it.
  package mutating func object(_ body: (inout JSONReader, JSONKey) throws(JSONError) -> Void)
    throws(JSONError)
  {
    _ = try object(until: { false }, body)
  }

  /// The same, left as soon as there is `enough`; says whether the end of the object was reached.
  package mutating func object(
    until enough: () -> Bool, _ body: (inout JSONReader, JSONKey) throws(JSONError) -> Void
  ) throws(JSONError) -> Bool {
    try enter(UInt8(ascii: "{"), "an object was expected")
    if try closes(UInt8(ascii: "}")) { return true }
    while true {
      skipSpace()
      let key = try key()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fail("a colon was expected") }
      try body(&self, key)
      if enough() { return false }
      if try closes(UInt8(ascii: "}")) { return true }
      guard take(UInt8(ascii: ",")) else { throw fail("a comma or the end of an object was expected") }
    }
  }

  /// An object whose names are data: settings, artifacts.
  package mutating func dictionary(
    _ body: (inout JSONReader, String) throws(JSONError) -> Void
  ) throws(JSONError) {
    try enter(UInt8(ascii: "{"), "an object was expected")
    if try closes(UInt8(ascii: "}")) { return }
    while true {
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fail("a colon was expected") }
      try body(&self, name)
      if try closes(UInt8(ascii: "}")) { return }
      guard take(UInt8(ascii: ",")) else { throw fail("a comma or the end of an object was expected") }
    }
  }

  package mutating func array(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
    try enter(UInt8(ascii: "["), "an array was expected")
    if try closes(UInt8(ascii: "]")) { return }
    while true {
      try body(&self)
      if try closes(UInt8(ascii: "]")) { return }
      guard take(UInt8(ascii: ",")) else { throw fail("a comma or the end of an array was expected") }
    }
  }

  /// After the outermost value only blanks may follow.
  package mutating func end() throws(JSONError) {
    skipSpace()
    if position != bytes.count { throw fail("text after the end of the value") }
  }

  // MARK: Values

  package mutating func string() throws(JSONError) -> String {
    skipSpace()
    guard take(UInt8(ascii: "\"")) else { throw fail("a string was expected") }
    let start = position
    guard try plainEnd() else { return try escapedString(from: start) }
    return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position - 1]), as: UTF8.self)
  }

  /// A string as its bytes, for values with a form of their own; nil when it holds an escape.
  package mutating func plainString() throws(JSONError) -> UnsafeBufferPointer<UInt8>? {
    skipSpace()
    guard take(UInt8(ascii: "\"")) else { throw fail("a string was expected") }
    let start = position
    guard try plainEnd() else {
      _ = try escapedString(from: start)
      return nil
    }
    return UnsafeBufferPointer(rebasing: bytes[start..<position - 1])
  }

  /// Steps behind a string's closing quote; stops before the first escape and says false.
  @inline(__always)
  private mutating func plainEnd() throws(JSONError) -> Bool {
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

  package mutating func optionalString() throws(JSONError) -> String? { try isNull() ? nil : try string() }

  package mutating func double() throws(JSONError) -> Double {
    skipSpace()
    let start = position
    // Most numbers are short decimals: exact in 53 bits and a power of ten, so no strtod is needed.
    var mantissa: UInt64 = 0
    var digits = 0
    var decimals = 0
    let negative = take(UInt8(ascii: "-"))
    while position < bytes.count, case let digit = bytes[position] &- 48, digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      digits += 1
      position += 1
    }
    guard digits > 0 else { throw fail("a number was expected") }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      let before = digits
      while position < bytes.count, case let digit = bytes[position] &- 48, digit < 10 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
        digits += 1
        decimals += 1
        position += 1
      }
      if digits == before { throw fail("a digit after the decimal point was expected") }
    }
    let hasExponent = position < bytes.count && (bytes[position] | 0x20) == UInt8(ascii: "e")
    if !hasExponent, digits <= 15, decimals <= 15 {
      let value = Double(mantissa) / Self.powersOfTen[decimals]
      return negative ? -value : value
    }
    while position < bytes.count, Self.isNumberByte(bytes[position]) { position += 1 }
    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    guard let value = Double(text), value.isFinite else { throw fail("a number was expected") }
    return value
  }

  package mutating func optionalDouble() throws(JSONError) -> Double? { try isNull() ? nil : try double() }

  package mutating func integer() throws(JSONError) -> Int {
    skipSpace()
    let negative = take(UInt8(ascii: "-"))
    let start = position
    var value = 0
    while position < bytes.count, case let digit = bytes[position] &- 48, digit < 10 {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(digit))
      if overflow || carry { throw fail("an integer beyond 64 bits") }
      value = sum
      position += 1
    }
    guard position > start else { throw fail("an integer was expected") }
    return negative ? -value : value
  }

  package mutating func boolean() throws(JSONError) -> Bool {
    skipSpace()
    if takeWord("true") { return true }
    if takeWord("false") { return false }
    throw fail("true or false was expected")
  }

  package mutating func isNull() throws(JSONError) -> Bool {
    skipSpace()
    return takeWord("null")
  }

  /// Steps over one value of any kind and returns its bytes' range.
  @discardableResult
  package mutating func skip() throws(JSONError) -> Range<Int> {
    skipSpace()
    let start = position
    guard position < bytes.count else { throw fail("a value was expected") }
    switch bytes[position] {
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "{"), UInt8(ascii: "["):
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
    default:
      while position < bytes.count, Self.isWordByte(bytes[position]) { position += 1 }
      if position == start { throw fail("a value was expected") }
    }
    return start..<position
  }

  // MARK: Details

  private mutating func enter(_ byte: UInt8, _ reason: String) throws(JSONError) {
    skipSpace()
    guard take(byte) else { throw fail(reason) }
    depth += 1
    if depth > 64 { throw fail("nested too deeply") }
  }

  @inline(__always)
  private mutating func closes(_ byte: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    guard take(byte) else { return false }
    depth -= 1
    return true
  }

  private mutating func key() throws(JSONError) -> JSONKey {
    guard take(UInt8(ascii: "\"")) else { throw fail("a name was expected") }
    // Nearly every name ends within a word; one with an escape is none that anyone asks for.
    if position + 8 <= bytes.count, let base = bytes.baseAddress {
      let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
      let quotes = EightBytes.zeros(word ^ EightBytes.all(UInt8(ascii: "\"")))
      if quotes != 0 {
        let count = quotes.trailingZeroBitCount >> 3
        position += count + 1
        return JSONKey(word: word & ((1 << UInt64(8 * count)) - 1), count: UInt64(count))
      }
    }
    var key = JSONKey()
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return key }
      if byte == UInt8(ascii: "\\") || byte < 0x20 { throw fail("an escape in a name") }
      key.append(byte)
    }
    throw fail("a name without an end")
  }

  /// Steps over plain text in words; stops at or before what ends it.
  @inline(__always)
  private mutating func skipPlainText() {
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

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
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
      if 0xd800..<0xdc00 ~= code, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hex4()
        guard 0xdc00..<0xe000 ~= low else { throw fail("half a surrogate pair") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fail("half a surrogate pair") }
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
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

  @inline(__always)
  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] <= 0x20,
      bytes[position] == 0x20 || bytes[position] == 10 || bytes[position] == 13 || bytes[position] == 9
    {
      position += 1
    }
  }

  @inline(__always)
  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func takeWord(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard position + count <= bytes.count, let base = bytes.baseAddress,
      memcmp(base + position, word.utf8Start, count) == 0
    else { return false }
    position += count
    return true
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    byte &- 48 < 10 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
      || (byte | 0x20) == UInt8(ascii: "e")
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    isNumberByte(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static let powersOfTen: [Double] = (0...15).map { pow(10, Double($0)) }
}
