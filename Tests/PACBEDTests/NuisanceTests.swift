import Arrays
import Glibc
import PACBED
import Scattering
import System
import Testing

@Suite struct NuisanceTests {
  @Test func `a blur keeps the sum and has the variance that was asked for`() {
    let size = 41
    for variance in [0.05, 0.6, 3.1] {
      var pixels = [Float](repeating: 0, count: size * size)
      pixels[20 * size + 20] = 1
      DetectorBlur.apply(variance, to: &pixels, rows: size, columns: size)
      var (sum, second) = (0.0, 0.0)
      for i in pixels.indices {
        let x = Double(i % size - 20)
        sum += Double(pixels[i])
        second += Double(pixels[i]) * x * x
      }
      #expect(abs(sum - 1) < 1e-5)
      #expect(abs(second - variance) < 1e-4 + 1e-4 * variance)
    }
  }

  @Test func `a wide blur is a Gaussian of its variance, and one wider than the image comes to an end`() {
    let size = 161
    let middle = size / 2
    for variance in [64.5, 100, 250.0] {
      var pixels = [Float](repeating: 0, count: size * size)
      pixels[middle * size + middle] = 1
      DetectorBlur.apply(variance, to: &pixels, rows: size, columns: size)
      var (sum, second, off) = (0.0, 0.0, 0.0)
      for i in pixels.indices {
        let (x, y) = (Double(i % size - middle), Double(i / size - middle))
        sum += Double(pixels[i])
        second += Double(pixels[i]) * x * x
        let expected = exp(-(x * x + y * y) / (2 * variance)) / (2 * .pi * variance)
        off = max(off, abs(Double(pixels[i]) - expected) * 2 * .pi * variance)
      }
      #expect(abs(sum - 1) < 1e-4)
      #expect(abs(second / variance - 1) < 2e-3, "\(variance): \(second)")
      #expect(off < 0.01, "\(variance): \(off) of the summit")
    }
    // As many passes as the variance asks for would never end.
    for variance in [1e6, 1e13, 1e300, Double.infinity] {
      var pixels = (0..<40 * 30).map { Float($0 % 7) }
      DetectorBlur.apply(variance, to: &pixels, rows: 40, columns: 30)
      let isSmooth = pixels.allSatisfy { 1...5 ~= $0 }
      #expect(isSmooth, "\(variance): \(pixels.prefix(5))")
    }
  }

  @Test func `gaps continue their surroundings`() {
    let (rows, columns) = (37, 50)
    func plane(_ r: Int, _ c: Int) -> Float { 10 + Float(r) + 2 * Float(c) }
    var pixels = (0..<rows * columns).map { plane($0 / columns, $0 % columns) }
    var isSeen = [Bool](repeating: true, count: pixels.count)
    // A cross, as between a detector's quarters, and a lone pixel.
    for r in 0..<rows { isSeen[r * columns + 24] = false }
    for c in 0..<columns { isSeen[18 * columns + c] = false }
    isSeen[5 * columns + 5] = false
    for i in pixels.indices where !isSeen[i] { pixels[i] = -1000 }
    SmoothFill.apply(&pixels, rows: rows, columns: columns, isSeen: isSeen)
    for i in pixels.indices { #expect(abs(pixels[i] - plane(i / columns, i % columns)) < 4) }
    // Half of an even frame.
    var half = (0..<rows * columns).map { Float($0 % columns < 20 ? 0 : 7) }
    SmoothFill.apply(&half, rows: rows, columns: columns, isSeen: half.map { $0 > 0 })
    let isEven = half.allSatisfy { abs($0 - 7) < 1e-4 }
    #expect(isEven)
  }

  private static let tables: MotionTables? = {
    let tables = MotionTables.standardShares.compactMap { share -> PACBEDTable? in
      guard var request = try? SmallModel.domain().tableRequest() else { return nil }
      request.multislice.spacing = 0.2
      if share > 0 { request.multislice.motion = .independent(share: share) }
      return try? PACBEDTable.make(request)
    }
    return MotionTables(shares: MotionTables.standardShares, tables: tables)
  }()

  @Test func `between tables the weights are those of the parabola`() throws {
    let tables = try #require(Self.tables)
    for (number, share) in MotionTables.standardShares.enumerated() {
      let weights = tables.weights(at: share)
      for j in weights.indices { #expect(abs(weights[j] - (j == number ? 1 : 0)) < 1e-6) }
    }
    for share in [0.2, 0.8, 1.9] {
      #expect(abs(tables.weights(at: share).reduce(0, +) - 1) < 1e-5)
      let (below, above) = (tables.weights(at: share - 0.01), tables.weights(at: share + 0.01))
      for (j, slope) in tables.slopes(at: share).enumerated() {
        #expect(abs((above[j] - below[j]) / 0.02 - slope) < 1e-3)
      }
    }
  }

  @Test func `a fit finds motion and blur`() throws {
    let tables = try #require(Self.tables)
    var truth = PatternParameters(thickness: 5.2, mistilt: [0.8, -0.5], convergence: 5.5)
    truth.motion = 1.2
    truth.blur = 0.7
    let size = FitImage.size
    let pitch = ModelDomain.field * 5.5 / Double(size / 2)
    let blank = FitImage(
      pixels: [Float](repeating: 0, count: size * size),
      isCounted: [Bool](repeating: true, count: size * size), pitch: pitch)
    var fit = PatternFit(tables: tables, image: blank, statedConvergence: 5.5)
    let pattern = fit.render(truth)
    let top = pattern.max() ?? 1
    fit.image = FitImage(
      pixels: pattern.map { 300 + 1000 * $0 / top }, isCounted: [Bool](repeating: true, count: size * size),
      pitch: pitch)
    fit.fixed = []
    var start = truth
    start.thickness = 4.9
    start.motion = 0.6
    start.blur = 0.2
    let result = fit.run(from: start, steps: 40)
    #expect(result.match > 0.9999)
    #expect(abs(result.parameters.thickness - 5.2) < 0.1)
    #expect(abs(result.parameters.motion - 1.2) < 0.25)
    #expect(abs(result.parameters.blur - 0.7) < 0.1)
    #expect(result.thicknessSpread >= result.deviation(.thickness))
  }
}
