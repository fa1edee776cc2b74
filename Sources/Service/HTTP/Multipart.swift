import System

/// The parts of a `multipart/form-data` body (RFC 7578), found without reading them into memory.
package struct Multipart: Sendable {
  package struct Part: Sendable, Equatable {
    package var name: String
    package var fileName: String?
    /// Where its content lies in the body.
    package var range: Range<Int>
  }

  package private(set) var parts: [Part] = []

  private static let mostParts = 32
  private static let longestHead = 8 << 10

  package init(_ body: BodyFile, contentType: String) throws {
    guard let boundary = Self.boundary(of: contentType) else {
      throw Refusal(
        400, "multipart/form-data: a boundary of 1 to 70 characters is missing in the content type")
    }
    let marks = try Self.positions(of: Array("--\(boundary)".utf8), in: body)
    guard let first = marks.first else {
      throw Refusal(400, "multipart/form-data: no part was found in the body")
    }
    var start = first
    let length = boundary.utf8.count + 2
    for end in marks.dropFirst() {
      guard parts.count < Self.mostParts else {
        throw Refusal(400, "multipart/form-data: more than 32 parts")
      }
      // Behind the mark a line ends; before the next one, another.
      let content = start + length + 2..<end - 2
      guard content.lowerBound <= content.upperBound else {
        throw Refusal(400, "multipart/form-data: a part without a head")
      }
      if let part = try Self.part(content, body) { parts.append(part) }
      start = end
    }
    let tail = try body.bytes(start + length..<min(start + length + 2, max(start + length, body.count)))
    guard tail == Array("--".utf8) else {
      throw Refusal(400, "multipart/form-data: the body ends within a part")
    }
  }

  package subscript(name: String) -> Part? { parts.first { $0.name == name } }

  private static func boundary(of contentType: String) -> String? {
    for field in contentType.split(separator: ";").dropFirst() {
      let pair = field.split(separator: "=", maxSplits: 1).map(\.trimmed)
      guard pair.count == 2, pair[0].lowercased() == "boundary" else { continue }
      let text =
        pair[1].hasPrefix("\"") && pair[1].hasSuffix("\"") && pair[1].utf8.count > 2
        ? String(pair[1].dropFirst().dropLast()) : pair[1]
      let isPlain = text.utf8.allSatisfy { 0x20 < $0 && $0 < 0x7f }
      return isPlain && 1...70 ~= text.utf8.count ? text : nil
    }
    return nil
  }

  /// Where the mark stands at the beginning of the body or of a line.
  private static func positions(of mark: [UInt8], in body: BodyFile) throws -> [Int] {
    var positions: [Int] = []
    let window = 1 << 18
    var offset = 0
    let needle = [13, 10] + mark
    if try body.bytes(0..<min(mark.count, body.count)) == mark { positions.append(0) }
    while offset < body.count {
      let bytes = try body.bytes(offset..<min(offset + window, body.count))
      if bytes.isEmpty { break }
      var at = 0
      while at + needle.count <= bytes.count {
        guard let found = bytes[at...].firstIndex(of: 13), found + needle.count <= bytes.count else { break }
        if bytes[found..<found + needle.count].elementsEqual(needle) {
          positions.append(offset + found + 2)
          guard positions.count <= mostParts + 2 else {
            throw Refusal(400, "multipart/form-data: more than 32 parts")
          }
        }
        at = found + 1
      }
      if offset + bytes.count >= body.count { break }
      // A mark may lie across the border.
      offset += max(1, bytes.count - needle.count + 1)
    }
    return positions
  }

  private static func part(_ range: Range<Int>, _ body: BodyFile) throws -> Part? {
    let head = try body.bytes(range.lowerBound..<min(range.upperBound, range.lowerBound + longestHead))
    guard let end = head.indices.first(where: { head[$0...].starts(with: [13, 10, 13, 10]) }) else {
      throw Refusal(400, "multipart/form-data: a part whose head has no end within 8 kB")
    }
    var name: String?
    var fileName: String?
    for line in String(decoding: head[..<end], as: UTF8.self).split(separator: "\r\n") {
      let pair = line.split(separator: ":", maxSplits: 1)
      guard pair.count == 2, pair[0].trimmed.lowercased() == "content-disposition" else { continue }
      name = Self.value("name", in: pair[1])
      fileName = Self.value("filename", in: pair[1])
    }
    guard let name else { return nil }
    return Part(name: name, fileName: fileName, range: range.lowerBound + end + 4..<range.upperBound)
  }

  /// `name="text"` within a header, quotes inside it behind a backslash or as %22.
  private static func value(_ name: String, in header: Substring) -> String? {
    var rest = header
    while let semicolon = rest.firstIndex(of: ";") {
      rest = rest[rest.index(after: semicolon)...]
      let field = rest.drop { $0 == " " }
      guard field.lowercased().hasPrefix(name + "=") else { continue }
      let text = field.dropFirst(name.count + 1)
      guard text.first == "\"" else { return text.prefix { $0 != ";" && $0 != " " }.description }
      var value = ""
      var isEscaped = false
      for character in text.dropFirst() {
        if isEscaped {
          value.append(character)
          isEscaped = false
        } else if character == "\\" {
          isEscaped = true
        } else if character == "\"" {
          return value
        } else {
          value.append(character)
        }
      }
      return nil
    }
    return nil
  }
}
