/// Reads protocol buffer fields one after another. Every length is checked against the bytes at hand, so a
/// hostile file can make it throw and nothing else.
struct ProtobufReader {
  struct Field {
    var number: Int
    var value: Value
  }

  enum Value {
    case number(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(Range<Int>)
  }

  let bytes: [UInt8]
  private var position: Int
  private let end: Int

  init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// `nil` at the end.
  mutating func next() throws(NetworkError) -> Field? {
    guard position < end else { return nil }
    let tag = try variableLength()
    guard tag >> 3 > 0, tag >> 3 <= 1 << 29 else { throw malformed("a field without a number") }
    let number = Int(tag >> 3)
    switch tag & 7 {
    case 0: return Field(number: number, value: .number(try variableLength()))
    case 1: return Field(number: number, value: .fixed64(try fixed(8)))
    case 2:
      let length = try variableLength()
      guard length <= UInt64(end - position) else { throw malformed("a field longer than its message") }
      let range = position..<position + Int(length)
      position = range.upperBound
      return Field(number: number, value: .bytes(range))
    case 5: return Field(number: number, value: .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw malformed("an unknown kind of field")
    }
  }

  private mutating func variableLength() throws(NetworkError) -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard position < end else { throw malformed("an unfinished number") }
      let byte = bytes[position]
      position += 1
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
    }
    throw malformed("a number of more than 64 bits")
  }

  private mutating func fixed(_ size: Int) throws(NetworkError) -> UInt64 {
    guard end - position >= size else { throw malformed("an unfinished number") }
    var result: UInt64 = 0
    for i in 0..<size { result |= UInt64(bytes[position + i]) << UInt64(8 * i) }
    position += size
    return result
  }

  private func malformed(_ reason: String) -> NetworkError {
    .model(reason: "\(reason) at byte \(position)")
  }
}

extension ProtobufReader {
  func text(_ field: Field) throws(NetworkError) -> String {
    guard case .bytes(let range) = field.value else { throw malformed("text of another kind") }
    guard range.count <= 1 << 16 else { throw malformed("a name of \(range.count) bytes") }
    return String(decoding: bytes[range], as: UTF8.self)
  }

  func message(_ field: Field) throws(NetworkError) -> ProtobufReader {
    guard case .bytes(let range) = field.value else { throw malformed("a message of another kind") }
    return ProtobufReader(bytes, range)
  }

  /// A signed number, or several in one packed field.
  func integers(_ field: Field) throws(NetworkError) -> [Int64] {
    switch field.value {
    case .number(let value): return [Int64(bitPattern: value)]
    case .bytes(let range):
      var reader = ProtobufReader(bytes, range)
      var result: [Int64] = []
      while reader.position < reader.end { result.append(Int64(bitPattern: try reader.variableLength())) }
      return result
    default: throw malformed("an integer of another kind")
    }
  }

  func floats(_ field: Field) throws(NetworkError) -> [Float] {
    switch field.value {
    case .fixed32(let bits): return [Float(bitPattern: bits)]
    case .bytes(let range):
      guard range.count % 4 == 0 else { throw malformed("packed floats of \(range.count) bytes") }
      var reader = ProtobufReader(bytes, range)
      var result: [Float] = []
      result.reserveCapacity(range.count / 4)
      while reader.position < reader.end {
        result.append(Float(bitPattern: UInt32(truncatingIfNeeded: try reader.fixed(4))))
      }
      return result
    default: throw malformed("a float of another kind")
    }
  }
}
