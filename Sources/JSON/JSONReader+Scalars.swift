import Glibc

extension JSONReader {
  @inlinable
  public mutating func double() throws(JSONError) -> Double {
    skipSpace()
    let start = position
    // Most numbers are short decimals: exact in 53 bits and a power of ten, so no strtod is needed.
    var mantissa: UInt64 = 0
    var digits = 0
    var decimals = 0
    let negative = take(UInt8(ascii: "-"))
    let first = position
    while position < bytes.count, case let digit = bytes[position] &- 48, digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      digits += 1
      position += 1
    }
    guard digits > 0 else { throw fail("a number was expected") }
    if digits > 1, bytes[first] == UInt8(ascii: "0") {
      throw fail("a number that begins with a zero too many")
    }
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
    return try double(from: start)
  }

  /// The number that begins at `start`, with its exponent, in full.
  @usableFromInline
  mutating func double(from start: Int) throws(JSONError) -> Double {
    while position < bytes.count, Self.isNumberByte(bytes[position]) { position += 1 }
    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    guard let value = Double(text) else { throw fail("a number was expected") }
    guard value.isFinite else { throw fail("a number beyond 64 bits") }
    return value
  }

  @inlinable
  public mutating func optionalDouble() throws(JSONError) -> Double? { isNull() ? nil : try double() }

  @inlinable
  public mutating func integer() throws(JSONError) -> Int {
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
    if position > start + 1, bytes[start] == UInt8(ascii: "0") {
      throw fail("a number that begins with a zero too many")
    }
    return negative ? -value : value
  }

  public mutating func boolean() throws(JSONError) -> Bool {
    skipSpace()
    if takeWord("true") { return true }
    if takeWord("false") { return false }
    throw fail("true or false was expected")
  }

  /// Takes a `null`, if there is one.
  @inlinable
  public mutating func isNull() -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "n") else { return false }
    return takeWord("null")
  }

  @usableFromInline
  mutating func takeWord(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard position + count <= bytes.count, let base = bytes.baseAddress,
      memcmp(base + position, word.utf8Start, count) == 0
    else { return false }
    position += count
    return true
  }

  static func isNumberByte(_ byte: UInt8) -> Bool {
    byte &- 48 < 10 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
      || (byte | 0x20) == UInt8(ascii: "e")
  }

  @usableFromInline static let powersOfTen: [Double] = (0...15).map { pow(10, Double($0)) }
}
