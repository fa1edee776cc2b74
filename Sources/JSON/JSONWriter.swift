/// Writes JSON, member after member, straight into bytes. The order is that of the calls: same calls, same
/// bytes.
///
/// The session file is written once a frame and read a million lines at a time, so there are a writer and a
/// reader here instead of `Codable`.
package struct JSONWriter {
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false
  /// Blanks at the beginning of the line that is due.
  private var indent: Int?

  package init() { bytes.reserveCapacity(512) }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package mutating func object(_ body: (inout JSONWriter) -> Void) { nest("{", "}", body) }
  package mutating func array(_ body: (inout JSONWriter) -> Void) { nest("[", "]", body) }

  /// What comes next, be it the end of an object, begins a line: for people, a reader does not see it.
  package mutating func line(indent: Int = 0) { self.indent = indent }

  package mutating func key(_ name: String) {
    let beginsLine = indent != nil
    separate()
    quote(name)
    bytes.append(contentsOf: (beginsLine ? ": " : ":").utf8)
    needsComma = false
  }

  package mutating func string(_ value: String) {
    separate()
    quote(value)
  }

  package mutating func integer(_ value: some BinaryInteger) {
    separate()
    bytes.append(contentsOf: String(value).utf8)
  }

  /// JSON has no NaN and no infinity: an unknown number is `null`.
  package mutating func number(_ value: Double) {
    separate()
    if !value.isFinite {
      bytes.append(contentsOf: "null".utf8)
    } else if value.magnitude < 1e15, value == Double(Int(value)) {
      bytes.append(contentsOf: String(Int(value)).utf8)
    } else {
      bytes.append(contentsOf: value.description.utf8)
    }
  }

  package mutating func boolean(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  package mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// Text that is JSON already.
  package mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
  }

  private mutating func nest(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void
  ) {
    separate()
    bytes.append(UInt8(ascii: open))
    needsComma = false
    body(&self)
    breakLine()
    bytes.append(UInt8(ascii: close))
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
    breakLine()
  }

  private mutating func breakLine() {
    guard let blanks = indent else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: blanks))
    indent = nil
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
      case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20, 0x7f:
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension JSONWriter {
  package mutating func member(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  package mutating func member(_ name: String, _ value: some BinaryInteger) {
    key(name)
    integer(value)
  }

  package mutating func member(_ name: String, _ value: Double) {
    key(name)
    number(value)
  }

  package mutating func member(_ name: String, _ value: Bool) {
    key(name)
    boolean(value)
  }

  package mutating func member(_ name: String, _ values: [Double]) {
    key(name)
    array { json in for value in values { json.number(value) } }
  }

  package mutating func member(_ name: String, _ values: [Int]) {
    key(name)
    array { json in for value in values { json.integer(value) } }
  }

  /// Leaves the member out when there is nothing to say.
  package mutating func member(_ name: String, ifPresent value: String?) {
    if let value { member(name, value) }
  }

  package mutating func member(_ name: String, ifPresent value: Double?) {
    if let value { member(name, value) }
  }

  package mutating func member(_ name: String, ifPresent value: (some BinaryInteger)?) {
    if let value { member(name, value) }
  }
}
