import System
import Testing
import TerminalUI

/// A disc with a soft edge and a bright centre, the kind of picture that is shown most.
private func disc(_ size: Int) -> PictureSource {
  let middle = Float(size - 1) / 2
  return PictureSource(
    width: size, height: size,
    values: (0..<size * size).map { index in
      let x = Float(index % size) - middle
      let y = Float(index / size) - middle
      let radius = (x * x + y * y).squareRoot() / middle
      return max(0, 1 - radius) * 1000
    })
}

@Suite struct PictureTests {
  private let linear = Contrast(scale: .linear, range: .fixed(Limits(low: 0, high: 1000)))

  @Test func theRampIsLegibleOnAnyTerminal() {
    var canvas = Canvas(width: 20, height: 8)
    let placement = canvas.picture(disc(32), in: canvas.bounds, PictureLook(contrast: linear))
    #expect(placement.rect == Rect(x: 2, y: 0, width: 16, height: 8))
    #expect(
      canvas.text == """

             .::----::.
            .:==+**+==:.
           .:=+*#%%#*+=:.
           .:=+*#%%#*+=:.
            .:==+**+==:.
             .::----::.

        """)
  }

  @Test func brailleShowsEightPixelsACell() {
    var canvas = Canvas(width: 16, height: 8)
    canvas.picture(disc(32), in: canvas.bounds, PictureLook(mode: .braille, contrast: linear))
    #expect(
      canvas.text == """
              ⢀⢀⡀⡀
           ⢀⣀⣀⣠⣠⣄⣄⣀⣀⡀
         ⢀⢠⢠⣠⣤⣴⣴⣦⣦⣤⣄⡄⡄⡀
         ⢀⢠⢰⢸⣸⣼⣾⣷⣧⣇⡇⡆⡄⡀
         ⠈⠘⠸⢸⠻⠿⢿⡿⠿⠟⡇⠇⠃⠁
         ⠈⠘⠘⠙⠛⠻⠻⠟⠟⠛⠋⠃⠃⠁
           ⠈⠉⠉⠙⠙⠋⠋⠉⠉⠁
              ⠈⠈⠁⠁
        """)
  }

  @Test func quadrantsTakeTheSplitThatLosesLeast() {
    var canvas = Canvas(width: 2, height: 1)
    let source = PictureSource(width: 4, height: 2, values: [0, 1000, 1000, 1000, 0, 0, 1000, 0])
    let look = PictureLook(mode: .quadrant, depth: .trueColour, contrast: linear)
    canvas.picture(source, in: Rect(x: 0, y: 0, width: 2, height: 1), look)
    #expect(canvas.text == "▝▛")
    #expect(canvas[0, 0].style == Style(.rgb(255, 255, 255), on: .rgb(0, 0, 0)))
  }

  @Test func halfBlocksShowTwoPixelsACell() {
    var canvas = Canvas(width: 2, height: 1)
    let source = PictureSource(width: 2, height: 2, values: [0, 1000, 1000, 0])
    canvas.picture(
      source, in: canvas.bounds, PictureLook(mode: .halfBlock, depth: .palette256, contrast: linear))
    #expect(canvas[0, 0] == Cell("▀", Style(.palette(16), on: .palette(231))))
    #expect(canvas[1, 0] == Cell("▀", Style(.palette(231), on: .palette(16))))
  }

  @Test func blocksWithoutColoursFallBackToTheRamp() {
    var canvas = Canvas(width: 4, height: 2)
    canvas.picture(disc(4), in: canvas.bounds, PictureLook(mode: .halfBlock, contrast: linear))
    #expect(canvas.text.unicodeScalars.allSatisfy { $0.isASCII })
  }

  @Test func aDifferenceHasItsZeroInTheMiddleAndSaysItsLimits() {
    var canvas = Canvas(width: 7, height: 1)
    let source = PictureSource(
      width: 7, height: 2,
      values: [-0.12, -0.06, -0.02, 0, 0.02, 0.06, 0.12].flatMap { [$0] } + [
        -0.12, -0.06, -0.02, 0, 0.02, 0.06, 0.12,
      ])
    let contrast = Contrast(scale: .linear, range: .percentile(0, 100), isSigned: true)
    let placement = canvas.picture(
      source, in: canvas.bounds, PictureLook(map: .diverging, contrast: contrast))
    #expect(canvas.text == "=-. .+#")
    #expect(placement.limits == Limits(low: -0.12, high: 0.12))
    canvas.picture(
      source, in: canvas.bounds,
      PictureLook(mode: .halfBlock, map: .diverging, depth: .palette256, contrast: contrast))
    #expect(canvas[3, 0].style.foreground == .palette(234))
    #expect(canvas[0, 0].style.foreground == .palette(153))
    #expect(canvas[6, 0].style.foreground == .palette(217))
  }

  @Test func aSmallSpotIsAveragedAndNeverFallsBetweenSamples() throws {
    var values = [Float](repeating: 0, count: 100 * 100)
    values[37 * 100 + 61] = 1000
    var canvas = Canvas(width: 10, height: 5)
    let look = PictureLook(contrast: Contrast(scale: .log, range: .percentile(0, 100)))
    let placement = canvas.picture(
      PictureSource(width: 100, height: 100, values: values), in: canvas.bounds, look)
    let spot = placement.cell(column: 61, row: 37)
    #expect(canvas[spot.x, spot.y].scalar != " ")
    #expect(canvas.text.filter { $0 != " " && $0 != "\n" }.count == 1)
    let pixel = try #require(placement.pixel(x: spot.x, y: spot.y))
    #expect((60..<70).contains(pixel.column) && (20..<40).contains(pixel.row))
    #expect(placement.pixel(x: -1, y: 0) == nil)
  }

  @Test(arguments: PictureMode.allCases) func missingValuesAreSaidAndNeverShaded(_ mode: PictureMode) {
    var canvas = Canvas(width: 4, height: 2)
    let source = PictureSource(
      width: 4, height: 4, values: [.nan, .infinity, -.infinity, .nan] + Array(repeating: 5, count: 12))
    canvas.picture(
      PictureSource(width: 2, height: 2, values: Array(repeating: .nan, count: 4)), in: canvas.bounds,
      PictureLook(mode: mode, depth: .palette256))
    let missing: Unicode.Scalar = mode == .ascii ? "?" : "·"
    #expect(canvas.text.unicodeScalars.allSatisfy { $0 == missing || $0 == "\n" } && canvas.text.count == 9)
    canvas.picture(source, in: canvas.bounds, PictureLook(mode: mode, depth: .palette256))
    #expect(canvas[0, 1].scalar != missing)
  }

  @Test func measuredAndPredictedShareOneScale() {
    let dim = PictureSource(width: 1, height: 1, values: [1])
    let bright = PictureSource(width: 2, height: 1, values: [5, 9])
    let contrast = Contrast(scale: .linear, range: .percentile(0, 100))
    #expect(contrast.limits(of: [dim, bright]) == Limits(low: 1, high: 9))
    #expect(contrast.fraction(5, contrast.limits(of: [dim, bright])) == 0.5)
  }

  @Test func percentilesAreExactOverManyDecadesAndSigns() {
    var values = (0...1000).map { Float($0 - 500) * 0.001 }
    values += [.nan, .infinity]
    let contrast = Contrast(range: .percentile(1, 99.5))
    let limits = contrast.limits(of: [
      PictureSource(width: values.count, height: 1, values: values.reversed())
    ])
    #expect(limits == Limits(low: Float(-490) * 0.001, high: Float(495) * 0.001))
    let decades = (0...100).map { Float(1) * Float(1 << ($0 / 4)) }
    let whole = Contrast(range: .percentile(0, 100))
    #expect(
      whole.limits(of: [PictureSource(width: 101, height: 1, values: decades)])
        == Limits(low: 1, high: Float(1 << 25)))
  }

  @Test func percentilesAreThoseOfTheSortedValues() {
    var random = SplitMix64(seed: 2)
    let values = (0..<6000).map { _ in
      Float.random(in: -1...1, using: &random) * .random(in: 0...1e6, using: &random)
    }
    let sorted = values.sorted()
    let limits = Contrast(range: .percentile(3, 90)).limits(of: [
      PictureSource(width: 100, height: 60, values: values)
    ])
    #expect(limits == Limits(low: sorted[180], high: sorted[5399]))
  }

  @Test func aPictureMostlyOfZerosStillShowsItsCounts() {
    let source = PictureSource(width: 1000, height: 1, values: Array(repeating: 0, count: 998) + [3, 7])
    #expect(Contrast().limits(of: [source]) == Limits(low: 0, high: 7))
  }

  @Test func logarithmShowsTheSameForCountsAndForTheirFractions() throws {
    let contrast = Contrast()
    for part: Float in [0.01, 0.1, 0.5, 1] {
      let ofHundred = try #require(contrast.fraction(part * 100, Limits(low: 0, high: 100)))
      let ofOne = try #require(contrast.fraction(part, Limits(low: 0, high: 1)))
      #expect(abs(ofHundred - ofOne) < 1e-5)
    }
    #expect(contrast.fraction(.nan, Limits(low: 0, high: 1)) == nil)
    #expect(
      contrast.fraction(
        .greatestFiniteMagnitude, Limits(low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude)) == 1
    )
  }

  @Test(arguments: Contrast.Scale.allCases) func brightnessRisesWithTheValue(_ scale: Contrast.Scale) throws {
    for limits in [
      Limits(low: 0, high: 1), Limits(low: -4, high: 9), Limits(low: 100, high: 65535),
      Limits(low: 2, high: 2),
    ] {
      for isSigned in [false, true] {
        let contrast = Contrast(scale: scale, range: .fixed(limits), isSigned: isSigned)
        let fractions = try (-50...50).map { try #require(contrast.fraction(Float($0 * abs($0)), limits)) }
        for (low, high) in zip(fractions, fractions.dropFirst()) { #expect(low <= high) }
        #expect(fractions.allSatisfy { $0 >= 0 && $0 <= 1 })
      }
    }
  }

  @Test func everyRuleHasItsLimits() {
    let source = PictureSource(width: 4, height: 1, values: [-3, 0, 4, 100])
    func limits(_ range: Contrast.Range, signed: Bool = false) -> Limits {
      Contrast(scale: .linear, range: range, isSigned: signed).limits(of: [source])
    }
    #expect(limits(.fixed(Limits(low: 1, high: 2))) == Limits(low: 1, high: 2))
    #expect(limits(.percentile(0, 100)) == Limits(low: -3, high: 100))
    #expect(limits(.fromZero(100)) == Limits(low: -3, high: 100))
    #expect(limits(.partOfMaximum(0.5)).high == 50)
    let deviation = Float(((9.0 + 16 + 10_000) / 4).squareRoot())
    #expect(limits(.deviations(2), signed: true) == Limits(low: -2 * deviation, high: 2 * deviation))
    let positive = PictureSource(width: 2, height: 1, values: [5, 10])
    #expect(
      Contrast(scale: .linear, range: .fromZero(100)).limits(of: [positive]) == Limits(low: 0, high: 10))
  }

  @Test func theBrightestPixelOfACellIsNotAveragedAway() {
    var values = [Float](repeating: 0, count: 64 * 64)
    values[20 * 64 + 33] = 1000
    let source = PictureSource(width: 64, height: 64, values: values)
    func most(_ reduction: PictureSource.Reduction) -> Int {
      var canvas = Canvas(width: 16, height: 8)
      canvas.picture(
        source, in: canvas.bounds,
        PictureLook(
          contrast: Contrast(scale: .linear, range: .fixed(Limits(low: 0, high: 1000))), reduction: reduction)
      )
      return canvas.text.count { $0 == "@" }
    }
    #expect(most(.brightest) == 1 && most(.mean) == 0)
  }

  @Test(arguments: PictureMode.allCases) func anyPictureInAnyAreaIsHarmless(_ mode: PictureMode) {
    var canvas = Canvas(width: 9, height: 5)
    for (width, height) in [(0, 0), (0, 4), (1, 1), (1, 300), (300, 1), (7, 5)] {
      let values = (0..<width * height).map { $0 % 7 == 0 ? Float.nan : Float($0) }
      let source = PictureSource(width: width, height: height, values: values)
      for area in [
        Rect(x: 0, y: 0, width: 0, height: 0), Rect(x: -3, y: 4, width: 1, height: 1), canvas.bounds,
        Rect(x: 5, y: -9, width: 40, height: 90),
      ] {
        for depth in ColourDepth.allCases {
          let placement = canvas.picture(source, in: area, PictureLook(mode: mode, depth: depth))
          #expect(area.intersection(placement.rect) == placement.rect || placement.rect.isEmpty)
        }
      }
    }
  }
}
