import Testing
import TerminalUI

@Suite struct PlotTests {
  private let thickness = [
    Bar(label: "38.0", value: 0.05), Bar(label: "39.5", value: 0.13),
    Bar(label: "41.0", value: 0.52, note: ".52<1"), Bar(label: "42.5", value: 0.13),
    Bar(label: "44.0", value: 0.0), Bar(label: "45.5", value: 0.32, note: ".32<2"),
  ]

  @Test func aHistogramLooksLikeTheDrawing() {
    var canvas = Canvas(width: 26, height: 6)
    canvas.bars(thickness, in: canvas.bounds)
    #expect(
      canvas.text == """
        38.0|##
        39.5|####
        41.0|################.52<1
        42.5|####
        44.0|
        45.5|##########.32<2
        """)
  }

  @Test func aHistogramWithTooFewRowsShowsWhereTheMostIs() {
    var canvas = Canvas(width: 12, height: 2)
    canvas.bars(thickness, in: canvas.bounds)
    #expect(canvas.text == "39.5|#\n41.0|##.52<1")
  }

  @Test func aTrendHasTheNewestAtTheRightAndLabelsItsRows() {
    var canvas = Canvas(width: 14, height: 4)
    let values: [Float] = [34, 34, 38, 38, .nan, 42, 42, 46]
    var points = values.map { TrendPoint(value: $0) }
    points[7].glyph = "x"
    canvas.trend(points, in: canvas.bounds, range: 32...48)
    #expect(
      canvas.text == """
        46|          x
        42|        ..
        38|     ..
        34|   ..
        """)
    canvas = Canvas(width: 6, height: 2)
    canvas.trend(points, in: canvas.bounds, range: 36...40)
    #expect(canvas.text == "39|^^^\n37|")
  }

  @Test func twoCurvesShareTheirAxis() {
    var canvas = Canvas(width: 9, height: 3)
    canvas.profile(
      [
        Curve(values: [0, 0, 1, 1, 2, 2, 1, 0], glyph: "o"),
        Curve(values: [0, 1, 1, 2, 2, 1, 1, 0], glyph: "x"),
      ], in: canvas.bounds)
    #expect(
      canvas.text == """
        |   x*o
        | x*o x*
        |*o     *
        """)
  }

  @Test func aSparklineTakesOneRow() {
    var canvas = Canvas(width: 8, height: 2)
    canvas.sparkline([0, 1, 2, 3, 4, 5, 6, 7], in: canvas.bounds, unicode: true)
    canvas.sparkline([0, .nan, 7], in: Rect(x: 0, y: 1, width: 8, height: 1), unicode: false)
    #expect(canvas.text == "▁▂▃▄▅▆▇█\n_ @")
  }

  @Test(
    arguments: [
      (0.52, ".52"), (41.46, "41"), (-0.1, "-.1"), (0, "0"), (9.96, "10"), (99.5, "100"), (120_000, "1.2e5"),
      (12_345, "12345"), (0.004, ".004"), (0.00004, "4e-5"), (1, "1"), (-250.4, "-250"), (0.999, "1"),
    ] as [(Float, String)])
  func numbersTakeNoMoreRoomThanTheyNeed(_ value: Float, _ text: String) {
    #expect(compact(value) == text)
  }

  @Test func numbersThatAreNoneAreSaid() {
    #expect(compact(.nan) == "nan" && compact(-.infinity) == "-inf")
    #expect(compact(99.5, digits: 3) == "99.5")
    #expect(compact(.greatestFiniteMagnitude) == "3.4e38")
    #expect(compact(.leastNonzeroMagnitude, digits: 40) != "")
  }

  @Test func anyValuesInAnyAreaAreHarmless() {
    let hostile: [Float] = [
      .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, -0.0,
      .leastNonzeroMagnitude, 1,
    ]
    var canvas = Canvas(width: 30, height: 8)
    for count in [0, 1, 2, 9] {
      for values in [
        Array(hostile.prefix(count)), Array(hostile.suffix(count)), Array(repeating: 3, count: count),
      ] {
        for width in [0, 1, 2, 3, 30] {
          for height in [0, 1, 8] {
            let area = Rect(x: 0, y: 0, width: width, height: height)
            canvas.bars(values.map { Bar(label: "l\u{1B}", value: $0, note: "n") }, in: area)
            canvas.trend(values.map { TrendPoint(value: $0) }, in: area)
            canvas.trend(values.map { TrendPoint(value: $0) }, in: area, range: 1...1)
            canvas.profile([Curve(values: values, glyph: "o"), Curve(values: [], glyph: "x")], in: area)
            canvas.sparkline(values, in: area, unicode: false)
            #expect(canvas[width, height] == .blank || width == 0 || height == 0 || width < 30)
          }
        }
      }
    }
  }
}
