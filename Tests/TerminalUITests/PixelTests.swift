import System
import TerminalUI
import Testing

/// Pictures in true pixels, put on a terminal that decodes them with code of its own.
@Suite struct PixelTests {
  static let kitty = PixelScreen.Kind(knowsKitty: true)
  static let sixel = PixelScreen.Kind(knowsSixel: true)
  static let iterm = PixelScreen.Kind(knowsITerm: true)
  static let tmux = PixelScreen.Kind(knowsKitty: true, passesThrough: true)

  static let ways: [(PixelProtocol, Bool, PixelScreen.Kind)] = [
    (.kitty, false, kitty), (.kitty, true, tmux), (.sixel, false, sixel), (.iterm, false, iterm),
  ]

  private static let cell = Size(width: 4, height: 8)

  private static func source(_ seed: UInt64, _ width: Int = 37, _ height: Int = 23) -> PictureSource {
    var random = SplitMix64(seed: seed)
    return PictureSource(
      width: width, height: height,
      values: (0..<width * height).map { $0 % 41 == 7 ? .nan : Float.random(in: 0...900, using: &random) })
  }

  private static let look = PictureLook(
    mode: .pixels, map: .viridis, depth: .trueColour, contrast: Contrast(scale: .linear))

  /// A terminal, what ncurses would believe of its cells, and the pictures over them.
  private struct Desk {
    let screen: PixelScreen
    var layer: PixelLayer
    var believed: [Cell]

    init(_ method: PixelProtocol, _ isInTmux: Bool, _ kind: PixelScreen.Kind, _ size: Size) {
      screen = PixelScreen(kind, width: size.width, height: size.height, cell: PixelTests.cell)
      layer = PixelLayer(method, cell: PixelTests.cell, isInTmux: isInTmux, seed: 17)
      believed = Array(repeating: .blank, count: size.width * size.height)
    }

    /// Draws as the terminal does; stops after so many pieces of pictures, as when something else comes between.
    mutating func draw(_ canvas: Canvas, pieces: Int = .max) {
      let plan = layer.plan(canvas)
      screen.feed(plan.first.utf8)
      for place in plan.damaged { believed[place.y * canvas.width + place.x] = Cell("\u{1}") }
      for y in 0..<canvas.height {
        for x in 0..<canvas.width {
          let index = y * canvas.width + x
          guard plan.covered.isEmpty || !plan.covered[index], believed[index] != canvas[x, y] else {
            continue
          }
          believed[index] = canvas[x, y]
          screen.feed("\u{1B}[\(y + 1);\(x + 1)H\(Character(canvas[x, y].scalar))".utf8)
        }
      }
      var left = pieces
      while left > 0, let piece = layer.next() {
        screen.feed(piece.utf8)
        left -= 1
      }
    }
  }

  /// What must be seen: the picture's own pixels where the canvas shows it, its characters elsewhere.
  private static func expected(_ canvas: Canvas, _ method: PixelProtocol) -> [PixelScreen.Tile?] {
    var tiles = [PixelScreen.Tile?](repeating: nil, count: canvas.width * canvas.height)
    for (number, placement) in canvas.placements.enumerated() {
      let rect = placement.rect
      guard
        let picture = placement.content.drawn(
          width: rect.width * cell.width, height: rect.height * cell.height)
      else { continue }
      for (place, isShown) in canvas.cover(of: number).enumerated() where isShown {
        let (x, y) = (place % rect.width, place / rect.width)
        guard rect.y + y < canvas.height - 1 else { continue }
        tiles[(rect.y + y) * canvas.width + rect.x + x] = (0..<cell.width * cell.height).map { index in
          let (px, py) = (x * cell.width + index % cell.width, y * cell.height + index / cell.width)
          let colour = picture.palette[Int(picture.indices[py * picture.width + px])]
          func level(_ value: UInt8) -> UInt32 {
            method == .sixel ? (UInt32(value) * 100 + 127) / 255 : UInt32(value)
          }
          return level(colour.red) << 16 | level(colour.green) << 8 | level(colour.blue)
        }
      }
    }
    return tiles
  }

