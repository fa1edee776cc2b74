import System
import Testing

import Service

/// Hands out an answer in pieces.
private struct Pieces {
  var rest: ArraySlice<UInt8>
  let size: Int

  mutating func next() throws(ConnectionError) -> [UInt8] {
    defer { rest = rest.dropFirst(size) }
    return Array(rest.prefix(size))
  }
}

private func reply(_ text: String, piece: Int = 7, limit: Int = 1 << 20) throws -> HTTPReply {
  var pieces = Pieces(rest: Array(text.utf8)[...], size: piece)
  return try HTTPReply(limit: limit) { () throws(ConnectionError) in try pieces.next() }
}

/// What another service says, however it comes.
@Suite struct HTTPClientTests {
  @Test(arguments: [1, 2, 3, 5, 64, 4096]) func anAnswerComesInAnyPieces(_ size: Int) throws {
    let plain = try reply("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y:  z \r\n\r\nhello", piece: size)
    #expect(plain.status == 200 && plain.body == Array("hello".utf8) && plain.headers["x-y"] == "z")
    let chunked = try reply(
      "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n",
      piece: size)
    #expect(chunked.status == 202 && chunked.body == Array("hello".utf8))
    let toTheEnd = try reply("HTTP/1.0 404 Not Found\r\n\r\nhello", piece: size)
    #expect(toTheEnd.status == 404 && toTheEnd.body == Array("hello".utf8))
  }

  @Test(
    arguments: [
      ("", "ended before"), ("220 mail.example ESMTP\r\n\r\n", "speaks no HTTP"),
      ("HTTP/1.1 OK\r\n\r\n", "speaks no HTTP"), ("HTTP/1.1 9 OK\r\n\r\n", "speaks no HTTP"),
      ("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", "speaks no HTTP"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "broke off"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "more than"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "broke off"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n", "speaks no HTTP"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", "speaks no HTTP"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", "more than"),
    ])
  func whatIsNoAnswerIsSaid(_ text: String, _ words: String) throws {
    let error = try #require(throws: ConnectionError.self) { try reply(text) }
    #expect("\(error)".contains(words))
  }

  @Test func aHeadWithoutAnEndIsGivenUp() throws {
    let error = try #require(throws: ConnectionError.self) {
      try reply("HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 20_000), piece: 4096)
    }
    #expect("\(error)" == "speaks no HTTP")
  }

  /// Any bytes end in an answer or in a sentence, never in a trap.
  @Test func damagedAnswersEndInASentence() {
    var random = SplitMix64(seed: 5)
    let whole = Array(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n".utf8)
    var sentences = 0
    for _ in 0..<5000 {
      var bytes = whole
      for _ in 0...Int.random(in: 0...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var pieces = Pieces(rest: bytes[...], size: Int.random(in: 1...40, using: &random))
      do throws(ConnectionError) {
        let reply = try HTTPReply(limit: 1000) { () throws(ConnectionError) in try pieces.next() }
        #expect(reply.body.count <= 1000)
      } catch {
        sentences += 1
      }
    }
    #expect(1..<5000 ~= sentences)
  }

  @Test(
    arguments: [
      ("http://localhost:8230", "http://localhost:8230"),
      ("https://models.example/", "https://models.example"),
      ("https://models.example:443/ewald/", "https://models.example/ewald"),
      ("http://[::1]:8230/a", "http://[::1]:8230/a"), ("unix:/run/ewald/socket", "unix:/run/ewald/socket"),
    ])
  func anAddressIsUnderstood(_ text: String, _ shown: String) throws {
    #expect(try #require(HTTPAddress(text)).description == shown)
  }

  @Test(
    arguments: [
      "", "localhost:8230", "ftp://x", "http://", "http://x:0", "http://x:99999", "http://x:", "http://a b",
      "http://user@x", "http://x/a?b", "http://x/\r\nHost: y", "unix:",
    ])
  func whatIsNoAddressIsNone(_ text: String) {
    #expect(HTTPAddress(text) == nil)
  }
}
