import System
import Foundation
import Imaging
import Testing

/// Broad spots at seeded places: smooth enough for interpolation to be nearly exact.
private func spots(_ rows: Int, _ columns: Int, seed: UInt64 = 1, width: Double = 3) -> Image {
  var numbers = RandomNumbers(seed: seed)
  var image = Image(rows: rows, columns: columns)
  for _ in 0..<12 {
    let y = numbers.uniform(in: 0.25...0.75) * Double(rows)
    let x = numbers.uniform(in: 0.25...0.75) * Double(columns)
    let height = numbers.uniform(in: 0.5...1)
    for r in 0..<rows {
      for c in 0..<columns {
        let d2 = (Double(r) - y) * (Double(r) - y) + (Double(c) - x) * (Double(c) - x)
        image[r, c] += Float(height * exp(-0.5 * d2 / (width * width)))
      }
    }
  }
  return image
}

private func ramp(_ rows: Int, _ columns: Int) -> Image {
  Image(
    rows: rows, columns: columns,
    values: (0..<rows * columns).map { Float($0 / columns * 2 + $0 % columns * 3) })
}

@Test(arguments: Reference.cases("translation"))
func displacementAgreesWithTheReferenceRegistration(test: Reference.Case) {
  let expected: [Double] = test["registration_yx"]
  for weighting in [CrossPower.phase, .amplitude] {
    let move = test.image("b").displacement(onto: test.image("a"), weighting).shift
    #expect(abs(move.y - expected[0]) <= 0.05 && abs(move.x - expected[1]) <= 0.05)
  }
}

@Test(arguments: [Point(y: 0, x: 0), Point(y: 7.25, x: -3.6), Point(y: -0.5, x: 20.1)])
func displacementFindsWhatAFourierShiftDid(shift: Point) {
  let fixed = spots(64, 81)
  let moved = fixed.shifted(by: shift, method: .fourier)
  let back = moved.displacement(onto: fixed, .amplitude).shift
  #expect(abs(back.y + shift.y) < 0.01 && abs(back.x + shift.x) < 0.01)
}

@Test func shiftsByWholePixelsMovePixelsExactly() {
  let image = spots(20, 24)
  for method in [ShiftMethod.bilinear, .cubic] {
    let moved = image.shifted(by: Point(y: 3, x: -2), method: method)
    for r in 0..<20 {
      for c in 0..<24 {
        let expected = r >= 3 && c + 2 < 24 ? image[r - 3, c + 2] : 0
        #expect(moved[r, c] == expected)
      }
    }
  }
}

@Test func cubicAndFourierShiftsAgreeWhereTheImageIsSmooth() {
  let image = spots(48, 48, width: 4)
  let shift = Point(y: 0.3, x: -1.7)
  let cubic = image.shifted(by: shift, method: .cubic)
  let fourier = image.shifted(by: shift, method: .fourier)
  #expect(largestDifference(cubic, fourier) < 0.01 * image.extent.largest)
}

@Test func resizingKeepsALinearRampLinear() {
  let image = ramp(12, 15)
  let larger = image.resized(rows: 24, columns: 30)
  // A pixel of the new grid at (r, c) sits at ((r + 1/2)/2 - 1/2, ...) of the old one.
  for r in 1..<23 {
    for c in 1..<29 {
      let expected = ((Float(r) + 0.5) / 2 - 0.5) * 2 + ((Float(c) + 0.5) / 2 - 0.5) * 3
      #expect(abs(larger[r, c] - expected) < 1e-4)
    }
  }
  #expect(image.resized(rows: 12, columns: 15) == image)
}

@Test func averagingKeepsTheMean() {
  let image = spots(37, 53)
  let mean = image.values.reduce(0, +) / Float(image.count)
  for (rows, columns) in [(10, 11), (37, 5), (36, 52)] {
    let small = image.averaged(rows: rows, columns: columns)
    #expect(abs(small.values.reduce(0, +) / Float(small.count) - mean) < 1e-5)
  }
  #expect(largestDifference(image.averaged(rows: 37, columns: 53), image) < 1e-6)
}

@Test func binningSumsBlocks() {
  let image = ramp(6, 9)
  for factor in [1, 2, 3] {
    let binned = image.binned(by: factor)
    for r in 0..<binned.rows {
      for c in 0..<binned.columns {
        var sum: Float = 0
        for y in 0..<factor { for x in 0..<factor { sum += image[r * factor + y, c * factor + x] } }
        #expect(binned[r, c] == sum)
      }
    }
  }
}

