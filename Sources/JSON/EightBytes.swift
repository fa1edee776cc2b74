/// Eight bytes of text looked at in one go.
@usableFromInline
enum EightBytes {
  @inlinable @inline(__always)
  static func all(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

  /// Bit 7 of the first byte that is zero is set; bits above it may be set wrongly, bits below it are not.
  @inlinable @inline(__always)
  static func zeros(_ word: UInt64) -> UInt64 { (word &- all(1)) & ~word & all(0x80) }

  /// Not zero if any byte ends a plain run of a string: a quote, a backslash, a control character.
  @inlinable @inline(__always)
  static func ends(_ word: UInt64) -> UInt64 {
    zeros(word ^ all(UInt8(ascii: "\""))) | zeros(word ^ all(UInt8(ascii: "\\")))
      | ((word &- all(0x20)) & ~word & all(0x80))
  }
}
