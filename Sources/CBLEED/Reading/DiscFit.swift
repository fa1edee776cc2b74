import Arrays

/// Finds how far a pattern lies off its place by fitting all discs at once.
///
/// Where discs lie and how large they are is known; only their common shift is not. Every disc is modelled
/// as a smooth brightness (a quadratic in x and y) times the part of each pixel that the disc covers. The
/// quadratics are linear and solved for at every trial, so that brightness inside cannot pull on the rim.
public struct DiscFit: Sendable {
  private let rows: Int
  private let columns: Int
  private let orders: [PlaneVector]
  private let discRadius: Double
  /// Where the pattern lies when it is aligned.
  private let aligned: FrameGeometry
  /// How far a pattern may lie off, in pixels.
  private let reach: Double

  public init(detector: Detector, cell: PlaneCell, reach: Double = 2) {
    let raster = DiscRaster(detector: detector, cell: cell)
    self.init(raster, rows: detector.size, columns: detector.size, reach: reach)
  }

  init(_ raster: DiscRaster, rows: Int, columns: Int, reach: Double = 2) {
    self.rows = rows
    self.columns = columns
    self.reach = reach
    orders = raster.orders
    discRadius = raster.detector.discRadius
    aligned = FrameGeometry(raster.detector)
  }

  /// The shift of the image in pixels along columns and rows.
  public func shift(of image: Matrix) -> PlaneVector {
    precondition(image.rows == rows && image.columns == columns, "the image fits the detector")
    // Whole pixels first: the maximum is narrower than the reach.
    var best = aligned
    var score = explained(image, best)
    for y in stride(from: -reach, through: reach, by: 1) {
      for x in stride(from: -reach, through: reach, by: 1) where x != 0 || y != 0 {
        let trial = aligned.moved(PlaneVector(x, y))
        let value = explained(image, trial)
        if value > score { (best, score) = (trial, value) }
      }
    }
    guard score > 0 else { return .zero }
    let shift = refined(best, image).middle - aligned.middle
    return PlaneVector(min(reach, max(-reach, shift.x)), min(reach, max(-reach, shift.y)))
  }

  /// The best place near a geometry that is right to about a pixel.
  func refined(_ start: FrameGeometry, _ image: Matrix) -> FrameGeometry {
    var best = start
    // The top of a hill by a paraboloid through six points, on ever smaller stencils.
    for step in [0.6, 0.25, 0.1] {
      func score(_ x: Double, _ y: Double) -> Double {
        explained(image, best.moved(PlaneVector(step * x, step * y)))
      }
      let centre = score(0, 0)
      let (right, left) = (score(1, 0), score(-1, 0))
      let (down, up) = (score(0, 1), score(0, -1))
      let diagonal = score(1, 1)
      let slope = PlaneVector((right - left) / 2, (down - up) / 2)
      let (xx, yy) = (right + left - 2 * centre, down + up - 2 * centre)
      let xy = diagonal - centre - slope.x - slope.y - (xx + yy) / 2
      let determinant = xx * yy - xy * xy
      var move: PlaneVector
      if xx < 0, yy < 0, determinant > 0 {
        move = PlaneVector(
          (xy * slope.y - yy * slope.x) / determinant, (xy * slope.x - xx * slope.y) / determinant)
      } else {
        move = PlaneVector(slope.x > 0 ? 1 : slope.x < 0 ? -1 : 0, slope.y > 0 ? 1 : slope.y < 0 ? -1 : 0)
      }
      move = PlaneVector(min(1.5, max(-1.5, move.x)), min(1.5, max(-1.5, move.y)))
      best = best.moved(step * move)
    }
    return best
  }

  /// Whether the discs fit better at this scale than a little to either side.
  func isRightScale(_ geometry: FrameGeometry, _ image: Matrix) -> Bool {
    let here = explained(image, geometry)
    return [0.994, 1.006].allSatisfy { factor in
      var trial = geometry
      trial.pixel *= factor
      return explained(image, trial) < here
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
      let scores = (-2...2).map { explained(image, at(Double($0))) }
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

  /// How much of the discs' squared intensity the models explain, each disc in units of its brightness:
  /// counting noise grows like it.
  private func explained(_ image: Matrix, _ geometry: FrameGeometry) -> Double {
    var total = 0.0
    for order in orders {
      let fit = explained(image, middle: geometry.place(order), radius: discRadius / geometry.pixel)
      if fit.brightness > 0 { total += fit.explained / fit.brightness }
    }
    return total
  }

  private func explained(
    _ image: Matrix, middle: PlaneVector, radius: Double
  ) -> (explained: Double, brightness: Double) {
    let outer = radius + 0.5
    guard abs(middle.x) < 1e6, abs(middle.y) < 1e6, radius < 1e5 else { return (0, 0) }
    let rows = max(0, Int(middle.y - outer))..<max(0, min(self.rows, Int(middle.y + outer) + 2))
    let columns = max(0, Int(middle.x - outer))..<max(0, min(self.columns, Int(middle.x + outer) + 2))
    // Sums of x^i y^j times the squared coverage, and of x^i y^j times coverage times the image.
    var m00 = 0.0, m10 = 0.0, m01 = 0.0, m20 = 0.0, m11 = 0.0, m02 = 0.0, m30 = 0.0, m21 = 0.0
    var m12 = 0.0, m03 = 0.0, m40 = 0.0, m31 = 0.0, m22 = 0.0, m13 = 0.0, m04 = 0.0
    var r0 = 0.0, r1 = 0.0, r2 = 0.0, r3 = 0.0, r4 = 0.0, r5 = 0.0
    var sum = 0.0
    let width = self.columns
    image.values.withUnsafeBufferPointer { pixels in
      for r in rows {
        let y = (Double(r) - middle.y) / radius
        for c in columns {
          let x = (Double(c) - middle.x) / radius
          let squared = x * x + y * y
          // Nothing to weigh outside; a root only on the rim.
          guard squared * radius * radius < outer * outer else { continue }
          let rim = radius - 0.5
          let coverage =
            squared * radius * radius <= rim * rim && rim > 0
            ? 1 : min(1, outer - radius * squared.squareRoot())
          let value = coverage * Double(pixels[r * width + c])
          sum += Double(pixels[r * width + c])
          let w = coverage * coverage
          let (wx, wy) = (w * x, w * y)
          let (wxx, wxy, wyy) = (wx * x, wx * y, wy * y)
          m00 += w; m10 += wx; m01 += wy; m20 += wxx; m11 += wxy; m02 += wyy
          m30 += wxx * x; m21 += wxx * y; m12 += wxy * y; m03 += wyy * y
          m40 += wxx * x * x; m31 += wxx * x * y; m22 += wxx * y * y; m13 += wxy * y * y
          m04 += wyy * y * y
          let (vx, vy) = (value * x, value * y)
          r0 += value; r1 += vx; r2 += vy; r3 += vx * x; r4 += vx * y; r5 += vy * y
        }
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
