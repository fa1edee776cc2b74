import Arrays

/// Finds how far a pattern lies off its place by fitting all discs at once.
///
/// Where discs lie and how large they are is known; only their common shift is not. Every disc is modelled
/// as a smooth brightness (a quadratic in x and y) times the part of each pixel that the disc covers. The
/// quadratics are linear and solved for at every trial, so that brightness inside cannot pull on the rim.
package struct DiscFit: Sendable {
  private let rows: Int
  private let columns: Int
  private let raster: DiscRaster
  private let orders: [PlaneVector]
  private let discRadius: Double
  /// Where the pattern lies when it is aligned.
  private let aligned: FrameGeometry
  /// How far a pattern may lie off, in pixels.
  private let reach: Double

  package init(detector: Detector, cell: PlaneCell, reach: Double = 2) {
    let raster = DiscRaster(detector: detector, cell: cell)
    self.init(raster, rows: detector.size, columns: detector.size, reach: reach)
  }

  init(_ raster: DiscRaster, rows: Int, columns: Int, reach: Double = 2) {
    self.rows = rows
    self.columns = columns
    self.reach = reach
    self.raster = raster
    orders = raster.orders
    discRadius = raster.detector.discRadius
    aligned = FrameGeometry(raster.detector)
  }

  /// The shift of the image in pixels along columns and rows.
  package func shift(of image: Matrix) -> PlaneVector {
    precondition(image.rows == rows && image.columns == columns, "the image fits the detector")
    // Whole pixels first, by where the light is: the fit's maximum is narrower than the reach.
    let (best, score) = DiscMask(image).search(
      around: aligned, raster, reach: reach / Double(min(rows, columns)))
    guard score > 0 else { return .zero }
    let shift = refined(best, image).middle - aligned.middle
    return PlaneVector(min(reach, max(-reach, shift.x)), min(reach, max(-reach, shift.y)))
  }

  /// The best place near a geometry that is right to about a pixel.
  func refined(_ start: FrameGeometry, _ image: Matrix) -> FrameGeometry {
    let weights = weights(image, start)
    var best = (geometry: start, score: explained(image, start, weights))
    func look(_ geometry: FrameGeometry) -> Double {
      let score = explained(image, geometry, weights)
      if score > best.score { best = (geometry, score) }
      return score
    }
    // The hill has shoulders where rims meet pixels: every half pixel first.
    for y in -2...2 {
      for x in -2...2 where x != 0 || y != 0 {
        _ = look(start.moved(PlaneVector(0.5 * Double(x), 0.5 * Double(y))))
      }
    }
    // The top by a paraboloid through nine points, on ever smaller stencils.
    for step in [0.25, 0.12, 0.05] {
      let (origin, centre) = best
      func score(_ x: Double, _ y: Double) -> Double {
        look(origin.moved(PlaneVector(step * x, step * y)))
      }
      let (right, left) = (score(1, 0), score(-1, 0))
      let (down, up) = (score(0, 1), score(0, -1))
      let cross = (score(1, 1) + score(-1, -1) - score(1, -1) - score(-1, 1)) / 4
      let slope = PlaneVector((right - left) / 2, (down - up) / 2)
      let (xx, yy) = (right + left - 2 * centre, down + up - 2 * centre)
      let determinant = xx * yy - cross * cross
      guard xx < 0, yy < 0, determinant > 0 else { continue }
      let move = PlaneVector(
        (cross * slope.y - yy * slope.x) / determinant, (cross * slope.x - xx * slope.y) / determinant)
      guard abs(move.x) < 1.5, abs(move.y) < 1.5 else { continue }
      _ = look(origin.moved(step * move))
    }
    return best.geometry
  }

  /// Whether the discs fit better at this scale than a little to either side.
  func isRightScale(_ geometry: FrameGeometry, _ image: Matrix) -> Bool {
    let weights = weights(image, geometry)
    let here = explained(image, geometry, weights)
    return [0.994, 1.006].allSatisfy { factor in
      var trial = geometry
      trial.pixel *= factor
      return explained(image, trial, weights) < here
    }
  }

  /// Place and scale, from a scale that is right to about two in a hundred.
  func refinedWithScale(_ start: FrameGeometry, _ image: Matrix) -> FrameGeometry {
    var best = refined(start, image)
    for step in [0.012, 0.004, 0.0012] {
      func at(_ number: Double) -> FrameGeometry {
        var trial = best
        trial.pixel *= 1 + step * number
        return trial
      }
      let weights = weights(image, best)
      let scores = (-2...2).map { explained(image, at(Double($0)), weights) }
      let top = scores.indices.max { scores[$0] < scores[$1] } ?? 2
      var offset = Double(top - 2)
      if top > 0, top < 4 {
        let (below, above) = (scores[top - 1], scores[top + 1])
        let bend = below + above - 2 * scores[top]
        if bend < 0 { offset += min(0.5, max(-0.5, (below - above) / (2 * bend))) }
      }
      best = refined(at(offset), image)
    }
    return best
  }

  /// How much of the discs' squared intensity the models explain. Each disc counts in units of a brightness
  /// that is the same for all trials: counting noise grows like it, and a trial that sees less of a disc must
  /// not gain by it.
  private func explained(_ image: Matrix, _ geometry: FrameGeometry, _ weights: [Double]) -> Double {
    var total = 0.0
    for (order, weight) in zip(orders, weights) where weight > 0 {
      total +=
        weight
        * explained(image, middle: geometry.place(order), radius: discRadius / geometry.pixel).explained
    }
    return total
  }

  /// One over the brightness of every disc and its surroundings.
  private func weights(_ image: Matrix, _ geometry: FrameGeometry) -> [Double] {
    orders.map { order in
      let wide = explained(
        image, middle: geometry.place(order), radius: discRadius / geometry.pixel + 1.5)
      return wide.brightness > 0 ? 1 / wide.brightness : 0
    }
  }

  private func explained(
    _ image: Matrix, middle: PlaneVector, radius: Double
  ) -> (explained: Double, brightness: Double) {
    let outer = radius + 0.5
    guard abs(middle.x) < 1e6, abs(middle.y) < 1e6, radius < 1e5 else { return (0, 0) }
    // None for a disc wholly beside the picture, which then explains nothing.
    let rows = span(of: self.rows, around: middle.y, reach: outer)
    let columns = span(of: self.columns, around: middle.x, reach: outer)
    // Sums of x^i y^j times the squared coverage, and of x^i y^j times coverage times the image.
    var m00 = 0.0, m10 = 0.0, m01 = 0.0, m20 = 0.0, m11 = 0.0, m02 = 0.0, m30 = 0.0, m21 = 0.0
    var m12 = 0.0, m03 = 0.0, m40 = 0.0, m31 = 0.0, m22 = 0.0, m13 = 0.0, m04 = 0.0
    var r0 = 0.0, r1 = 0.0, r2 = 0.0, r3 = 0.0, r4 = 0.0, r5 = 0.0
    var sum = 0.0
    let width = self.columns
    let scale = 1 / radius
    let rim = radius - 0.5
    let (inner, most) = (rim > 0 ? rim * rim : -1, outer * outer)
    image.values.withUnsafeBufferPointer { pixels in
      for r in rows {
        let y = (Double(r) - middle.y) * scale
        let yy = y * y
        // Powers of y stay the same along a row.
        var w0 = 0.0, w1 = 0.0, w2 = 0.0, w3 = 0.0, w4 = 0.0
        var v0 = 0.0, v1 = 0.0, v2 = 0.0
        for c in columns {
          let x = (Double(c) - middle.x) * scale
          let squared = (x * x + yy) * radius * radius
          // Nothing to weigh outside; a root only on the rim.
          guard squared < most else { continue }
          let coverage = squared <= inner ? 1 : min(1, outer - squared.squareRoot())
          let pixel = Double(pixels[r * width + c])
          sum += pixel
          let value = coverage * pixel
          let vx = value * x
          v0 += value; v1 += vx; v2 += vx * x
          let w = coverage * coverage
          let wx = w * x
          let wxx = wx * x
          w0 += w; w1 += wx; w2 += wxx; w3 += wxx * x; w4 += wxx * x * x
        }
        m00 += w0; m10 += w1; m01 += w0 * y; m20 += w2; m11 += w1 * y; m02 += w0 * yy
        m30 += w3; m21 += w2 * y; m12 += w1 * yy; m03 += w0 * yy * y
        m40 += w4; m31 += w3 * y; m22 += w2 * yy; m13 += w1 * yy * y; m04 += w0 * yy * yy
        r0 += v0; r1 += v1; r2 += v0 * y; r3 += v2; r4 += v1 * y; r5 += v0 * yy
      }
    }
    guard sum > 0 else { return (0, 0) }
    var normal = [
      m00, 0, 0, 0, 0, 0, m10, m20, 0, 0, 0, 0, m01, m11, m02, 0, 0, 0, m20, m30, m21, m40, 0, 0,
      m11, m21, m12, m31, m22, 0, m02, m12, m03, m22, m13, m04,
    ]
    return (solvedProduct(&normal, [r0, r1, r2, r3, r4, r5]), sum)
  }

  /// right . normal^-1 right, by the Cholesky factor of a 6 x 6 matrix; 0 where there are too few pixels.
  private func solvedProduct(_ normal: inout [Double], _ right: [Double]) -> Double {
    var product = 0.0
    var solved = right
    for i in 0..<6 {
      for j in 0..<i {
        for k in 0..<j { normal[i * 6 + j] -= normal[i * 6 + k] * normal[j * 6 + k] }
        normal[i * 6 + j] /= normal[j * 6 + j]
        normal[i * 6 + i] -= normal[i * 6 + j] * normal[i * 6 + j]
        solved[i] -= normal[i * 6 + j] * solved[j]
      }
      guard normal[i * 6 + i] > 1e-9 else { return 0 }
      normal[i * 6 + i] = normal[i * 6 + i].squareRoot()
      solved[i] /= normal[i * 6 + i]
      product += solved[i] * solved[i]
    }
    return product
  }
}
