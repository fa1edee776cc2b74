import Arrays
import Glibc  // sin, cos, tanh
import Imaging
import Scattering

/// Finds the direct beam's disc by its edge: whatever a crystal does to the intensity inside, it falls
/// outwards along the whole rim. The centre of mass of a tilted, thick crystal's pattern may lie a third of
/// the radius away.
struct DiscSearch {
  /// Square roots of the smoothed intensity: weak parts of the rim count too.
  private let image: Matrix
  private let level: Float
  private let factor: Double

  init(_ image: Matrix) {
    let factor = max(1, max(image.rows, image.columns) / 96)
    let small = (factor > 1 ? image.binned(by: factor) : image).gaussian(sigma: 1)
    let floor = small.percentile(2)
    self.image = small.mapValues { max(0, $0 - floor).squareRoot() }
    level = max(1e-12, self.image.percentile(85))
    self.factor = Double(factor)
  }

  /// `start` and `radii` in pixels of the image that the search was made from.
  func run(from start: Vector2, radii: ClosedRange<Double>) -> (centre: Vector2, radius: Double) {
    let half = Vector2(1, 1) * (factor - 1) / 2
    var best = (centre: (start - half) / factor, radius: (radii.lowerBound + radii.upperBound) / 2 / factor)
    let low = radii.lowerBound / factor
    let high = radii.upperBound / factor
    var most = -Double.infinity
    let reach = 0.5 * high
    var step = max(1, high / 14)
    var span = reach
    for _ in 0..<4 {
      let origin = best.centre
      let middle = best.radius
      let isFirst = most == -Double.infinity
      let radii = Self.steps(
        isFirst ? low : max(low, middle - step), isFirst ? high : min(high, middle + step),
        by: isFirst ? max(0.04 * high, 0.7) : step / 2)
      for dy in Self.steps(-span, span, by: step) {
        for dx in Self.steps(-span, span, by: step) {
          let centre = origin + Vector2(dy, dx)
          for radius in radii {
            // Near the first guess where all else is equal.
            let away = (centre - (start - half) / factor).length / high
            let score = score(centre, radius) - 0.05 * away
            if score > most { (most, best) = (score, (centre, radius)) }
          }
        }
      }
      span = step
      step /= 2
    }
    return (best.centre * factor + half, best.radius * factor)
  }

  private static func steps(_ low: Double, _ high: Double, by step: Double) -> [Double] {
    Array(stride(from: low, through: high + 1e-9, by: step))
  }

  private static let directions: [Vector2] = (0..<32).map {
    let angle = 2 * Double.pi * Double($0) / 32
    return [sin(angle), cos(angle)]
  }

  /// The mean fall over the rim, each direction counting at most fully.
  private func score(_ centre: Vector2, _ radius: Double) -> Double {
    let (rows, columns) = (image.rows, image.columns)
    let gap = max(1, 0.07 * radius)
    return image.withElements { pixels in
      var sum: Float = 0
      for direction in Self.directions {
        let inner = centre + direction * (radius - gap)
        let outer = centre + direction * (radius + gap)
        let (iy, ix) = (Int(bounded: inner.x.rounded()), Int(bounded: inner.y.rounded()))
        let (oy, ox) = (Int(bounded: outer.x.rounded()), Int(bounded: outer.y.rounded()))
        guard iy >= 0, ix >= 0, iy < rows, ix < columns, oy >= 0, ox >= 0, oy < rows, ox < columns else {
          continue
        }
        let fall = (pixels[iy * columns + ix] - pixels[oy * columns + ox]) / level
        sum += fall > 0 ? fall / (fall + 0.15) : 2 * fall
      }
      return Double(sum) / Double(Self.directions.count)
    }
  }
}
