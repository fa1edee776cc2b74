import System
import Testing
import TerminalUI

@Suite struct TextFieldTests {
  private func typed(_ names: String, into field: TextField = TextField()) throws -> TextField {
    var field = field
    for name in names.split(separator: " ") {
      let key = try #require(Key(name: String(name)))
      let isEditing = field.handle(key)
      #expect(isEditing)
    }
    return field
  }

  @Test(arguments: [
    ("a b c", "abc", 3), ("a b Left X", "aXb", 2), ("a b Home BS X", "Xab", 1), ("a b BS BS BS", "", 0),
    ("a b Left Left Del", "b", 0), ("a Space b Space C-w c", "a c", 3), ("a b c Left C-u", "c", 0),
    ("a b c C-a C-k", "", 0), ("a b C-a Right C-e d", "abd", 3), ("a Right Del Left Left", "a", 0),
  ])
  func keysEditAsInAShell(_ keys: String, _ text: String, _ cursor: Int) throws {
    let field = try typed(keys)
    #expect(field.text == text)
    #expect(field.cursor == cursor)
  }

  @Test func earlierLinesComeBackAndTheDraftIsNotLost() throws {
    var field = TextField(history: ["kind:pacbed", "t>40"])
    field = try typed("n e w Up", into: field)
    #expect(field.text == "t>40")
    field = try typed("Up Up", into: field)
    #expect(field.text == "kind:pacbed")
    field = try typed("Down Down", into: field)
    #expect(field.text == "new")
    field = try typed("Down", into: field)
    #expect(field.text == "new")
    #expect(field.commit() == "new")
    #expect(field.text == "" && field.history == ["kind:pacbed", "t>40", "new"])
    field.text = "new"
    #expect(field.commit() == "new")
    #expect(field.history.count == 3)
  }

  @Test func whatIsNotEditingIsLeftToTheOwner() {
    var field = TextField("x")
    for key in [Key.enter, .escape, .tab, .pageUp, .ctrl("l")] {
      let isEditing = field.handle(key)
      #expect(!isEditing)
    }
    #expect(field.text == "x")
  }

  @Test func aLongLineScrollsWithItsCursorAndHidesNothing() {
    var canvas = Canvas(width: 10, height: 1)
    var field = TextField("0123456789abcdef\u{1B}")
    let end = field.draw(in: &canvas, canvas.bounds, prompt: "/")
    #expect(canvas.text == "/9abcdef\u{FFFD}")
    #expect(end == (9, 0))
    _ = field.handle(.home)
    let start = field.draw(in: &canvas, canvas.bounds, prompt: "/")
    #expect(canvas.text == "/012345678")
    #expect(start == (1, 0))
    for width in 0...3 {
      let place = field.draw(in: &canvas, Rect(x: 2, y: 0, width: width, height: 1), prompt: "long:")
      #expect(place.x >= 2 && place.x <= max(2, 1 + width))
    }
  }
}

@Suite struct FuzzyMatchTests {
  private let commands = [
    "reanalyse frame", "reanalyse all marked", "mark frame", "freeze axes", "export", "toggle difference",
  ]

  @Test(arguments: [
    ("rf", "reanalyse frame"), ("mark", "mark frame"), ("ram", "reanalyse all marked"), ("exp", "export"),
    ("td", "toggle difference"), ("FREEZE", "freeze axes"), ("re fr", "reanalyse frame"),
  ])
  func theFirstHitIsWhatWasMeant(_ pattern: String, _ expected: String) {
    #expect(FuzzyMatch.ranked(commands, by: pattern) { $0 }.first?.item == expected)
  }

  @Test func lettersOutOfOrderDoNotMatch() {
    #expect(FuzzyMatch("ba", in: "ab") == nil)
    #expect(FuzzyMatch("abc", in: "ab") == nil)
    #expect(FuzzyMatch("", in: "ab")?.positions == [])
    #expect(FuzzyMatch.ranked(commands, by: "") { $0 }.map(\.item) == commands)
  }

  @Test func positionsAreTheLettersThatMatched() throws {
    let match = try #require(FuzzyMatch("ram", in: "reanalyse all marked"))
    #expect(match.positions == [0, 10, 14])
    var random = SplitMix64(seed: 5)
    for _ in 0..<500 {
      let text = String((0..<12).map { _ in "abcd ".randomElement(using: &random)! })
      let pattern = String((0..<3).map { _ in "abcd".randomElement(using: &random)! })
      guard let match = FuzzyMatch(pattern, in: text) else { continue }
      let letters = Array(text)
      #expect(String(match.positions.map { letters[$0] }) == pattern)
      #expect(match.positions == match.positions.sorted() && Set(match.positions).count == 3)
    }
  }
}

@Suite struct ListScrollTests {
  @Test func theListMovesAsLittleAsKeepsTheCursorInside() {
    var scroll = ListScroll()
    scroll.follow(cursor: 9, count: 100, height: 10)
    #expect(scroll.offset == 0)
    scroll.follow(cursor: 10, count: 100, height: 10)
    #expect(scroll.offset == 1)
    scroll.follow(cursor: 5, count: 100, height: 10)
    #expect(scroll.offset == 1)
    scroll.follow(cursor: 5, count: 100, height: 10, margin: 5)
    #expect(scroll.offset == 1)
    scroll.follow(cursor: 99, count: 100, height: 10, margin: 3)
    #expect(scroll.visible(count: 100, height: 10) == 90..<100)
    scroll.follow(cursor: 2, count: 3, height: 10)
    #expect(scroll.visible(count: 3, height: 10) == 0..<3)
  }

  @Test func theCursorIsAlwaysVisible() {
    var random = SplitMix64(seed: 11)
    var scroll = ListScroll()
    for _ in 0..<2000 {
      let count = Int.random(in: 0...50, using: &random)
      let height = Int.random(in: 0...12, using: &random)
      let cursor = Int.random(in: -3...60, using: &random)
      scroll.follow(
        cursor: cursor, count: count, height: height, margin: Int.random(in: 0...9, using: &random))
      let visible = scroll.visible(count: count, height: height)
      #expect(visible.count == min(count, height))
      if count > 0 && height > 0 { #expect(visible.contains(min(max(cursor, 0), count - 1))) }
    }
  }
}
