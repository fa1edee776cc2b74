/// Finds elements in XML that microscopes write. No document type, no entities beyond the five, nothing is
/// ever fetched; broken text gives no answer.
struct XMLScan {
  private let bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }
  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// The insides of all elements of this name, in order.
  func elements(_ name: String) -> [ArraySlice<UInt8>] {
    var found: [ArraySlice<UInt8>] = []
    var position = bytes.startIndex
    while let (_, inside, end) = element(name, from: position) {
      found.append(inside)
      position = end
      if found.count >= 10_000 { break }
    }
    return found
  }

  /// The text of the first element of this name.
  func text(_ name: String, limit: Int = 200) -> String? {
    element(name, from: bytes.startIndex).map { Self.unescape(CleanText.utf8($0.inside, limit: limit)) }
  }

  /// An attribute of the first element of this name.
  func attribute(_ attribute: String, of name: String) -> String? {
    guard let (tag, _, _) = element(name, from: bytes.startIndex) else { return nil }
    let pattern = Array("\(attribute)=\"".utf8)
    guard let start = Self.find(pattern, in: tag) else { return nil }
    let rest = tag[(start + pattern.count)...]
    guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
    return Self.unescape(CleanText.utf8(rest[..<end], limit: 500))
  }

  private func element(_ name: String, from position: Int) -> (
    tag: ArraySlice<UInt8>, inside: ArraySlice<UInt8>, end: Int
  )? {
    let open = Array("<\(name)".utf8)
    var position = position
    while let start = Self.find(open, in: bytes[position...]) {
      let next = start + open.count
      guard next < bytes.endIndex else { return nil }
      // The name has to end here: `<Data` is not `<DataBar`.
      guard bytes[next] == UInt8(ascii: ">") || bytes[next] == UInt8(ascii: "/") || bytes[next] <= 32 else {
        position = next
        continue
      }
      guard let close = bytes[next...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
      let tag = bytes[start..<close]
      if bytes[close - 1] == UInt8(ascii: "/") { return (tag, bytes[close..<close], close + 1) }
      let ending = Array("</\(name)>".utf8)
      guard let end = Self.find(ending, in: bytes[(close + 1)...]) else { return nil }
      return (tag, bytes[(close + 1)..<end], end + ending.count)
    }
    return nil
  }

  private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = pattern.first, bytes.count >= pattern.count else { return nil }
    return bytes.withUnsafeBytes { raw in
      for start in 0...(raw.count - pattern.count) where raw[start] == first {
        if raw[start..<(start + pattern.count)].elementsEqual(pattern) { return bytes.startIndex + start }
      }
      return nil
    }
  }

  private static func unescape(_ text: String) -> String {
    guard text.contains("&") else { return text }
    return text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
      .replacing("&apos;", with: "'").replacing("&amp;", with: "&")
  }
}
