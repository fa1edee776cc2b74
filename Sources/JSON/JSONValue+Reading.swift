extension JSONValue {
  /// How numbers and words are kept.
  package enum Scalars: Sendable {
    case typed
    /// As the texts that they are written with: for metadata that is only passed on.
    case text
  }

  package init(_ bytes: some Sequence<UInt8>, scalars: Scalars = .typed) throws(JSONError) {
    self = try JSONReader.read(bytes) { reader throws(JSONError) in
      let value = try reader.value(scalars)
      try reader.end()
      return value
    }
  }
}

extension JSONReader {
  /// One value of any kind, with all that is in it.
  package mutating func value(_ scalars: JSONValue.Scalars = .typed) throws(JSONError) -> JSONValue {
    skipSpace()
    guard position < bytes.count else { throw fail("a value was expected") }
    switch bytes[position] {
    case UInt8(ascii: "{"):
      var members: [String: JSONValue] = [:]
      try dictionary { reader, name throws(JSONError) in members[name] = try reader.value(scalars) }
      return .object(members)
    case UInt8(ascii: "["):
      var items: [JSONValue] = []
      try array { reader throws(JSONError) in items.append(try reader.value(scalars)) }
      return .list(items)
    case UInt8(ascii: "\""): return .text(try string())
    case _ where scalars == .text:
      let start = position
      skipWord()
      guard position > start else { throw fail("a value was expected") }
      return .text(try text(UnsafeBufferPointer(rebasing: bytes[start..<position])))
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try boolean())
    default: return isNull() ? .null : .number(try double())
    }
  }
}
