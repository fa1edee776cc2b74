import Analysis
import Arrays
import Diffraction
import Glibc
import Imaging

/// Where the illuminated disc is, how large, how sharp.
struct BeamGeometry {
  /// Centre of mass above the background, in pixels from the centre of the top left pixel.
  var x: Double
  var y: Double
  /// The radius of a circle with the area that is brighter than half the disc's typical level.
  var radius: Double
  /// Mean squared gradient inside the disc over the squared disc level: falls when the pattern blurs.
  var sharpness: Double
  var profile: Profile

  /// Nil when fewer than four pixels, or nothing coherent, rises above the background.
  init?(_ image: Image, border: BorderLevel) {
    let threshold = Float(border.level + 5 * max(border.noise, 1e-30))
    let background = Float(border.level)
    // Bands of rows are added in their order, so that no figure depends on the number of threads.
    let bands = parallelChunkMap(image.rows) { rows in Moments(image, rows, threshold, background) }
    let moments = bands.reduce(into: Moments()) { $0.add($1) }
    let (lit, mass) = (moments.lit, moments.mass)
    // Noise alone passes five standard deviations once in three million pixels.
    guard lit.count >= max(4, image.values.count / 10_000), mass > 0 else { return nil }
    x = moments.x / mass
    y = moments.y / mass
    let level = lit.value(atRank: lit.count / 2)
    let half = background + (level - background) / 2
    let area = image.values.reduce(0) { $0 + ($1 > half ? 1 : 0) }
    radius = sqrt(Double(area) / .pi)
    sharpness = Self.sharpness(image, x: x, y: y, radius: radius, level: Double(level - background))
    profile = Self.profile(image, x: x, y: y)
  }

  private static func sharpness(_ image: Image, x: Double, y: Double, radius: Double, level: Double) -> Double
  {
    let width = image.columns
    let reach = radius * 0.9
    var sum = 0.0
    var count = 0
    // Without the outermost pixels: a gradient needs both neighbours.
    let (right, bottom) = (max(1, width - 1), max(1, image.rows - 1))
    for row in within(1..<bottom, Int(bounded: y - reach), Int(bounded: y + reach) + 1) {
      for column in within(1..<right, Int(bounded: x - reach), Int(bounded: x + reach) + 1) {
        let dx = Double(column) - x
        let dy = Double(row) - y
        guard dx * dx + dy * dy <= reach * reach else { continue }
        let at = row * width + column
        let gradientX = Double(image.values[at + 1] - image.values[at - 1]) / 2
        let gradientY = Double(image.values[at + width] - image.values[at - width]) / 2
        sum += gradientX * gradientX + gradientY * gradientY
        count += 1
      }
    }
    return count == 0 ? 0 : sum / Double(count) / (level * level)
  }

  /// The azimuthal mean about the centre, in at most 96 steps.
  private static func profile(_ image: Image, x: Double, y: Double) -> Profile {
    let reach = max(1, min(Double(image.columns), Double(image.rows)) / 2)
    let step = max(1, (reach / 96).rounded(.up))
    let count = Int(reach / step)
    let bands = parallelChunkMap(image.rows) { rows in
      var sums = [Double](repeating: 0, count: count + 1)
      var counts = [Double](repeating: 0, count: count + 1)
      image.values.withUnsafeBufferPointer { values in
        for row in rows {
          let dy = Double(row) - y
          for column in 0..<image.columns {
            let dx = Double(column) - x
            let bin = Int(bounded: (dx * dx + dy * dy).squareRoot() / step)
            if bin <= count {
              sums[bin] += Double(values[row * image.columns + column])
              counts[bin] += 1
            }
          }
        }
      }
      return (sums, counts)
    }
    var sums = [Double](repeating: 0, count: count + 1)
    var counts = [Double](repeating: 0, count: count + 1)
    for (sum, number) in bands {
      for bin in 0...count {
        sums[bin] += sum[bin]
        counts[bin] += number[bin]
      }
    }
    // Four digits draw a curve.
    let means = zip(sums, counts).map { $1 > 0 ? ($0 / $1).rounded(digits: 4, keepsWhole: false) : .nan }
    return Profile(name: "radial", unit: "px", start: step / 2, step: step, values: means)
  }
}

/// What rises above a threshold in some rows: its values, their sum above the background and its moments.
private struct Moments {
  var lit: [Float] = []
  var mass = 0.0
  var x = 0.0
  var y = 0.0

  init() {}

  init(_ image: Image, _ rows: Range<Int>, _ threshold: Float, _ background: Float) {
    image.values.withUnsafeBufferPointer { values in
      for row in rows {
        for column in 0..<image.columns {
          let value = values[row * image.columns + column]
          guard value > threshold else { continue }
          lit.append(value)
          let weight = Double(value - background)
          mass += weight
          x += weight * Double(column)
          y += weight * Double(row)
        }
      }
    }
  }

  mutating func add(_ other: Moments) {
    lit += other.lit
    mass += other.mass
    x += other.x
    y += other.y
  }
}