  private static func check(
    _ desk: Desk, _ canvas: Canvas, _ method: PixelProtocol, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let tiles = expected(canvas, method)
    var wrong: [String] = []
    for y in 0..<canvas.height {
      for x in 0..<canvas.width {
        let seen = desk.screen.seen(x, y)
        let tile = tiles[y * canvas.width + x]
        if seen.tile != tile || tile == nil && seen.scalar != canvas[x, y].scalar {
          wrong.append("(\(x), \(y)): \(seen.tile == nil ? "\(seen.scalar)" : "pixels")")
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count) cells: \(wrong.prefix(5))", sourceLocation: sourceLocation)
    #expect(
      desk.screen.problems.isEmpty, "\(desk.screen.problems.prefix(3))", sourceLocation: sourceLocation)
  }

  private static func canvas(
    _ size: Size, _ pictures: [(Rect, UInt64)], marks: [(Int, Int)] = [], box: Rect? = nil
  ) -> Canvas {
    var canvas = Canvas(size)
    canvas.put("the measured frame", x: 0, y: 0)
    for (rect, seed) in pictures { canvas.picture(source(seed), in: rect, look) }
    for mark in marks { canvas.put("+", x: mark.0, y: mark.1, .bold) }
    if let box {
      canvas.fill(box, Cell(" ", Style(.default, on: .ansi(4))))
      canvas.put("over it", x: box.x, y: box.y)
    }
    return canvas
  }

  @Test(arguments: ways)
  func everyPixelArrives(_ way: (PixelProtocol, Bool, PixelScreen.Kind)) {
    let size = Size(width: 40, height: 14)
    var desk = Desk(way.0, way.1, way.2, size)
    let canvas = Self.canvas(
      size, [(Rect(x: 1, y: 1, width: 20, height: 10), 1), (Rect(x: 22, y: 2, width: 17, height: 11), 2)],
      marks: [(7, 5), (8, 9), (30, 7)])
    desk.draw(canvas)
    Self.check(desk, canvas, way.0)
    #expect(desk.screen.tiles > 200)
  }

  @Test(arguments: ways)
  func nothingIsSentTwice(_ way: (PixelProtocol, Bool, PixelScreen.Kind)) {
    let size = Size(width: 40, height: 14)
    let rects = [Rect(x: 1, y: 1, width: 18, height: 10), Rect(x: 20, y: 1, width: 18, height: 10)]
    var desk = Desk(way.0, way.1, way.2, size)
    desk.draw(Self.canvas(size, [(rects[0], 1), (rects[1], 2)]))
    let first = desk.screen.pictureBytes
    desk.draw(Self.canvas(size, [(rects[0], 1), (rects[1], 2)]))
    #expect(desk.screen.pictureBytes == first)
    desk.draw(Self.canvas(size, [(rects[0], 1), (rects[1], 3)]))
    let second = desk.screen.pictureBytes
    #expect(second > first && second - first < first * 3 / 4)
    // A mark costs no picture.
    let marked = Self.canvas(size, [(rects[0], 1), (rects[1], 3)], marks: [(9, 5)])
    desk.draw(marked)
    Self.check(desk, marked, way.0)
    #expect(desk.screen.pictureBytes - second < first / 4)
  }

  @Test(arguments: ways)
  func noGhostStaysWhateverHappens(_ way: (PixelProtocol, Bool, PixelScreen.Kind)) {
    let size = Size(width: 40, height: 14)
    var desk = Desk(way.0, way.1, way.2, size)
    var random = SplitMix64(seed: 5)
    let places = [
      Rect(x: 1, y: 1, width: 18, height: 10), Rect(x: 20, y: 1, width: 18, height: 10),
      Rect(x: 5, y: 2, width: 30, height: 11), Rect(x: 0, y: 0, width: 40, height: 14),
    ]
    for step in 0..<120 {
      var pictures: [(Rect, UInt64)] = []
      switch Int.random(in: 0...4, using: &random) {
      case 0: break
      case 1: pictures = [(places[2], UInt64.random(in: 1...3, using: &random))]
      case 2: pictures = [(places[3], UInt64.random(in: 1...3, using: &random))]
      default: pictures = places.prefix(2).map { ($0, UInt64.random(in: 1...3, using: &random)) }
      }
      let marks = (0..<Int.random(in: 0...3, using: &random)).map { _ in
        (Int.random(in: 0..<40, using: &random), Int.random(in: 0..<14, using: &random))
      }
      let box =
        step % 5 == 2
        ? Rect(
          x: Int.random(in: 0..<30, using: &random), y: Int.random(in: 0..<9, using: &random), width: 9,
          height: 4) : nil
      let canvas = Self.canvas(size, pictures, marks: marks, box: box)
      // Now and then the next change comes before the pictures are out.
      if step % 3 == 1 {
        desk.draw(canvas, pieces: Int.random(in: 0...4, using: &random))
      } else {
        desk.draw(canvas)
        Self.check(desk, canvas, way.0)
      }
      if step % 17 == 16 {
        desk.screen.feed(desk.layer.forget().utf8)
        desk.screen.feed("\u{1B}[2J".utf8)
        desk.believed = Array(repeating: .blank, count: desk.believed.count)
      }
    }
  }

  @Test(arguments: ways)
  func everySizeIsSurvived(_ way: (PixelProtocol, Bool, PixelScreen.Kind)) {
    var random = SplitMix64(seed: 9)
    var sizes = [Size(width: 1, height: 1), Size(width: 500, height: 200), Size(width: 2, height: 3)]
    for _ in 0..<12 {
      sizes.append(
        Size(width: Int.random(in: 1...90, using: &random), height: Int.random(in: 1...40, using: &random)))
    }
    for size in sizes {
      var desk = Desk(way.0, way.1, way.2, size)
      let rect = Rect(Size(width: min(size.width, 120), height: min(size.height, 60)))
      let canvas = Self.canvas(size, [(rect, 4)], marks: [(size.width / 2, size.height / 3)])
      desk.draw(canvas)
      Self.check(desk, canvas, way.0)
    }
  }

  @Test func aPictureThatIsTooLargeStaysCellsOrIsEnlargedByTheTerminal() {
    let size = Size(width: 300, height: 150)
    let canvas = Self.canvas(size, [(Rect(size), 4)])
    var sixel = PixelLayer(.sixel, cell: Size(width: 20, height: 40))
    _ = sixel.plan(canvas)
    #expect(sixel.next() == nil)
    var kitty = PixelLayer(.kitty, cell: Size(width: 20, height: 40))
    _ = kitty.plan(canvas)
    var bytes = 0
    while let piece = kitty.next() { bytes += piece.utf8.count }
    #expect(bytes > 10_000 && bytes < 8 << 20)
  }

  @Test func theMarksOfPlaceholdersAreTheProtocols() {
    #expect(KittyMarks.table.count == 297)
    #expect(KittyPlaceholders.marks == KittyMarks.table)
  }

  @Test func whatHasNoValueIsNoShadeOfTheMap() throws {
    let source = PictureSource(width: 2, height: 1, values: [.nan, 5])
    let picture = try #require(
      PixelContent.picture(source, Self.look, Limits(low: 0, high: 10)).drawn(width: 16, height: 8))
    let shades = Set((0..<16 * 8).map { Int(picture.indices[$0]) })
    let levels = ColourMap.viridis.levels(.trueColour).count
    #expect(shades.filter { $0 >= levels }.count == 2 && shades.filter { $0 < levels }.count == 1)
    // A missing value equals itself: the picture is not sent again for it.
    #expect(
      PixelContent.picture(source, Self.look, Limits(low: 0, high: 10))
        == .picture(source, Self.look, Limits(low: 0, high: 10)))
  }

  @Test func regionsKeepTheirColours() throws {
    let content = PixelContent.labels(
      width: 2, height: 2, [0, 1, 2, 1], colours: [.black, .rgb(1, 2, 3), .rgb(9, 8, 7)])
    let picture = try #require(content.drawn(width: 4, height: 4))
    #expect(picture.indices == [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1])
    #expect(picture.palette[2] == .init(9, 8, 7))
  }
}
