import Diffraction
import FrameQuality
import Testing

private let engine = FrameEngine()

/// A disc of 1000 counts on a background of 10, with a fixed texture.
private func disc(
  x: Double = 60, y: Double = 50, radius: Double = 20, width: Int = 128, height: Int = 96,
  change: (inout [UInt16]) -> Void = { _ in }
) -> Frame {
  var values = [UInt16](repeating: 0, count: width * height)
  for row in 0..<height {
    for column in 0..<width {
      let dx = Double(column) - x
      let dy = Double(row) - y
      let texture = (row * 7 + column * 13) % 5
      values[row * width + column] = UInt16((dx * dx + dy * dy <= radius * radius ? 1000 : 10) + texture)
    }
  }
  change(&values)
  return Frame(pixels: Pixels(width: width, height: height, values: values))
}

private func analyze(
  _ frame: Frame, _ parameters: ParameterValues = ParameterValues(), previous: Finding? = nil
) throws -> Finding {
  try engine.analyze(.frame(frame), parameters, AnalysisContext(previous: previous))
}

@Test func theDiscIsFoundWhereItIs() throws {
  let finding = try analyze(disc())
  #expect(finding.verdict == .accept)
  #expect(abs((finding["center_x"]?.value ?? 0) - 60) < 0.1)
  #expect(abs((finding["center_y"]?.value ?? 0) - 50) < 0.1)
  #expect(abs((finding["disc_radius"]?.value ?? 0) - 20) < 0.3)
  #expect(abs((finding["background"]?.value ?? 0) - 12) <= 2)
}

@Test func theDoseIsTheExactSumOfTheCounts() throws {
  let frame = disc()
  let finding = try analyze(frame)
  #expect(finding["dose"]?.value == frame.pixels.doubles().reduce(0, +))
}

@Test func driftIsTheDistanceToTheFrameBefore() throws {
  let first = try analyze(disc())
  let second = try analyze(disc(x: 63, y: 54), previous: first)
  #expect(abs((second["drift"]?.value ?? 0) - 5) < 0.1)
  #expect(first["drift"] == nil)
  let far = try analyze(disc(x: 80, y: 50), previous: first)
  #expect(far.reasons.map(\.code) == ["DRFT"])
  #expect(far.verdict == .doubtful)
}

@Test func hotAndDeadPixelsAreCountedAndDoNotMoveTheCentre() throws {
  let clean = try analyze(disc())
  let finding = try analyze(
    disc { values in
      values[5 * 128 + 5] = 60_000
      values[80 * 128 + 120] = 60_000
      values[50 * 128 + 60] = 0
    })
  #expect(finding["hot"]?.value == 2)
  #expect(finding["dead"]?.value == 1)
  #expect(abs((finding["center_x"]?.value ?? 0) - (clean["center_x"]?.value ?? 1)) < 0.05)
}

@Test func saturationIsSeenAtTheTypesCeilingAndAtFourteenBits() throws {
  let full = try analyze(disc { values in for i in 0..<50 { values[50 * 128 + 40 + i % 40] = 65535 } })
  #expect(full["saturated"]?.value == 40)
  #expect(full.reasons.map(\.code).contains("SAT"))
  let fourteen = try analyze(
    disc { values in for i in values.indices where values[i] >= 1000 { values[i] = 16383 } })
  #expect((fourteen["saturated"]?.value ?? 0) > 1000)
  #expect(fourteen.reasons.map(\.code).contains("SAT"))
}

@Test func anEmptyFrameAndABlankedBeamAreNotAnalysable() throws {
  let empty = Frame(pixels: Pixels(width: 16, height: 16, values: [UInt16](repeating: 7, count: 256)))
  #expect(try analyze(empty).verdict == .notAnalysable)
  #expect(try analyze(empty).reasons.map(\.code) == ["EMTY"])
  let noise = (0..<128 * 96).map { UInt16(100 + ($0 * 7919) % 21) }
  let blanked = Frame(pixels: Pixels(width: 128, height: 96, values: noise))
  #expect(try analyze(blanked).reasons.map(\.code) == ["BLNK"])
}

@Test func aBlurredPatternIsLessSharp() throws {
  var values = [Float](repeating: 1, count: 64 * 64)
  for y in 16..<48 { for x in 16..<48 { values[y * 64 + x] = 100 + (((x / 4 + y / 4) % 2 == 0) ? 50 : 0) } }
  var blurred = values
  for y in 1..<63 {
    for x in 1..<63 {
      var sum: Float = 0
      for dy in -1...1 { for dx in -1...1 { sum += values[(y + dy) * 64 + x + dx] } }
      blurred[y * 64 + x] = sum / 9
    }
  }
  let sharp = try analyze(Frame(pixels: Pixels(width: 64, height: 64, values: values)))
  let soft = try analyze(Frame(pixels: Pixels(width: 64, height: 64, values: blurred)))
  #expect((sharp["sharpness"]?.value ?? 0) > 1.5 * (soft["sharpness"]?.value ?? 1))
}

@Test func aParameterChangesTheVerdict() throws {
  let first = try analyze(disc())
  let strict = ParameterValues(["drift_limit_px": .number(1)])
  #expect(try analyze(disc(x: 63), strict, previous: first).reasons.map(\.code) == ["DRFT"])
  #expect(try analyze(disc(x: 63), previous: first).verdict == .accept)
}
