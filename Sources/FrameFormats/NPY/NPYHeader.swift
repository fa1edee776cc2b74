import Diffraction

/// The header: a Python dictionary of three known keys, read as data and never evaluated.
struct NPYHeader {
  var stored: StoredSample = .plain(.uint8)
  var order: ByteOrder = .little
  var isFortran = false
  var shape: [Int] = []
  /// Of text: four bytes each.
  var characters: Int?

  var shapeText: String { shape.map(String.init).joined(separator: " x ") }

  init(_ text: [UInt8], reader: ByteReader) throws(FileRefusal) {
    var scanner = Scanner(text: text)
    var seen: Set<String> = []
    guard scanner.take("{") else { throw reader.damaged("the header is not a dictionary") }
    while !scanner.take("}") {
      guard let key = scanner.quoted(), scanner.take(":"), seen.insert(key).inserted else {
        throw reader.damaged("the header is not a dictionary of names")
      }
      switch key {
      case "descr":
        guard let code = scanner.quoted() else { throw reader.unsupported("a structured type") }
        guard let type = Self.type(code) else {
          throw reader.unsupported(
            code.hasSuffix("O")
              ? "Python objects, which only Python can read"
              : "values of type \"\(CleanText.clean(code, limit: 20))\"")
        }
        (stored, order) = type
        characters = Self.characters(code)
      case "fortran_order":
        guard let value = scanner.bool() else { throw reader.damaged("the axis order is not stated") }
        isFortran = value
      case "shape":
        guard let value = scanner.tuple() else { throw reader.damaged("the shape is not a list of sizes") }
        shape = value
      default: throw reader.damaged("an unknown key in the header")
      }
      guard scanner.take(",") || scanner.peek("}") else { throw reader.damaged("the header has no end") }
    }
    guard seen.count == 3 else { throw reader.damaged("the header lacks a key") }
  }

  /// `<u2` and its like.
  private static func type(_ code: String) -> (StoredSample, ByteOrder)? {
    let order: ByteOrder =
      switch code.first {
      case ">": .big
      case "=": .host
      case "<", "|": .little
      default: .little
      }
    let name = code.first.map { "<>=|".contains($0) } == true ? String(code.dropFirst()) : code
    let stored: StoredSample? =
      switch name {
      case "u1", "b1": .plain(.uint8)
      case "i1": .plain(.int8)
      case "u2": .plain(.uint16)
      case "i2": .plain(.int16)
      case "u4": .plain(.uint32)
      case "i4": .plain(.int32)
      case "u8": .plain(.uint64)
      case "i8": .plain(.int64)
      case "f2": .half
      case "f4": .plain(.float32)
      case "f8": .plain(.float64)
      default: characters(code) == nil ? nil : .plain(.uint32)
      }
    return stored.map { ($0, order) }
  }

  /// `<U1260`: so many characters of UTF-32.
  private static func characters(_ code: String) -> Int? {
    guard let kind = code.firstIndex(of: "U"), code[..<kind].count <= 1 else { return nil }
    return Int(code[code.index(after: kind)...]).flatMap { (1...1 << 20).contains($0) ? $0 : nil }
  }
}

private struct Scanner {
  let text: [UInt8]
  var position = 0

  init(text: [UInt8]) { self.text = text }

  private mutating func skipSpace() {
    while position < text.count, text[position] == 32 || (9...13).contains(text[position]) { position += 1 }
  }

  mutating func peek(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    return position < text.count && text[position] == UInt8(ascii: character)
  }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek(character) else { return false }
    position += 1
    return true
  }

  mutating func quoted() -> String? {
    skipSpace()
    guard position < text.count, text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\"")
    else { return nil }
    let quote = text[position]
    guard let end = text[(position + 1)...].firstIndex(of: quote), end - position < 100 else { return nil }
    defer { position = end + 1 }
    return String(decoding: text[(position + 1)..<end], as: UTF8.self)
  }

  mutating func bool() -> Bool? {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    return nil
  }

  /// `(5, 7L,)`, at most 32 sizes.
  mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var values: [Int] = []
    while !take(")") {
      skipSpace()
      let digits = text[position...].prefix { (48...57).contains($0) }
      guard !digits.isEmpty, let value = Int(String(decoding: digits, as: UTF8.self)), values.count < 32
      else {
        return nil
      }
      position = digits.endIndex
      _ = take("L")
      values.append(value)
      guard take(",") || peek(")") else { return nil }
    }
    return values
  }
}
