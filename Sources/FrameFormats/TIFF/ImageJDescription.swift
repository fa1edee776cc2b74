/// The `key=value` lines that ImageJ writes into the image description.
struct ImageJDescription {
  private var values: [String: String] = [:]

  init?(_ text: [UInt8]) {
    guard text.starts(with: "ImageJ=".utf8) else { return nil }
    for line in text.prefix(while: { $0 != 0 }).split(separator: UInt8(ascii: "\n")) {
      guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let key = String(decoding: line[..<equals], as: UTF8.self)
      values[key] = CleanText.utf8(line[(equals + 1)...], limit: 80)
    }
  }

  /// Images of the stack, 1 when nothing is said.
  var images: Int { values["images"].flatMap { Int($0) } ?? 1 }

  /// The unit of the pixel size, with ImageJ's escapes undone; `nil` for pixels.
  var unit: String? {
    guard let raw = values["unit"] else { return nil }
    let unit = Self.unescape(raw)
    switch unit {
    case "", "pixel", "pixels": return nil
    case "micron", "um", "μm": return "µm"
    default: return unit
    }
  }

  /// `\u00B5m` -> `µm`.
  static func unescape(_ text: String) -> String {
    guard text.contains("\\u") else { return text }
    var result = ""
    var rest = text[...]
    while let mark = rest.firstIndex(of: "\\") {
      result += rest[..<mark]
      rest = rest[mark...]
      let digits = rest.dropFirst(2).prefix(4)
      if rest.dropFirst().first == "u", digits.count == 4, let code = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(code)
      {
        result.unicodeScalars.append(scalar)
        rest = rest.dropFirst(6)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return CleanText.clean(result + rest)
  }
}
