import System
import Testing
import TerminalUI

@Suite struct CanvasTests {
  @Test func textIsDrawnClippedAndReadBack() {
    var canvas = Canvas(width: 8, height: 2)
    let end = canvas.put("electron", x: 3, y: 0)
    canvas.put("beam", x: -2, y: 1, .bold)
    #expect(end == 11)
    #expect(canvas.text == "   elect\nam")
    #expect(canvas[0, 1] == Cell("a", .bold))
    #expect(canvas[100, -5] == .blank)
  }

  @Test func aPartHasCoordinatesOfItsOwnAndCannotReachOutside() {
    var canvas = Canvas(width: 6, height: 3)
    canvas.within(Rect(x: 2, y: 1, width: 3, height: 1)) { part in
      #expect(part.size == Size(width: 3, height: 1))
      part.put("abcdef", x: -1, y: 0)
      part.put("x", x: 0, y: 1)
      part.within(Rect(x: 2, y: 0, width: 5, height: 5)) { $0.put("yz", x: 0, y: 0) }
    }
    #expect(canvas.text == "\n  bcy\n")
  }

  @Test func panesShareTheirLinesOfBorder() {
    var canvas = Canvas(width: 30, height: 8)
    var grid = PaneGrid(canvas.size)
    let (top, below) = canvas.bounds.cutTop(2)
    let (left, right) = top.cutLeft(12)
    #expect(grid.pane(left, "List", facts: ["12"]) == Rect(x: 1, y: 1, width: 12, height: 2))
    #expect(
      grid.pane(right, "Measured", facts: ["linear", "0 - 9"]) == Rect(x: 14, y: 1, width: 15, height: 2))
    #expect(grid.pane(below, "") == Rect(x: 1, y: 4, width: 28, height: 3))
    grid.keys(canvas.bounds, ["q quit", "this is far too long to fit"], "? help")
    grid.draw(on: &canvas, Theme(.none))
    #expect(
      canvas.text == """
        ╭ List ── 12 ┬ Measured ─────╮
        │            │               │
        │            │               │
        ├────────────┴───────────────┤
        │                            │
        │                            │
        │                            │
        ╰─ q quit ────────── ? help ─╯
        """)
    canvas.reduceToASCII()
    #expect(canvas.row(0) == "+ List -- 12 + Measured -----+" && canvas.row(7).hasPrefix("+- q quit --"))
  }

  @Test(arguments: [
    "\u{1B}[31mred", "\u{9B}2J", "a\u{7}b", "x\u{202E}gpj.exe", "\u{200B}z", "tab\there", "\u{E000}",
  ])
  func nothingThatATerminalWouldObeyReachesACell(_ text: String) {
    var canvas = Canvas(width: 20, height: 1)
    canvas.put(text, x: 0, y: 0)
    #expect(canvas.text.unicodeScalars.contains(Cell.replacement))
    for scalar in canvas.text.unicodeScalars {
      let category = scalar.properties.generalCategory
      #expect(category != .control && category != .format && category != .privateUse)
    }
  }

  @Test func wideCharactersTakeTwoCellsAndAreNeverLeftInHalves() {
    var canvas = Canvas(width: 5, height: 1)
    #expect(canvas.put("厚さ", x: 0, y: 0) == 4)
    #expect(canvas[1, 0].isContinuation)
    #expect(canvas.text == "厚さ")
    canvas.put("x", x: 1, y: 0)
    #expect(canvas.text == " xさ")
    canvas.put("厚", x: 1, y: 0)
    #expect(canvas.text == " 厚")
    canvas.put("厚", x: 4, y: 0)
    #expect(canvas[4, 0].scalar == " ")
    canvas.put("厚", x: -1, y: 0)
    #expect(canvas[0, 0].scalar == " ")
  }

  @Test func combiningMarksAreLeftOut() {
    var canvas = Canvas(width: 8, height: 1)
    #expect(canvas.put("A\u{30A}ngstro\u{308}m", x: 0, y: 0) == 8)
    #expect(canvas.text == "Angstrom")
    #expect(TextWidth.columns(of: "A\u{30A}") == 1)
  }

  @Test func textIsFittedToAnExactWidth() {
    #expect(TextWidth.fitted("ab", to: 4) == "ab  ")
    #expect(TextWidth.fitted("ab", to: 4, alignment: .right) == "  ab")
    #expect(TextWidth.fitted("ab", to: 5, alignment: .centre) == " ab  ")
    #expect(TextWidth.fitted("abcdef", to: 4) == "abc~")
    #expect(TextWidth.fitted("abcdef", to: 4, ellipsis: false) == "abcd")
    #expect(TextWidth.fitted("厚厚厚", to: 4) == "厚 ~")
    #expect(TextWidth.fitted("abc", to: 0) == "")
  }

  @Test func anyCoordinateAndSizeIsHarmless() {
    var random = SplitMix64(seed: 7)
    let extremes = [Int.min, Int.min + 1, -1_000_000, -1, 0, 1, 2, 79, 80, 1_000_000, Int.max - 1, Int.max]
    func number() -> Int {
      Bool.random(using: &random)
        ? Int.random(in: -5...20, using: &random) : extremes.randomElement(using: &random)!
    }
    func rect() -> Rect { Rect(x: number(), y: number(), width: number(), height: number()) }
    let texts = ["", "a", "plain text", "厚さ厚さ", "\u{1B}[2J", "e\u{301}", String(repeating: "w", count: 300)]
    for size in [(0, 0), (0, 3), (3, 0), (1, 1), (2, 1), (1, 2), (17, 9)] {
      var canvas = Canvas(width: size.0, height: size.1)
      for _ in 0..<400 {
        let text = texts.randomElement(using: &random)!
        canvas.within(rect()) { part in
          part.put(text, x: number(), y: number())
          part.fill(rect(), Cell("#"))
          part.restyle(rect()) { $0.attributes.insert(.bold) }
          var grid = PaneGrid(part.size)
          grid.pane(rect(), Text(text), facts: [Text(text), "x"], isFocused: Bool.random(using: &random))
          grid.keys(rect(), [Text(text)], Text(text))
          grid.draw(on: &part, Theme(.ansi16))
          part.within(rect()) { $0.put(text, x: number(), y: number()) }
          part.set(Cell("厚"), x: number(), y: number())
        }
        canvas.blit(canvas, x: number(), y: number())
        _ = canvas[number(), number()]
        let lengths: [Length] = [.fixed(number()), .minimum(number(), weight: number()), .weight(number())]
        for part in rect().rows(lengths) + rect().columns(lengths, gap: number()) {
          #expect(part.width >= 0 && part.height >= 0)
        }
      }
      #expect(canvas.size == Size(width: size.0, height: size.1))
      // Every right half has its left half: nothing torn is ever drawn.
      for y in 0..<canvas.height {
        for x in 0..<canvas.width where canvas[x, y].isContinuation {
          #expect(x > 0 && TextWidth.columns(of: canvas[x - 1, y].scalar) == 2)
        }
      }
    }
  }
}
