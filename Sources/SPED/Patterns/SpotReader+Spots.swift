import Arrays
import Glibc

extension SpotReader {
  func peaks(
    _ centreX: Float, _ centreY: Float, _ background: [Float], _ significance: Float
  ) -> [PatternPeak] {
    let area = Float(geometry.effectiveArea)
    let spot = Float(geometry.spotArea)
    // n - m > z sqrt(m) + z^2/4 is close to the deviance's own limit and needs no logarithm.
    let z = significance
    let limits = background.map { $0 + (z * ($0 * area).squareRoot() + z * z / 4) / area }
    let (cx, cy) = (Int(bounded: centreX.rounded()), Int(bounded: centreY.rounded()))
    let margin = geometry.margin
    let inner = Int32((geometry.innerRadius * geometry.innerRadius).rounded())
    let ringOf = table.rings
    var found: [PatternPeak] = []
    guard height > 2 * margin, width > 2 * margin else { return found }
    let tx = min(max(cx, 0), width)
    let ty = min(max(cy, 0), height)
    for y in margin..<height - margin {
      let row = smooth + y * stride
      let (above, below) = (row - stride, row + stride)
      let from = (y - ty + height) * tableWidth + width - tx
      for x in margin..<width - margin {
        let value = row[x]
        guard value > row[x - 1], value >= row[x + 1], value > above[x], value >= below[x] else { continue }
        let ring = min(Int(ringOf[from + x]), limits.count - 1)
        guard value > limits[ring], value > above[x - 1], value > above[x + 1], value >= below[x - 1],
          value >= below[x + 1]
        else { continue }
        let (dx, dy) = (Int32(x - cx), Int32(y - cy))
        guard dx * dx + dy * dy > inner else { continue }
        let level = background[ring]
        let px = Float(x) + Self.vertex(row[x - 1] - level, value - level, row[x + 1] - level)
        let py = Float(y) + Self.vertex(above[x] - level, value - level, below[x] - level)
        found.append(
          PatternPeak(
            x: px - centreX, y: py - centreY, intensity: (value - level) * spot,
            significance: poissonSignificance(value * area, expected: level * area)))
      }
    }
    return found
  }

  /// The top of the parabola through three values: of their logarithms where all are positive, which is
  /// exact for a Gaussian.
  private static func vertex(_ a: Float, _ b: Float, _ c: Float) -> Float {
    var (a, b, c) = (a, b, c)
    if a > 0, c > 0 { (a, b, c) = (logf(a), logf(b), logf(c)) }
    let curvature = a - 2 * b + c
    guard curvature < 0 else { return 0 }
    return min(0.5, max(-0.5, 0.5 * (a - c) / curvature))
  }

  /// The second moment of a spot's electrons over its background, along one axis; nil when faint.
  package func spotWidth(at peak: PatternPeak, _ digest: PatternDigest, reach: Int) -> Double? {
    let (px, py) = (peak.x + digest.centreX, peak.y + digest.centreY)
    let (ix, iy) = (Int(bounded: px.rounded()), Int(bounded: py.rounded()))
    guard ix >= reach, iy >= reach, ix + reach < width, iy + reach < height else { return nil }
    let ring = Int(bounded: hypotf(peak.x, peak.y).rounded())
    let level = digest.background[min(ring, digest.background.count - 1)]
    var (sum, moment) = (0.0, 0.0)
    for y in iy - reach...iy + reach {
      for x in ix - reach...ix + reach {
        let (dx, dy) = (Double(Float(x) - px), Double(Float(y) - py))
        let value = Double(pixels[y * stride + x] - level)
        sum += value
        moment += value * (dx * dx + dy * dy) / 2
      }
    }
    guard sum > 0, moment > 0 else { return nil }
    return (moment / sum).squareRoot()
  }

  /// Sums for the gain: squared differences of neighbours and their means, where no spot stands out.
  package func noise(_ digest: PatternDigest) -> (squares: Double, sum: Double) {
    var (squares, sum) = (0.0, 0.0)
    let (cx, cy) = (digest.centreX, digest.centreY)
    for y in 0..<height {
      let row = pixels + y * stride
      let blurred = smooth + y * stride
      for x in Swift.stride(from: 0, to: width - 1, by: 2) {
        let r = hypotf(Float(x) - cx, Float(y) - cy)
        guard Double(r) > geometry.innerRadius else { continue }
        let level = digest.background[min(Int(bounded: r.rounded()), digest.background.count - 1)]
        guard level > 0, blurred[x] < 2 * level, blurred[x + 1] < 2 * level else { continue }
        let difference = Double(row[x] - row[x + 1])
        squares += difference * difference / 2
        sum += Double(row[x] + row[x + 1]) / 2
      }
    }
    return (squares, sum)
  }
}
