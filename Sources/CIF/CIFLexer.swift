/// Cuts a CIF 1.1 text into words, each with its line. Never fails: what makes no sense becomes a value,
/// and the reader of values says so.
struct CIFLexer {
  enum Word: Equatable {
    case data(String)
    case loop
    /// Lower case, dots as underscores: `_atom_site.fract_x` and `_atom_site_fract_x` are one name.
    case tag(String)
    /// `quoted` values are never `.` or `?` or a keyword.
    case value(String, quoted: Bool)
    /// `save_` frames, `global_`, `stop_`: nothing that a crystal needs.
    case other(String)
  }

  private let bytes: [UInt8]
  private var at = 0
  private(set) var line = 1

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next word and the line where it starts; nil at the end.
  mutating func next() -> (word: Word, line: Int)? {
    skipSpace()
    guard at < bytes.count else { return nil }
    let start = line
    if bytes[at] == UInt8(ascii: ";"), at == 0 || bytes[at - 1] == 10 || bytes[at - 1] == 13 {
      return (.value(textField(), quoted: true), start)
    }
    if bytes[at] == UInt8(ascii: "'") || bytes[at] == UInt8(ascii: "\"") {
      return (.value(quotedText(), quoted: true), start)
    }
    let from = at
    while at < bytes.count, !Self.isSpace(bytes[at]) { at += 1 }
    let text = String(decoding: bytes[from..<at], as: UTF8.self)
    return (Self.word(text), start)
  }

  private static func word(_ text: String) -> Word {
    if text.hasPrefix("_") { return .tag(text.lowercased().replacingDots()) }
    let lower = text.lowercased()
    if lower == "loop_" { return .loop }
    if lower.hasPrefix("data_") { return .data(String(text.dropFirst(5))) }
    if lower.hasPrefix("save_") || lower == "global_" || lower == "stop_" { return .other(lower) }
    return .value(text, quoted: false)
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      if Self.isSpace(bytes[at]) {
        advance()
      } else if bytes[at] == UInt8(ascii: "#") {
        while at < bytes.count, bytes[at] != 10, bytes[at] != 13 { at += 1 }
      } else {
        return
      }
    }
  }

  /// One byte on, counting lines that end in LF, CR or CR LF.
  private mutating func advance() {
    if bytes[at] == 10 || (bytes[at] == 13 && !(at + 1 < bytes.count && bytes[at + 1] == 10)) { line += 1 }
    at += 1
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }

  /// From a semicolon at the start of a line to the next one.
  private mutating func textField() -> String {
    at += 1
    let from = at
    while at < bytes.count {
      let newLine = bytes[at] == 10 || bytes[at] == 13
      advance()
      if newLine, at < bytes.count, bytes[at] == UInt8(ascii: ";") {
        let text = String(decoding: bytes[from..<at - 1], as: UTF8.self)
        at += 1
        return text
      }
    }
    return String(decoding: bytes[from...], as: UTF8.self)
  }

  /// A quote ends where its sign is followed by a space: 'O'Neill' is one value. It ends with its line.
  private mutating func quotedText() -> String {
    let quote = bytes[at]
    at += 1
    let from = at
    while at < bytes.count, bytes[at] != 10, bytes[at] != 13 {
      if bytes[at] == quote, at + 1 == bytes.count || Self.isSpace(bytes[at + 1]) {
        at += 1
        return String(decoding: bytes[from..<at - 1], as: UTF8.self)
      }
      at += 1
    }
    return String(decoding: bytes[from..<at], as: UTF8.self)
  }
}

extension String {
  fileprivate func replacingDots() -> String { String(map { $0 == "." ? "_" : $0 }) }
}
