import System
import Testing

import Service

@Suite struct MultipartTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func file(_ bytes: [UInt8]) throws -> BodyFile {
    let file = try BodyFile(in: scratch.path)
    try bytes.withUnsafeBytes { try file.append($0) }
    return file
  }

  @Test func theContentIsFoundByteForByte() throws {
    // With what looks like the border, and line ends inside.
    let content = Array("\r\n--0f3b1cd5e0fd4c5\r\n\0\r\n--".utf8) + [0, 255, 13, 10]
    let form = Form(file: content, name: "a \\\"b\\\" é.tif", fields: ["parameters": "{}", "x": ""])
    let body = try file(form.body)
    let parts = try Multipart(body, contentType: form.type)
    #expect(parts.parts.map(\.name) == ["parameters", "x", "file"])
    let part = try #require(parts["file"])
    #expect(try body.bytes(part.range) == content)
    #expect(part.fileName == "a \"b\" é.tif")
    #expect(try body.bytes(try #require(parts["x"]).range).isEmpty)
  }

  /// The border is looked for in windows of 256 kB; it may lie across their edge.
  @Test(arguments: 262_020...262_060)
  func aBorderMayLieAnywhere(_ count: Int) throws {
    let content = [UInt8](repeating: 13, count: count)
    let form = Form(file: content, name: "a")
    let body = try file(form.body)
    let part = try #require(try Multipart(body, contentType: form.type)["file"])
    #expect(part.range.count == count)
  }

  @Test(
    arguments: [
      ("", "multipart/form-data"), ("--x\r\n", "multipart/form-data; boundary=x"),
      ("", "multipart/form-data; boundary="),
      ("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc", "multipart/form-data; boundary=x"),
      ("--x\r\nno head at all\r\n--x--\r\n", "multipart/form-data; boundary=x"),
      (
        String(repeating: "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n", count: 40)
          + "--x--", "multipart/form-data; boundary=x"
      ),
      ("--x--", "multipart/form-data; boundary=\(String(repeating: "x", count: 71))"),
    ])
  func whatIsNoFormIsRefused(_ text: String, _ type: String) throws {
    let body = try file(Array(text.utf8))
    #expect(throws: Refusal.self) { try Multipart(body, contentType: type) }
  }

  @Test func noDamageLeadsOutOfTheBody() throws {
    let form = Form(file: Disc.tiff, name: "a.tif", fields: ["settings": "{}"])
    var random = SplitMix64(seed: 5)
    var found = 0
    for _ in 0..<3000 {
      var bytes = form.body
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...60, using: &random)))
        case 2: bytes.insert(contentsOf: Array("\r\n--0f3b1cd5e0fd4c57".utf8), at: at)
        default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 1...200, using: &random)))
        }
        if bytes.count < 2 { break }
      }
      let body = try file(bytes)
      guard let parts = try? Multipart(body, contentType: form.type) else { continue }
      found += 1
      for part in parts.parts {
        #expect(0...body.count ~= part.range.lowerBound && part.range.upperBound <= body.count)
      }
    }
    #expect(found > 100)
  }
}
