/// Reads JSON (RFC 8259) from bytes in one pass, without building a tree: a record pulls its members out and
/// skips what it does not know. Depth is limited and every access is checked, so a hostile text can only fail.
///
/// What runs once a byte or once a member is compiled into its callers: a session of a million lines is read
/// through here. The compiler does so across modules only for what is public, so this is, and `JSONKey`.
public struct JSONReader {
  @usableFromInline let bytes: UnsafeBufferPointer<UInt8>
  @usableFromInline var position: Int
  @usableFromInline var depth = 0

  /// A nesting that nobody needs could use up the stack of whoever follows it.
  @usableFromInline static let depthLimit = 64

  @inlinable
  public init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    position = 0
  }

  public static func read<R>(
    _ bytes: some Sequence<UInt8>, _ body: (inout JSONReader) throws(JSONError) -> R
  ) throws(JSONError) -> R {
    let copy = Array(bytes)
    return try copy.withUnsafeBufferPointer { (buffer) throws(JSONError) -> R in
      var reader = JSONReader(buffer)
      return try body(&reader)
    }
  }

  public func fail(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

  // MARK: Structure

  /// Calls `body` for every member with the reader at its value; `body` must read or skip it. A name that
  /// stands twice is handed over twice.
  @inlinable
  public mutating func object(_ body: (inout JSONReader, JSONKey) throws(JSONError) -> Void)
    throws(JSONError)
  {
    _ = try object(until: { false }, body)
  }

  /// The same, left as soon as there is `enough`; says whether the end of the object was reached.
  @inlinable
  public mutating func object(
    until enough: () -> Bool, _ body: (inout JSONReader, JSONKey) throws(JSONError) -> Void
  ) throws(JSONError) -> Bool {
    try enter(UInt8(ascii: "{"), "an object was expected")
    if closes(UInt8(ascii: "}")) { return true }
    while true {
      skipSpace()
      let key = try key()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fail("a colon was expected") }
      try body(&self, key)
      if enough() { return false }
      if closes(UInt8(ascii: "}")) { return true }
      guard take(UInt8(ascii: ",")) else { throw fail("a comma or the end of an object was expected") }
    }
  }

  /// An object whose names are data, each of which stands once: settings, artifacts.
  public mutating func dictionary(
    _ body: (inout JSONReader, String) throws(JSONError) -> Void
  ) throws(JSONError) {
    try enter(UInt8(ascii: "{"), "an object was expected")
    if closes(UInt8(ascii: "}")) { return }
    var names: Set<String> = []
    while true {
      let name = try string()
      guard names.insert(name).inserted else { throw fail("a name that stands twice") }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fail("a colon was expected") }
      try body(&self, name)
      if closes(UInt8(ascii: "}")) { return }
      guard take(UInt8(ascii: ",")) else { throw fail("a comma or the end of an object was expected") }
    }
  }

  @inlinable
  public mutating func array(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
    try enter(UInt8(ascii: "["), "an array was expected")
    if closes(UInt8(ascii: "]")) { return }
    while true {
      try body(&self)
      if closes(UInt8(ascii: "]")) { return }
      guard take(UInt8(ascii: ",")) else { throw fail("a comma or the end of an array was expected") }
    }
  }

  /// After the outermost value only blanks may follow.
  public mutating func end() throws(JSONError) {
    skipSpace()
    if position != bytes.count { throw fail("text after the end of the value") }
  }

  // MARK: Details

  @inlinable
  mutating func enter(_ byte: UInt8, _ reason: String) throws(JSONError) {
    skipSpace()
    guard take(byte) else { throw fail(reason) }
    depth += 1
    if depth > Self.depthLimit { throw fail("nested too deeply") }
  }

  @inlinable @inline(__always)
  mutating func closes(_ byte: UInt8) -> Bool {
    skipSpace()
    guard take(byte) else { return false }
    depth -= 1
    return true
  }

  @inlinable @inline(__always)
  mutating func skipSpace() {
    while position < bytes.count, bytes[position] <= 0x20,
      bytes[position] == 0x20 || bytes[position] == 10 || bytes[position] == 13 || bytes[position] == 9
    {
      position += 1
    }
  }

  @inlinable @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }
}
