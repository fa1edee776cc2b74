/// What a service answered.
package struct HTTPReply {
  package var status: Int
  /// By their names in small letters.
  package var headers: [String: String]
  package var body: [UInt8]

  private static let longestHead = 1 << 16

  /// Reads an answer piece by piece; `next` gives an empty piece at the end.
  package init(limit: Int, next: () throws(ConnectionError) -> [UInt8]) throws(ConnectionError) {
    var bytes: [UInt8] = []
    var end: Int?
    while end == nil {
      let piece = try next()
      guard !piece.isEmpty else { throw ConnectionError("ended before its answer had begun") }
      // The end may lie across two pieces.
      let from = max(0, bytes.count - 3)
      bytes += piece
      end = Self.blankLine(in: bytes, from: from)
      if end == nil, bytes.count > Self.longestHead { throw ConnectionError("speaks no HTTP") }
    }
    let head = end ?? 0
    (status, headers) = try Self.head(bytes[..<head])
    bytes.removeFirst(head + 4)
    let tooLong = ConnectionError("answers with more than \(limit >> 20) MiB")
    if headers["transfer-encoding"]?.lowercased() == "chunked" {
      body = try Self.chunks(bytes, limit: limit, tooLong, next: next)
      return
    }
    let length = headers["content-length"].map { Int($0) ?? -1 }
    if let length, length < 0 { throw ConnectionError("speaks no HTTP") }
    if let length, length > limit { throw tooLong }
    while bytes.count < length ?? .max {
      let piece = try next()
      if piece.isEmpty { break }
      bytes += piece
      if bytes.count > limit { throw tooLong }
    }
    if let length, bytes.count < length { throw ConnectionError("broke off within its answer") }
    body = length.map { Array(bytes.prefix($0)) } ?? bytes
  }

  private static func blankLine(in bytes: [UInt8], from: Int) -> Int? {
    var at = from
    while at + 4 <= bytes.count {
      if bytes[at] == 13, bytes[at + 1] == 10, bytes[at + 2] == 13, bytes[at + 3] == 10 { return at }
      at += 1
    }
    return nil
  }

  private static func head(_ bytes: ArraySlice<UInt8>) throws(ConnectionError) -> (Int, [String: String]) {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), 100...599 ~= status
    else { throw ConnectionError("speaks no HTTP") }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let pair = line.split(separator: ":", maxSplits: 1)
      guard pair.count == 2 else { continue }
      headers[pair[0].lowercased()] = pair[1].trimmed
    }
    return (status, headers)
  }

  /// `SIZE in hexadecimal, line end, bytes, line end`, until the size is none.
  private static func chunks(
    _ begun: [UInt8], limit: Int, _ tooLong: ConnectionError, next: () throws(ConnectionError) -> [UInt8]
  ) throws(ConnectionError) -> [UInt8] {
    var bytes = begun
    var at = 0
    var body: [UInt8] = []
    func more() throws(ConnectionError) {
      let piece = try next()
      guard !piece.isEmpty else { throw ConnectionError("broke off within its answer") }
      bytes.removeFirst(at)
      at = 0
      bytes += piece
    }
    while true {
      var end = bytes[at...].firstIndex(of: 10)
      while end == nil {
        guard bytes.count - at < 1024 else { throw ConnectionError("speaks no HTTP") }
        try more()
        end = bytes[at...].firstIndex(of: 10)
      }
      let line = String(decoding: bytes[at..<(end ?? at)], as: UTF8.self)
      let digits = line.prefix { $0 != ";" }.trimmed
      guard digits.utf8.count <= 8, let size = Int(digits, radix: 16), size >= 0 else {
        throw ConnectionError("speaks no HTTP")
      }
      at = (end ?? at) + 1
      if size == 0 { return body }
      guard body.count + size <= limit else { throw tooLong }
      while bytes.count - at < size + 2 { try more() }
      body += bytes[at..<at + size]
      at += size + 2
    }
  }
}
