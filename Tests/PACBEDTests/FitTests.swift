import Analysis
import Arrays
import Diffraction
import System
import PACBED
import Scattering
import Testing

@Suite struct FitTests {
  /// A pattern of the small crystal as a fit sees it.
  private func image(
    _ truth: PatternParameters, noise: Double = 0, seed: UInt64 = 1, convergence: Double = 5.5
  ) throws -> FitImage {
    let size = FitImage.size
    let pitch = ModelDomain.field * convergence / Double(size / 2)
    let middle = Double(size - 1) / 2
    let geometry = PatternGeometry(
      rows: size, columns: size, pitch: [pitch * truth.scale, pitch * truth.scale],
      centre: Vector2(middle, middle) + truth.shift, rotationDegrees: truth.rotationDegrees,
      distortion: truth.distortion)
    var pixels = [Float](repeating: 0, count: size * size)
    pixels.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      SmallModel.table.fillPatterns(
        geometry,
        Illumination(
          convergence: truth.convergence, mistilt: truth.mistilt,
          edge: .intensity(width: pitch * truth.scale)), thicknesses: [truth.thickness], into: base)
    }
    let peak = pixels.max() ?? 1
    var random = RandomNumbers(seed: seed)
    for i in pixels.indices { pixels[i] = 300 + 1000 * (pixels[i] / peak + Float(noise * random.normal())) }
    return FitImage(pixels: pixels, isCounted: [Bool](repeating: true, count: pixels.count), pitch: pitch)
  }

  private var truth: PatternParameters {
    var p = PatternParameters(thickness: 5.2, mistilt: [0.8, -0.5], convergence: 5.5)
    p.scale = 1.02
    p.rotationDegrees = 17
    p.shift = [0.7, -0.4]
    p.distortion = [0.01, -0.006]
    return p
  }

  private var start: PatternParameters {
    var p = truth
    p.thickness = 4.8
    p.mistilt = [0.5, -0.3]
    p.scale = 1.0
    p.rotationDegrees = 15
    p.shift = [0.2, 0]
    p.distortion = .zero
    return p
  }

  @Test func `what a pattern would tell is foreseen as a fit of it says`() throws {
    let noisy = try image(truth, noise: 0.05)
    let fit = PatternFit(table: SmallModel.table, image: noisy, statedConvergence: 5.5)
    let result = fit.run(from: start, steps: 40)
    let same = try #require(fit.foresight(of: result.parameters, like: result))
    #expect(abs(same.noise / result.deviation(.thickness) - 1) < 0.1)
    #expect(abs(same.bias / result.thicknessBias - 1) < 0.2)
    // And of another pattern before it is taken: tilted otherwise, through a narrower aperture.
    var other = truth
    other.mistilt = [-0.3, 1.4]
    other.convergence = 5.2
    let foreseen = try #require(fit.foresight(of: other, like: result))
    let taken = PatternFit(
      table: SmallModel.table, image: try image(other, noise: 0.05, seed: 2, convergence: 5.2),
      statedConvergence: 5.2
    ).run(from: other, steps: 40)
    #expect(abs(foreseen.noise / taken.deviation(.thickness) - 1) < 0.25)
  }

  @Test func `a fit finds what a pattern was made of`() throws {
    let fit = PatternFit(table: SmallModel.table, image: try image(truth), statedConvergence: 5.5)
    let result = fit.run(from: start, steps: 40)
    #expect(result.match > 0.9999)
    #expect(abs(result.parameters.thickness - truth.thickness) < 0.05)
    #expect((result.parameters.mistilt - truth.mistilt).length < 0.05)
    #expect(abs(result.parameters.rotationDegrees - 17) < 0.5)
    #expect((result.parameters.shift - truth.shift).length < 0.1)
    #expect((result.parameters.distortion - truth.distortion).length < 0.004)
  }

  @Test func `what is fixed stays, and noise widens the interval`() throws {
    var fit = PatternFit(
      table: SmallModel.table, image: try image(truth, noise: 0.02), statedConvergence: 5.5)
    let little = fit.run(from: start, steps: 40)
    fit = PatternFit(
      table: SmallModel.table, image: try image(truth, noise: 0.2, seed: 2), statedConvergence: 5.5)
    fit.fixed = [.rotation, .scale]
    let much = fit.run(from: start, steps: 40)
    #expect(much.parameters.rotationDegrees == start.rotationDegrees)
    #expect(much.parameters.scale == start.scale)
    #expect(much.deviation(.thickness) > 3 * little.deviation(.thickness))
    #expect(much.match < little.match)
  }

  @Test func `the averaged table's patterns are the mean over their pixels`() throws {
    // Coarse pixels from the averaged table against means of fine ones from the exact table.
    var request = try SmallModel.domain().tableRequest()
    request.multislice.spacing = 0.2
    request.pixel = 0
    let exact = try PACBEDTable.make(request)
    let illumination = Illumination(convergence: 5.5, mistilt: [1, 0.4], edge: .intensity(width: 0.3))
    let pixel = 0.26
    let averaged = try exact.averaged(over: pixel)
    let coarse = try averaged.patterns(
      PatternGeometry(size: 48, pitch: pixel), illumination, thicknesses: [6])[0]
    let fine = try exact.patterns(
      PatternGeometry(
        rows: 144, columns: 144, pitch: [pixel / 3, pixel / 3], centre: [24 * 3 + 1, 24 * 3 + 1]),
      illumination, thicknesses: [6])[0]
    var means = [Float](repeating: 0, count: 48 * 48)
    for r in 0..<144 { for c in 0..<144 { means[r / 3 * 48 + c / 3] += fine[r, c] } }
    #expect(correlation(coarse.values, means) > 0.999)
  }
}

