import Arrays
import Glibc
import Imaging

/// Single pixels that stand far out of their eight neighbours: hot far above all, dead far below all.
struct PixelDefects {
  var hot: [Int] = []
  var dead: [Int] = []

  init(_ image: Image, noise: Double) {
    let (width, height) = (image.columns, image.rows)
    guard width >= 3, height >= 3 else { return }
    let noise = Float(noise)
    // The first and the last row have no neighbours on one side.
    let bands = parallelChunkMap(height - 2) { rows in
      var (hot, dead) = ([Int](), [Int]())
      image.values.withUnsafeBufferPointer { pixel in
        for y in rows {
          for at in (y + 1) * width + 1..<(y + 2) * width - 1 {
            let value = pixel[at]
            // Two neighbours decide nearly always.
            let left = pixel[at - 1]
            let right = pixel[at + 1]
            if value > left, value > right {
              let highest = Self.neighbours(pixel, at, width).highest
              // Ten standard deviations of the neighbours' own counting noise.
              if value - highest > 10 * max(noise, (max(0, highest) + 1).squareRoot()) { hot.append(at) }
            } else if value < left, value < right {
              let lowest = Self.neighbours(pixel, at, width).lowest
              if lowest - value > 10 * max(noise, max(1, lowest).squareRoot()), value < 0.1 * lowest {
                dead.append(at)
              }
            }
          }
        }
      }
      return (hot, dead)
    }
    for band in bands {
      hot += band.0
      dead += band.1
    }
  }

  private static func neighbours(
    _ pixel: UnsafeBufferPointer<Float>, _ at: Int, _ width: Int
  ) -> (lowest: Float, highest: Float) {
    var lowest = pixel[at - 1]
    var highest = lowest
    for index in [
      at + 1, at - width - 1, at - width, at - width + 1, at + width - 1, at + width, at + width + 1,
    ] {
      lowest = min(lowest, pixel[index])
      highest = max(highest, pixel[index])
    }
    return (lowest, highest)
  }

  /// The image with every defect replaced by the mean of its left and right neighbours.
  func mended(_ image: Image) -> Image {
    var image = image
    for at in hot + dead { image.values[at] = (image.values[at - 1] + image.values[at + 1]) / 2 }
    return image
  }
}