@Test func quarterTurnsMovePixelsExactly() {
  let image = spots(31, 31)
  let turned = image.rotated(by: Double.pi / 2, border: .edge)
  // From +x towards +y: what lay at +x of the centre now lies at +y.
  for r in 0..<31 { for c in 0..<31 { #expect(abs(turned[c, 30 - r] - image[r, c]) < 1e-5) } }
}

@Test func affineSamplesAreThoseOfTheRampWhereverTheyLie() {
  let image = ramp(10, 11)
  let out = image.affine(
    rows: 30, columns: 40, origin: Point(y: -2, x: 3), perRow: Point(y: 0.4, x: -0.2),
    perColumn: Point(y: 0.05, x: 0.3), border: .constant(-7))
  for r in 0..<30 {
    for c in 0..<40 {
      let y = -2 + 0.4 * Double(r) + 0.05 * Double(c)
      let x = 3 - 0.2 * Double(r) + 0.3 * Double(c)
      if y >= 0 && x >= 0 && y <= 9 && x <= 10 {
        #expect(abs(Double(out[r, c]) - (2 * y + 3 * x)) < 1e-4)
      } else if y <= -1 || x <= -1 || y >= 10 || x >= 11 {
        #expect(out[r, c] == -7)
      }
    }
  }
}

@Test func polarGridOfARadialImageHasConstantRings() {
  let centre = Point(y: 32.3, x: 30.6)
  var image = Image(rows: 64, columns: 64)
  for r in 0..<64 {
    for c in 0..<64 { image[r, c] = Float((Point(y: Double(r), x: Double(c)) - centre).length) }
  }
  for spacing in [RadialSpacing.linear, .logarithmic] {
    let polar = image.polar(about: centre, angles: 90, radii: 25, maximumRadius: 25, spacing: spacing)
    for j in 3..<25 {
      let radius = spacing == .linear ? Double(j) + 0.5 : exp(Double(j) * log(25) / 25)
      #expect(polar.column(j).allSatisfy { abs(Double($0) - radius) < 0.15 })
    }
  }
}

@Test(arguments: [0.0, 0.4, -1.1])
func rotationIsFoundFromPolarGrids(angle: Double) {
  let fixed = spots(96, 96, seed: 4)
  let moving = fixed.rotated(by: angle)
  #expect(abs(moving.rotation(onto: fixed) + angle) < 0.005)
}

@Test func rotationAndScaleAreFoundTogether() {
  let fixed = spots(128, 128, seed: 4, width: 4)
  let moving = fixed.rotated(by: 0.3, scale: 1.1)
  let found = moving.rotationAndScale(onto: fixed)
  #expect(abs(found.angle + 0.3) < 0.02)
  #expect(abs(found.scale - 1 / 1.1) < 0.02)
}

private func disc(_ rows: Int, _ columns: Int, _ centre: Point, _ radius: Double) -> Image {
  var image = Image(rows: rows, columns: columns)
  for r in 0..<rows {
    for c in 0..<columns {
      let distance = (Point(y: Double(r), x: Double(c)) - centre).length
      image[r, c] = Float(100 / (1 + exp(2 * (distance - radius))) + 3)
    }
  }
  return image
}

@Test func centreOfMassIsTheCentreOfADisc() throws {
  let centre = Point(y: 40.4, x: 55.7)
  let image = disc(90, 120, centre, 22)
  for weighted in [false, true] {
    let found = try #require(image.centreOfMass(weighted: weighted))
    #expect((found - centre).length < 0.1)
  }
  #expect(Image(rows: 4, columns: 4, repeating: 1).centreOfMass(above: 2) == nil)
}

@Test func discFitIgnoresAnIntruderAndStructureInside() throws {
  let centre = Point(y: 60.3, x: 57.8)
  var image = disc(128, 128, centre, 31.6)
  // A second disc across the edge, a bright spot inside and noise pull the centre of mass away.
  let intruder = disc(128, 128, Point(y: 95, x: 85), 14)
  let spot = disc(128, 128, Point(y: 50, x: 66), 6)
  var numbers = RandomNumbers(seed: 2)
  for i in 0..<image.count {
    image.values[i] += 0.7 * intruder.values[i] + spot.values[i] + Float(4 * numbers.normal())
  }
  let mass = try #require(image.centreOfMass())
  let fit = try #require(image.fitDisc())
  #expect((mass - centre).length > 1)
  #expect((fit.centre - centre).length < 0.25)
  #expect(abs(fit.radius - 31.6) < 0.5)
  #expect(fit.support > 0.6)
}

@Test func discFitOfPureNoiseHasLittleSupportOrNoAnswer() {
  var numbers = RandomNumbers(seed: 3)
  let image = Image(rows: 64, columns: 64, values: (0..<4096).map { _ in Float(numbers.uniform()) })
  if let fit = image.fitDisc(from: Point(y: 32, x: 32), radii: 5...30) { #expect(fit.support < 0.6) }
}
