/// A path as the kernel knows it: any bytes but NUL.
///
/// A Swift `String` repairs bytes that are not UTF-8, and the repaired name opens nothing. So the bytes are
/// kept for `open` and a cleaned text is made for the eye.
package struct RawPath: Sendable, Hashable, CustomStringConvertible {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }
  package init(_ string: String) { bytes = Array(string.utf8) }

  /// The same bytes as a string, or `nil` where a string cannot carry them unchanged.
  package var string: String? { String(validating: bytes, as: UTF8.self) }

  /// For a screen or a log: control characters, direction overrides and stray bytes are spelled out.
  package var display: String {
    var text = ""
    var rest = bytes[...]
    while !rest.isEmpty {
      var decoder = UTF8()
      var iterator = rest.makeIterator()
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar):
        rest = rest.dropFirst(UTF8.width(scalar))
        if Self.isHarmless(scalar) {
          text.unicodeScalars.append(scalar)
        } else if scalar.isASCII {
          text += Self.escape(UInt8(scalar.value))
        } else {
          text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        }
      case .error:
        text += Self.escape(rest[rest.startIndex])
        rest = rest.dropFirst()
      case .emptyInput:
        rest = []
      }
    }
    return text
  }

  package var description: String { display }

  /// What follows the last slash.
  package var name: RawPath {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return self }
    return RawPath(bytes: Array(bytes[(slash + 1)...]))
  }

  package func appending(_ part: RawPath) -> RawPath {
    if bytes.isEmpty { return part }
    if part.bytes.isEmpty { return self }
    return RawPath(bytes: bytes.last == UInt8(ascii: "/") ? bytes + part.bytes : bytes + [47] + part.bytes)
  }

  package func withCString<Result, Failure: Error>(
    _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
    return try terminated.withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in
      guard let base = buffer.baseAddress else { preconditionFailure("a terminated name is not empty") }
      return try body(base)
    }
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
    default: true
    }
  }

  private static func escape(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return byte < 16 ? "\\x0\(digits)" : "\\x\(digits)"
  }
}
