import Diffraction
import Glibc

/// The numbers of one frame, before anyone judges them.
struct FrameMeasurement {
  var pixels: Int
  var dose: Double
  var peak: Double
  var background: Double
  var isFlat: Bool
  var saturated: Int
  var hot: Int
  var dead: Int
  var notFinite: Int
  /// Nil when nothing rises above the background.
  var beam: BeamGeometry?

  init(_ pixels: Pixels, ceiling: Double?) {
    var sum = FrameSum(width: pixels.width, height: pixels.height)
    sum.add(pixels, ceiling: ceiling)
    self.init(sum)
  }

  init(_ sum: FrameSum) {
    let image = sum.mean()
    pixels = image.values.count
    notFinite = sum.notFinite
    saturated = sum.saturated
    dose = sum.dose
    peak = sum.peak
    isFlat = sum.peak <= sum.lowest
    let border = BorderLevel(image)
    background = border.level
    let defects = PixelDefects(image, noise: border.noise)
    hot = defects.hot.count
    dead = defects.dead.count
    beam = isFlat ? nil : BeamGeometry(defects.mended(image), border: border)
  }
}

/// A frame, or the sum of many, as single-precision numbers with what was counted on the way.
struct FrameSum {
  let width: Int
  let height: Int
  private var total: [Double]
  private var frames = 0
  var notFinite = 0
  var saturated = 0
  var dose = 0.0
  var peak = -Double.infinity
  var lowest = Double.infinity

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    total = Array(repeating: 0, count: width * height)
  }

  mutating func add(_ pixels: Pixels, ceiling: Double?) {
    guard pixels.width == width, pixels.height == height else { return }
    let values = pixels.doubles()
    frames += 1
    var highest = -Double.infinity
    for (index, value) in values.enumerated() {
      // Nothing counts so far: differences of two would be no numbers in single precision.
      guard value.magnitude < 1e30 else {
        notFinite += 1
        continue
      }
      total[index] += value
      dose += value
      highest = max(highest, value)
      lowest = min(lowest, value)
    }
    peak = max(peak, highest)
    if let level = ceiling ?? Self.ceiling(of: pixels.sample, highest) {
      for value in values where value >= level { saturated += 1 }
    }
  }

  /// A camera's ceiling is a power of two less one: its type's own, or the 12 or 14 bits that it sends in
  /// a wider type, if that is where the values end.
  private static func ceiling(of sample: SampleType, _ highest: Double) -> Double? {
    guard let full = sample.ceiling else { return nil }
    return [4095, 16383].contains(highest) && full > highest ? highest : full
  }

  func mean() -> Image {
    let scale = frames > 1 ? 1 / Double(frames) : 1
    return Image(width: width, height: height, values: total.map { Float($0 * scale) })
  }
}

/// A working copy of a frame, every value finite.
struct Image {
  var width: Int
  var height: Int
  var values: [Float]
}

/// The level and the scatter of the outermost pixels, where no beam is expected.
struct BorderLevel {
  var level: Double
  var noise: Double

  init(_ image: Image) {
    let margin = max(1, min(image.width, image.height) / 32)
    var border: [Float] = []
    for y in 0..<image.height {
      let row = y * image.width
      if y < margin || y >= image.height - margin {
        border.append(contentsOf: image.values[row..<row + image.width])
      } else {
        border.append(contentsOf: image.values[row..<row + min(margin, image.width)])
        border.append(contentsOf: image.values[row + max(0, image.width - margin)..<row + image.width])
      }
    }
    border.sort()
    let median = border[border.count / 2]
    level = Double(median)
    var deviations = border.map { ($0 - median).magnitude }
    deviations.sort()
    // 1.4826 times the median deviation is the standard deviation of a normal distribution; counts of a
    // nearly empty border have a median deviation of 0, so they fall back on Poisson's root.
    noise = max(1.4826 * Double(deviations[deviations.count / 2]), sqrt(max(0, level)) * 0.5)
  }
}
