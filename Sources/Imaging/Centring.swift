import Arrays
import CVectorLoops
import Glibc  // sin, cos

/// A disc found in an image.
package struct Disc: Sendable {
  package var centre: Point
  package var radius: Double
  /// Root mean square distance of the edge points used from the circle, in pixels.
  package var residual: Double
  /// The share of the directions looked at in which an edge was found near the circle.
  package var support: Double
}

extension DenseMatrix where Element == Float {
  /// The centre of mass of the pixels above `threshold` (by default Otsu's), each counting alike or by its
  /// intensity. nil when no pixel is above.
  package func centreOfMass(above threshold: Float? = nil, weighted: Bool = false) -> Point? {
    let threshold = threshold ?? otsuThreshold()
    var (mass, sumY, sumX) = (0.0, 0.0, 0.0)
    withElements { pixels in
      for r in 0..<rows {
        var (m, mx) = (0.0, 0.0)
        vl_moments_above(pixels + r * columns, columns, threshold, weighted ? 1 : 0, &m, &mx)
        mass += m
        sumY += m * Double(r)
        sumX += mx
      }
    }
    guard mass > 0 else { return nil }
    return Point(y: sumY / mass, x: sumX / mass)
  }

  /// The bright disc whose edge fits best: along rays from a first centre the steepest fall of intensity, to
  /// a fraction of a pixel, then a circle through these points that gives outliers no weight; twice.
  /// nil when too few directions show an edge.
  package func fitDisc(
    from start: Point? = nil, radii: ClosedRange<Double>? = nil, directions: Int = 180
  ) -> Disc? {
    guard var centre = start ?? centreOfMass() else { return nil }
    var range = radii ?? 2...(0.75 * Double(Swift.max(rows, columns)))
    var disc: Disc?
    for round in 0..<3 {
      let edges = edgePoints(from: centre, radii: range, directions: directions)
      guard edges.count >= Swift.max(8, directions / 8), let fit = fitCircle(edges) else { return disc }
      let near = edges.filter {
        abs(($0 - fit.centre).length - fit.radius) < Swift.max(1.5, 0.05 * fit.radius)
      }
      disc = Disc(
        centre: fit.centre, radius: fit.radius, residual: fit.residual,
        support: Double(near.count) / Double(directions))
      centre = fit.centre
      // The first circle says where to look: edges far from it belong to something else.
      let slack = Swift.max(3, 0.2 * fit.radius) / Double(round + 1)
      range = Swift.max(1, fit.radius - slack)...(fit.radius + slack)
    }
    return disc
  }

  /// Per direction, the place of the steepest fall, weighted towards tall steps.
  private func edgePoints(from centre: Point, radii: ClosedRange<Double>, directions: Int) -> [Point] {
    let step = 0.5
    let count = Int((radii.upperBound - radii.lowerBound) / step) + 1
    guard count >= 3 else { return [] }
    var candidates: [(point: Point, drop: Float)] = []
    withElements { pixels in
      var profile = [Float](repeating: 0, count: count + 4)
      for k in 0..<directions {
        let angle = 2 * Double.pi * Double(k) / Double(directions)
        let (s, c) = (sin(angle), cos(angle))
        var length = 0
        for i in 0..<count + 4 {
          let radius = radii.lowerBound + Double(i - 2) * step
          let (y, x) = (centre.y + s * radius, centre.x + c * radius)
          guard y >= 0 && x >= 0 && y <= Double(rows - 1) && x <= Double(columns - 1) else { break }
          profile[i] = bilinear(pixels, y, x, .edge)
          length = i + 1
        }
        guard length >= 5 else { continue }
        // The fall over two pixels, centred on each sample.
        var drops = [Float](repeating: 0, count: length)
        for i in 2..<length - 2 { drops[i] = profile[i - 2] - profile[i + 2] }
        var best = 2
        for i in 2..<length - 2 where drops[i] > drops[best] { best = i }
        guard drops[best] > 0 && best > 2 && best < length - 3 else { continue }
        let (a, b, d) = (Double(drops[best - 1]), Double(drops[best]), Double(drops[best + 1]))
        let curvature = a - 2 * b + d
        let offset = curvature < 0 ? 0.5 * (a - d) / curvature : 0
        let radius = radii.lowerBound + (Double(best - 2) + offset) * step
        candidates.append((Point(y: centre.y + s * radius, x: centre.x + c * radius), drops[best]))
      }
    }
    // Directions without a real step give the steepest noise: a quarter of the median fall parts them.
    let median = candidates.map(\.drop).sorted().dropFirst(candidates.count / 2).first ?? 0
    return candidates.filter { $0.drop >= 0.25 * median }.map(\.point)
  }
}

/// A circle through points: algebraic (Kasa 1976) as a start, then geometric Gauss-Newton with Tukey's
/// biweight, whose scale follows the median residual.
func fitCircle(_ points: [Point]) -> (centre: Point, radius: Double, residual: Double)? {
  guard points.count >= 3 else { return nil }
  let origin = Point(
    y: points.map(\.y).reduce(0, +) / Double(points.count),
    x: points.map(\.x).reduce(0, +) / Double(points.count))
  // y^2 + x^2 = 2 a y + 2 b x + c about the mean.
  var (a, b) = (DoubleMatrix(rows: points.count, columns: 3), [Double]())
  for (i, point) in points.enumerated() {
    let p = point - origin
    a[i, 0] = 2 * p.y
    a[i, 1] = 2 * p.x
    a[i, 2] = 1
    b.append(p.y * p.y + p.x * p.x)
  }
  guard let start = try? a.leastSquares(b) else { return nil }
  var (cy, cx) = (start[0], start[1])
  var radius = (start[2] + cy * cy + cx * cx).squareRoot()
  guard radius.isFinite && radius > 0 else { return nil }
  var residual = 0.0
  for _ in 0..<20 {
    let distances = points.map { ($0 - origin - Point(y: cy, x: cx)).length - radius }
    let spread = distances.map(abs).sorted()[points.count / 2] * 1.4826
    let cut = 4.685 * max(spread, 0.02)
    var (normal, right) = (DoubleMatrix(rows: 3, columns: 3), [0.0, 0.0, 0.0])
    var (weights, squares) = (0.0, 0.0)
    for (point, distance) in zip(points, distances) where abs(distance) < cut {
      let u = distance / cut
      let weight = (1 - u * u) * (1 - u * u)
      let p = point - origin - Point(y: cy, x: cx)
      let gradient = [-p.y / p.length, -p.x / p.length, -1]
      for i in 0..<3 {
        right[i] -= weight * gradient[i] * distance
        for j in 0..<3 { normal[i, j] += weight * gradient[i] * gradient[j] }
      }
      weights += weight
      squares += weight * distance * distance
    }
    guard let solver = try? Cholesky(normal) else { return nil }
    let step = solver.solve(right)
    (cy, cx, radius) = (cy + step[0], cx + step[1], radius + step[2])
    residual = (squares / max(weights, 1)).squareRoot()
    if abs(step[0]) + abs(step[1]) + abs(step[2]) < 1e-6 { break }
  }
  guard radius.isFinite && radius > 0 else { return nil }
  return (Point(y: cy + origin.y, x: cx + origin.x), radius, residual)
}