@Suite struct CameraFrameTests {
  private func disc(_ size: Int, centre: Vector2, radius: Double) -> Matrix {
    var image = Matrix(rows: size, columns: size)
    for r in 0..<size {
      for c in 0..<size {
        let d = (Vector2(Double(r), Double(c)) - centre).length
        // Brighter on one side, as a tilted crystal is.
        let inside = 400 + 8 * Float(c)
        image[r, c] = 50 + (d < radius ? inside : 0) + Float((r * 7 + c * 13) % 11)
      }
    }
    return image
  }

  @Test func `the disc is found by its edge, not by its bright side`() throws {
    var frame = try CameraFrame(disc(256, centre: [120, 140], radius: 60), ceiling: 65535)
    frame.findDisc(radius: nil)
    #expect((frame.centre - Vector2(120, 140)).length < 4)
    #expect(abs(frame.radius - 60) < 4)
    frame.findDisc(radius: 60)
    #expect((frame.centre - Vector2(120, 140)).length < 3)
  }

  @Test func `frames without a pattern are refused with the reason`() {
    #expect(throws: FrameObstacle(Reason(.empty, "empty frame: every pixel is 3.0"))) {
      try CameraFrame(Matrix(rows: 64, columns: 64, repeating: 3), ceiling: nil)
    }
    #expect(throws: FrameObstacle(Reason(.notANumber, "no pixel holds a number"))) {
      try CameraFrame(Matrix(rows: 64, columns: 64, repeating: .nan), ceiling: nil)
    }
    #expect(throws: FrameObstacle(Reason(.tooSmall, "a pattern needs at least 16 x 16 pixels"))) {
      try CameraFrame(Matrix(rows: 8, columns: 64, repeating: 3), ceiling: nil)
    }
  }

  @Test func `hot, saturated and missing pixels are found`() throws {
    var image = disc(128, centre: [64, 64], radius: 30)
    image[10, 10] = 50_000
    image[20, 20] = .nan
    let frame = try CameraFrame(image, ceiling: 65535)
    #expect(frame.repaired == 1)
    #expect(frame.census.notFinite == 1)
    #expect(frame.census.saturated == 0)
    for c in 60..<70 { image[64, c] = 65535 }
    let saturated = try CameraFrame(image, ceiling: 65535)
    #expect(saturated.census.saturated == 10)
  }
}
