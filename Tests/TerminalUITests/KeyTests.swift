import System
import Testing
import TerminalUI

@Suite struct KeyTests {
  /// `#expect` cannot call a mutating method itself.
  private func check(_ keys: [Key], _ expected: [Key], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(keys == expected, sourceLocation: sourceLocation)
  }

  @Test func everyKeyHasANameThatLeadsBackToIt() {
    var keys: [Key] = [
      .enter, .escape, .tab, .backtab, .backspace, .delete, .insert, .up, .down, .left, .right, .pageUp,
      .pageDown, .home, .end,
    ]
    for byte in UInt8(0x20)...0x7E { keys.append(.char(Unicode.Scalar(byte))) }
    for letter in "abcdefgklnopqrstuvwxyz" { keys.append(.ctrl(letter)) }
    keys.append(.char("é"))
    keys.append(.char("厚"))
    for key in keys {
      #expect(!key.name.isEmpty)
      #expect(Key(name: key.name) == key)
    }
    #expect(Set(keys.map(\.name)).count == keys.count)
    #expect(Key.ctrl("l").name == "C-l" && Key.char("J").name == "J" && Key.pageDown.name == "PgDn")
  }

  @Test(arguments: ["", "enter", "C-", "C-L", "C-i", "C-m", "C-1", "ab", " ", "\u{1B}", "\u{301}"])
  func namesOfNoKeyAreRefused(_ name: String) {
    #expect(Key(name: name) == nil)
  }

  @Test(arguments: [
    ("j", "j"), ("\r", "Enter"), ("\n", "Enter"), ("\t", "Tab"), ("\u{7F}", "BS"), ("\u{8}", "BS"),
    ("\u{C}", "C-l"), ("\u{1}", "C-a"), (" ", "Space"), ("é", "é"), ("厚", "厚"), ("🔬", "🔬"),
    ("\u{1B}[A", "Up"), ("\u{1B}OA", "Up"), ("\u{1B}[D", "Left"), ("\u{1B}[H", "Home"), ("\u{1B}[1~", "Home"),
    ("\u{1B}[7~", "Home"), ("\u{1B}OF", "End"), ("\u{1B}[4~", "End"), ("\u{1B}[5~", "PgUp"),
    ("\u{1B}[6~", "PgDn"), ("\u{1B}[3~", "Del"), ("\u{1B}[2~", "Ins"), ("\u{1B}[Z", "S-Tab"),
    ("\u{1B}OM", "Enter"), ("\u{1B}[1;5C", "Right"), ("\u{1B}[5;2~", "PgUp"),
  ])
  func bytesOfTerminalsBecomeKeysHoweverTheyAreCut(_ sent: String, _ name: String) throws {
    let key = try #require(Key(name: name))
    let bytes = Array(sent.utf8)
    var whole = KeyDecoder()
    #expect(whole.feed(bytes) == [key])
    var bytewise = KeyDecoder()
    var keys: [Key] = []
    for byte in bytes { keys += bytewise.feed([byte]) }
    #expect(keys == [key])
    #expect(!bytewise.isPending)
  }

  @Test func pastedTextIsOneThingHoweverItIsCut() {
    let sent = Array("a\u{1B}[200~q\r\u{1B}[Ax\u{1B}[201~b".utf8)
    let expected: [Key] = [.char("a"), .paste("q\r\u{1B}[Ax"), .char("b")]
    var whole = KeyDecoder()
    check(whole.feed(sent), expected)
    var bytewise = KeyDecoder()
    check(sent.flatMap { bytewise.feed([$0]) }, expected)
    var endless = KeyDecoder()
    check(endless.feed(Array("\u{1B}[200~".utf8) + [UInt8](repeating: 113, count: 100_000)), [])
    check(endless.feed(Array("\u{1B}[201~".utf8)), [.paste(String(repeating: "q", count: 4096))])
    // A mark without its end is over after a pause.
    var lost = KeyDecoder()
    check(lost.feed(Array("\u{1B}[200~abc".utf8)), [])
    #expect(lost.isPasting)
    check(lost.flush(), [.paste("abc")])
    check(lost.feed([UInt8(ascii: "q")]), [.char("q")])
  }

  @Test func aLoneEscapeIsAKeyOnlyWhenNothingFollows() {
    var decoder = KeyDecoder()
    check(decoder.feed([0x1B]), [])
    #expect(decoder.isPending)
    check(decoder.flush(), [.escape])
    check(decoder.flush(), [])
    check(decoder.feed([0x1B, 0x1B]), [.escape])
    check(decoder.feed([UInt8(ascii: "q")]), [.escape, .char("q")])
  }

  @Test(arguments: ["\u{1B}[99~", "\u{1B}[201~", "\u{1B}[M", "\u{1B}[?1;2c", "\u{1B}OP", "\u{1B}[24;5R"])
  func unknownSequencesAreSwallowedWhole(_ sent: String) {
    var decoder = KeyDecoder()
    check(decoder.feed(sent.utf8), [])
    check(decoder.feed("x".utf8), [.char("x")])
  }

  @Test func anyBytesAreHarmless() {
    var random = SplitMix64(seed: 3)
    var decoder = KeyDecoder()
    var count = 0
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...9, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      for key in decoder.feed(bytes) {
        #expect(!key.name.isEmpty)
        count += 1
      }
    }
    #expect(count > 10_000)
    _ = decoder.flush()
    let last = decoder.feed("zz~zz".utf8).last
    #expect(last == .char("z"))
  }
}
