import Arrays
import Testing

// The examples of FIPS 180-2, appendix B.
@Test(arguments: [
  ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
  (
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
  ),
])
func digestMatchesTheStandardsExamples(text: String, digest: String) {
  #expect(SHA256.hex(text.utf8) == digest)
}

@Test func digestDoesNotDependOnHowTheBytesArrive() {
  let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 31) }
  var hash = SHA256()
  var rest = bytes[...]
  for size in [1, 63, 64, 65, 7, 128] {
    hash.update(Array(rest.prefix(size)))
    rest = rest.dropFirst(size)
  }
  hash.update(Array(rest))
  #expect(hash.hex() == SHA256.hex(bytes))
}
