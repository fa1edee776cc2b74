/// The JSON of model files: written and read here, without Foundation.
package enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([String: JSON])

  package static func integer(_ value: Int) -> JSON { .number(Double(value)) }
  package static func integers(_ values: [Int]) -> JSON { .list(values.map(JSON.integer)) }

  package subscript(key: String) -> JSON? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  package var double: Double? {
    if case .number(let value) = self { return value }
    return nil
  }

  package var int: Int? { double.flatMap { Int(exactly: $0) } }

  package var string: String? {
    if case .text(let value) = self { return value }
    return nil
  }

  package var items: [JSON]? {
    if case .list(let items) = self { return items }
    return nil
  }

  package var ints: [Int]? {
    guard let items else { return nil }
    let numbers = items.compactMap(\.int)
    return numbers.count == items.count ? numbers : nil
  }

  /// Compact, members in the order of their names: equal values are equal bytes.
  package var bytes: [UInt8] {
    var result: [UInt8] = []
    write(to: &result)
    return result
  }

  /// For people: a member a line, short lists of numbers on one line, members in the order of their names.
  package var text: String {
    var result = ""
    write(to: &result, indent: "")
    return result + "\n"
  }

  private func write(to text: inout String, indent: String) {
    let inner = indent + "  "
    func put(_ parts: [(String, JSON)], _ open: String, _ close: String) {
      text += open
      for (index, part) in parts.enumerated() {
        text += (index > 0 ? ",\n" : "\n") + inner + part.0
        part.1.write(to: &text, indent: inner)
      }
      text += "\n\(indent)\(close)"
    }
    switch self {
    case .object(let members) where !members.isEmpty:
      put(
        members.sorted { $0.key < $1.key }.map {
          (String(decoding: JSON.text($0.key).bytes, as: UTF8.self) + ": ", $0.value)
        },
        "{", "}")
    case .list(let items) where items.contains(where: \.isNested):
      put(items.map { ("", $0) }, "[", "]")
    default: text += String(decoding: bytes, as: UTF8.self)
    }
  }

  private var isNested: Bool {
    switch self {
    case .list, .object: true
    default: false
    }
  }

  package init?(_ bytes: [UInt8]) {
    guard let value = JSONParser.parse(bytes[...]) else { return nil }
    self = value
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes += Array("null".utf8)
    case .bool(let value): bytes += Array((value ? "true" : "false").utf8)
    case .number(let value):
      let text = Int(exactly: value).map(String.init) ?? value.description
      bytes += Array((value.isFinite ? text : "null").utf8)
    case .text(let value): Self.write(value, to: &bytes)
    case .list(let items):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        item.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, key) in members.keys.sorted().enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        members[key]?.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
