import Testing
import TerminalUI

@Suite struct PlotTests {
  private let theme = Theme(.none)

  @Test(
    arguments: [
      (0.0, 40.0, 2, ["0", "20", "40"]), (0, 1, 2, ["0", "0.5", "1.0"]),
      (-0.3, 0.3, 3, ["−0.2", "0", "0.2"]),
      (131, 201, 7, ["140", "150", "160", "170", "180", "190", "200"]), (0, 8e6, 2, ["0", "5M"]),
      (0.9971, 0.9984, 2, ["0.998"]), (5, 5, 2, ["5.0"]),
    ] as [(Double, Double, Int, [String])])
  func ticksAreRound(_ low: Double, _ high: Double, _ count: Int, _ labels: [String]) {
    let axis = Axis(low: low, high: high, ticks: count)
    #expect(axis.labels == labels)
    #expect(axis.ticks.allSatisfy { axis.low - 1e-9 <= $0 && $0 <= axis.high * (1 + 1e-9) + 1e-9 })
  }

  @Test func aRoundAxisEndsOnTicks() {
    let axis = Axis([3.2, 37], ticks: 4, isRound: true, including: [0])
    #expect(axis.low == 0 && axis.high == 40 && axis.labels == ["0", "10", "20", "30", "40"])
  }

  @Test func aPlotHasItsAxesOutsideAndItsLowestValueOnTheAxis() throws {
    var canvas = Canvas(width: 24, height: 6)
    var plot = try #require(
      Plot(
        canvas.bounds, x: Axis(low: 0, high: 20, unit: "nm", ticks: 2), y: Axis(low: 0, high: 1, ticks: 2),
        theme))
    plot.axes(on: &canvas)
    plot.line([(0, 0), (20, 1)], .plain)
    plot.mark("◆", x: 20, y: 0, .plain)
    plot.draw(on: &canvas)
    #expect(canvas.row(4).hasPrefix("  0┼") && canvas.row(4).hasSuffix("◆"))
    #expect(canvas.row(5).hasSuffix("nm") && canvas.row(5).contains("10"))
    #expect(canvas[23, 0].scalar != " " && canvas[4, 3].scalar != " ")
  }

  @Test func columnsStandOnTheAxisInEighths() throws {
    var canvas = Canvas(width: 12, height: 6)
    let plot = try #require(
      Plot(canvas.bounds, x: Axis(low: 0, high: 1, ticks: 1), y: Axis(low: 0, high: 1, ticks: 1), theme))
    plot.columns([1, 0.5, 0.25, 0.1, 0.001, 0, .nan], .plain, on: &canvas)
    let left = plot.inside.x
    func column(_ x: Int) -> String { String((0..<4).map { Character(canvas[left + x, $0].scalar) }) }
    #expect(column(0) == "████" && column(1) == "  ██" && column(2) == "   █" && column(3) == "   ▃")
    #expect(column(4) == "    " && column(5) == "    " && column(6) == "    ")
  }

  @Test func aSparklineTakesOneRow() {
    var canvas = Canvas(width: 8, height: 1)
    canvas.sparkline([0, 1, 2, 3, 4, 5, 6, 7], in: canvas.bounds, .plain)
    #expect(canvas.text == "▁▂▃▄▅▆▇█")
  }

  @Test func numbersHaveATrueMinusAndNoZeroOfTheirOwn() {
    #expect(Axis.number(-0.026, 2) == "−0.03" && Axis.number(-0.001, 2) == "0.00")
    #expect(Axis.number(12.345, 1) == "12.3" && Axis.number(9.96, 1) == "10.0" && Axis.number(.nan, 2) == "—")
  }

  @Test func aColourBarSaysItsLimits() {
    let bar = ColourMap.viridis.bar(Limits(low: 0, high: 380), width: 4, unit: "counts", depth: .none, .plain)
    #expect(bar.plain == "0  .=# 380 counts")
    let signed = ColourMap.diverging.bar(
      Limits(low: -0.5, high: 0.5), width: 5, isSigned: true, depth: .trueColour, .plain)
    #expect(signed.plain == "−0.5 ▆▆▆▆▆ +0.5")
  }

  @Test func anyValuesInAnyAreaAreHarmless() {
    let hostile: [Double] = [
      .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, -0.0,
      .leastNonzeroMagnitude, 1, -1e-300, 1e308,
    ]
    var canvas = Canvas(width: 30, height: 8)
    var drawn = 0
    for low in hostile {
      for high in hostile {
        let axis = Axis(low: low, high: high, ticks: 5, isRound: true, margin: 0.1)
        #expect(axis.low.isFinite && axis.high.isFinite && axis.ticks.count < 20)
        for (width, height) in [(0, 0), (8, 3), (30, 8)] {
          let area = Rect(x: 0, y: 0, width: width, height: height)
          guard var plot = Plot(area, x: axis, y: axis, theme) else { continue }
          plot.axes(on: &canvas)
          plot.line(hostile.map { ($0, $0) }, .plain)
          plot.points(hostile.map { ($0, 0) }, .plain)
          plot.strokes(hostile.map { (0, $0) }, .plain)
          plot.interval(low: low, value: 0, high: high, .plain)
          plot.columns(hostile, .plain, on: &canvas)
          plot.draw(on: &canvas)
          drawn += 1
        }
      }
    }
    #expect(drawn > 100)
  }
}
