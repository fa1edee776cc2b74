/// Just enough JSON to look up a value in the metadata that microscopes' programs store; broken text gives no answer.
struct JSONText {
  indirect enum Value {
    case object([String: Value])
    case array([Value])
    /// Text, numbers and words alike: Velox writes numbers as text.
    case text(String)

    var text: String? {
      if case .text(let text) = self { text } else { nil }
    }

    var number: Double? { text.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }

    subscript(name: String) -> Value? {
      if case .object(let members) = self { members[name] } else { nil }
    }

    subscript(index: Int) -> Value? {
      if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }
  }

  let root: Value

  init?(_ bytes: [UInt8]) {
    var parser = Parser(bytes: bytes)
    guard let value = parser.value(depth: 0) else { return nil }
    root = value
  }

  /// The text at a path of names.
  subscript(_ path: String...) -> String? {
    var value = root
    for name in path {
      guard case .object(let members) = value, let next = members[name] else { return nil }
      value = next
    }
    if case .text(let text) = value { return text }
    return nil
  }

  func members(_ name: String) -> [String: Value] {
    guard case .object(let members) = root, case .object(let inner)? = members[name] else { return [:] }
    return inner
  }

  private struct Parser {
    let bytes: [UInt8]
    var position = 0
    var values = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func next() -> UInt8? {
      while position < bytes.count, [9, 10, 13, 32].contains(bytes[position]) { position += 1 }
      return position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next() == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func value(depth: Int) -> Value? {
      values += 1
      guard depth < 32, values < 20_000, let first = next() else { return nil }
      switch first {
      case UInt8(ascii: "{"):
        position += 1
        var members: [String: Value] = [:]
        if take("}") { return .object(members) }
        repeat {
          guard next() == UInt8(ascii: "\""), let name = string(), take(":"),
            let value = value(depth: depth + 1)
          else { return nil }
          members[name] = value
        } while take(",")
        return take("}") ? .object(members) : nil
      case UInt8(ascii: "["):
        position += 1
        var elements: [Value] = []
        if take("]") { return .array(elements) }
        repeat {
          guard let value = value(depth: depth + 1) else { return nil }
          elements.append(value)
        } while take(",")
        return take("]") ? .array(elements) : nil
      case UInt8(ascii: "\""): return string().map { .text($0) }
      default:
        let word = bytes[position...].prefix { $0 > 32 && ![0x2C, 0x5D, 0x7D].contains($0) }
        guard !word.isEmpty, word.count < 64 else { return nil }
        position = word.endIndex
        return .text(CleanText.utf8(word))
      }
    }

    /// A quoted string; of the escapes those of quotes, backslashes and single characters are undone, those of
    /// control characters dropped.
    private mutating func string() -> String? {
      position += 1
      var text: [UInt8] = []
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\"") { return CleanText.utf8(text) }
        if byte == UInt8(ascii: "\\") {
          guard position < bytes.count else { return nil }
          if [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/")].contains(bytes[position]) {
            text.append(bytes[position])
          } else if bytes[position] == UInt8(ascii: "u") {
            let digits = String(decoding: bytes[(position + 1)...].prefix(4), as: UTF8.self)
            guard digits.utf8.count == 4, let code = UInt32(digits, radix: 16) else { return nil }
            if let scalar = Unicode.Scalar(code) { text.append(contentsOf: String(scalar).utf8) }
            position += 4
          }
          position += 1
        } else {
          text.append(byte)
        }
      }
      return nil
    }
  }
}
