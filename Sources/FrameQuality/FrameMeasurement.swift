import Analysis
import Diffraction
import Glibc
import Imaging

/// The numbers of one frame, before anyone judges them.
struct FrameMeasurement {
  /// Of one image.
  var pixels: Int
  /// Of all frames.
  var census: PixelCensus
  var dose: Double
  var background: Double
  var hot: Int
  var dead: Int
  /// Nil when nothing rises above the background.
  var beam: BeamGeometry?

  init(_ pixels: Pixels, _ screening: FrameScreening) {
    var sum = FrameSum(width: pixels.width, height: pixels.height, screening)
    sum.add(pixels)
    self.init(sum)
  }

  init(_ sum: FrameSum) {
    let image = sum.mean()
    pixels = image.values.count
    census = sum.census
    dose = sum.dose
    let border = BorderLevel(image)
    background = border.level
    let defects = PixelDefects(image, noise: border.noise)
    hot = defects.hot.count
    dead = defects.dead.count
    beam = census.isFlat ? nil : BeamGeometry(defects.mended(image), border: border)
  }
}

/// A frame, or the sum of many, as single-precision numbers with what was counted on the way.
struct FrameSum {
  let width: Int
  let height: Int
  private let screening: FrameScreening
  private var total: [Double]
  private var frames = 0
  var census = PixelCensus()
  var dose = 0.0

  init(width: Int, height: Int, _ screening: FrameScreening) {
    self.width = width
    self.height = height
    self.screening = screening
    total = Array(repeating: 0, count: width * height)
  }

  mutating func add(_ pixels: Pixels) {
    guard pixels.width == width, pixels.height == height else { return }
    let values = pixels.doubles()
    frames += 1
    census += screening.census(values, of: pixels.sample)
    let limit = screening.limit
    for (index, value) in values.enumerated() where value.magnitude < limit {
      total[index] += value
      dose += value
    }
  }

  /// A working copy, every value finite.
  func mean() -> Image {
    let scale = frames > 1 ? 1 / Double(frames) : 1
    return Image(rows: height, columns: width, values: total.map { Float($0 * scale) })
  }
}

/// The level and the scatter of the outermost pixels, where no beam is expected.
struct BorderLevel {
  var level: Double
  var noise: Double

  init(_ image: Image) {
    let margin = max(1, min(image.columns, image.rows) / 32)
    var border: [Float] = []
    for y in 0..<image.rows {
      let row = y * image.columns
      if y < margin || y >= image.rows - margin {
        border.append(contentsOf: image.values[row..<row + image.columns])
      } else {
        border.append(contentsOf: image.values[row..<row + min(margin, image.columns)])
        border.append(contentsOf: image.values[row + max(0, image.columns - margin)..<row + image.columns])
      }
    }
    let median = border.value(atRank: border.count / 2)
    level = Double(median)
    let deviation = border.map { ($0 - median).magnitude }.value(atRank: border.count / 2)
    // 1.4826 times the median deviation is the standard deviation of a normal distribution; counts of a
    // nearly empty border have a median deviation of 0, so they fall back on Poisson's root.
    noise = max(1.4826 * Double(deviation), sqrt(max(0, level)) * 0.5)
  }
}
