import System
import Testing

/// RFC 4648, section 10.
@Test(
  arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
func base64IsTheStandards(_ text: String, _ expected: String) {
  #expect(Base64.text(Array(text.utf8)) == expected)
}

@Test func aCompanionSaysItsLinesAndItsCode() throws {
  let process = try #require(Companion("/bin/sh", ["-c", "echo one; echo two >&2; printf three; exit 5"]))
  var said: [String] = []
  #expect(process.lines { said.append($0) } == 5)
  #expect(said == ["one", "two", "three"])
}

@Test func aCompanionThatIsEndedHasNoCode() throws {
  let process = try #require(Companion("/bin/sh", ["-c", "echo here; exec sleep 600"]))
  var said: [String] = []
  let code = process.lines { line in
    said.append(line)
    process.end()
  }
  #expect(code == nil)
  #expect(said == ["here"])
}
