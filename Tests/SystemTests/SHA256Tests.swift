import System
import Testing

@Suite struct SHA256Tests {
  // The examples of FIPS 180-4 that NIST publishes, and short messages of its validation system.
  @Test(arguments: [
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
        + "nopqrstu", "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func `Texts have the digests of the standard's examples`(text: String, digest: String) {
    #expect(SHA256.hex(text.utf8) == digest)
  }

  @Test(
    arguments: [
      ([0xd3], "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
      ([0x11, 0xaf], "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"),
      ([0xbd], "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
      ([0xc9, 0x8c, 0x8e, 0x55], "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"),
    ] as [([UInt8], String)])
  func `Bytes have the digests of the validation system`(bytes: [UInt8], digest: String) {
    #expect(SHA256.hex(bytes) == digest)
  }

  @Test func `A digest does not depend on how the bytes arrive`() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    var hash = SHA256()
    var rest = bytes[...]
    for size in [1, 63, 64, 65, 0, 7, 128] {
      hash.update(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    hash.update(Array(rest))
    #expect(hash.hex() == SHA256.hex(bytes))
    #expect(SHA256.hex(bytes.lazy.map { $0 }) == SHA256.hex(bytes))
  }

  @Test func `A digest is a value: a copy goes its own way, and more may follow an answer`() {
    var first = SHA256()
    first.update(Array("ab".utf8))
    var second = first
    second.update(Array("x".utf8))
    #expect(first.hex() == SHA256.hex("ab".utf8))
    first.update(Array("c".utf8))
    #expect(first.hex() == SHA256.hex("abc".utf8))
    #expect(second.hex() == SHA256.hex("abx".utf8))
  }

  @Test func `A file has the digest of its bytes`() throws {
    let folder = try Folder.makeTemporary("ewald-digest")
    defer { Folder.removeTree(folder) }
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }
    try NewFile.write(bytes, to: "\(folder)/a", durability: .cached)
    #expect(try SHA256.hex(ofFile: "\(folder)/a") == SHA256.hex(bytes))
    #expect(throws: SystemError.self) { try SHA256.hex(ofFile: "\(folder)/b") }
  }
}
