/// Text from a file is untrusted: it may carry terminal escape sequences, or be endless.
package enum CleanText {
  package static let limit = 1000

  /// Without control and direction-changing characters, on one line, at most `limit` characters.
  package static func clean(_ text: some Sequence<Unicode.Scalar>, limit: Int = limit) -> String {
    var result = String.UnicodeScalarView()
    var count = 0
    var pendingSpace = false
    for scalar in text {
      // Nearly all characters are plain, and the tables of Unicode are slow.
      if !(0x21...0x7E).contains(scalar.value) {
        if scalar.properties.isWhitespace {
          pendingSpace = count > 0
          continue
        }
        guard isHarmless(scalar) else { continue }
      }
      guard count < limit else {
        result.append("…")
        break
      }
      if pendingSpace { result.append(" ") }
      pendingSpace = false
      result.append(scalar)
      count += 1
    }
    return String(result)
  }

  package static func clean(_ text: String, limit: Int = limit) -> String {
    clean(text.unicodeScalars, limit: limit)
  }

  /// UTF-8 where it is valid, else Latin-1; up to the first NUL.
  package static func utf8(_ bytes: some Sequence<UInt8>, limit: Int = limit) -> String {
    let text = Array(bytes.prefix { $0 != 0 }.prefix(8 * limit))
    if let valid = String(validating: text, as: UTF8.self) { return clean(valid, limit: limit) }
    // A cut in the middle of a character leaves up to three stray bytes at the end.
    for cut in 1...3 where text.count > cut {
      if let valid = String(validating: text.dropLast(cut), as: UTF8.self), text.count == 8 * limit {
        return clean(valid, limit: limit)
      }
    }
    return latin1(text, limit: limit)
  }

  package static func latin1(_ bytes: some Sequence<UInt8>, limit: Int = limit) -> String {
    clean(bytes.prefix { $0 != 0 }.map { Unicode.Scalar($0) }, limit: limit)
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}
