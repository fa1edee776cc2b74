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
    try enter(UInt8(ascii: "{"), "an object was expected")
    if try closes(UInt8(ascii: "}")) { return }
    while true {
      skipSpace()
      let key = try key()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fail("a colon was expected") }
      try body(&self, key)
      if try closes(UInt8(ascii: "}")) { return }
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
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
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

  private mutating func closes(_ byte: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    guard take(byte) else { return false }
    depth -= 1
    return true
  }

  private mutating func key() throws(JSONError) -> JSONKey {
    guard take(UInt8(ascii: "\"")) else { throw fail("a name was expected") }
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] == UInt8(ascii: "\\") || bytes[position] < 0x20 {
        throw fail("an escape in a name")
      }
      position += 1
    }
    guard position < bytes.count else { throw fail("a name without an end") }
    position += 1
    return JSONKey(UnsafeBufferPointer(rebasing: bytes[start..<position - 1]))
  }

  private mutating func skipString() throws(JSONError) {
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return }
    }
    position = bytes.count
    throw fail("a string without an end")
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

/// A member's name as two words, so that a `switch` over names compares integers, not strings.
package struct JSONKey: Equatable, ExpressibleByStringLiteral {
  private let word: UInt64
  private let rest: UInt64

  @inline(__always)
  package init(_ name: UnsafeBufferPointer<UInt8>) {
    var word: UInt64 = 0
    for i in 0..<min(8, name.count) { word |= UInt64(name[i]) << UInt64(8 * i) }
    var rest: UInt64 = 0
    if name.count > 8 {
      // Names here are at most 16 bytes; a longer one folds, and cannot equal a known one by its length.
      for i in 8..<name.count { rest = rest &* 0x100_0000_01b3 ^ UInt64(name[i]) }
    }
    self.word = word
    self.rest = rest ^ UInt64(name.count) << 56
  }

  package init(stringLiteral text: StaticString) {
    self.init(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  @inline(__always)
  package static func ~= (pattern: JSONKey, key: JSONKey) -> Bool { pattern == key }
}
