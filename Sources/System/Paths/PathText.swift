/// File names are bytes; `String` holds only valid Unicode. A byte that is not part of valid UTF-8 is
/// carried as a private-use character, so that a file with a broken name can still be opened.
package enum PathText {
  private static let first: UInt32 = 0x10_FF00

  /// The name as text; `bytes` gives the same bytes back.
  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    var input = bytes.makeIterator()
    var pending: [UInt8] = []
    while true {
      guard let byte = pending.isEmpty ? input.next() : pending.removeFirst() else { break }
      let length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
      while pending.count < length - 1, let next = input.next() { pending.append(next) }
      let candidate = [byte] + pending.prefix(length - 1)
      if let valid = String(validating: candidate, as: UTF8.self), valid.unicodeScalars.count == 1,
        let scalar = valid.unicodeScalars.first, !(first...first + 0xFF).contains(scalar.value)
      {
        text.append(scalar)
        pending.removeFirst(length - 1)
      } else if let scalar = Unicode.Scalar(first + UInt32(byte)) {
        text.append(scalar)
      }
    }
    return String(text)
  }

  package static func bytes(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if (first...first + 0xFF).contains(scalar.value) {
        bytes.append(UInt8(scalar.value - first))
      } else {
        bytes.append(contentsOf: String(Character(scalar)).utf8)
      }
    }
    return bytes
  }

  /// The name as the system's calls take it. A NUL cannot be part of one: it stands for nothing there is.
  package static func withCString<Result>(_ text: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result
  {
    let bytes = bytes(text)
    return RawPath(bytes: bytes.contains(0) ? [] : bytes).withCString(body)
  }
}
