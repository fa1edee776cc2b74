/// The image as a network reads it: a disc of pixels, standardised, and its signed square root, in which
/// weak discs are not lost beside strong ones.
package enum NetworkImage {
  /// Pixels within this distance of the middle count; outside lies what many cameras cannot see.
  package static let radius = 31.5
  /// Pixels that the direct beam may lie off the middle.
  package static let shift = 2.5

  /// Positions inside the disc, in row order.
  static let inside: [Int] = {
    let size = PatternNetwork.size
    let middle = Double(size - 1) / 2
    return (0..<size * size).filter { index in
      let y = Double(index / size) - middle
      let x = Double(index % size) - middle
      return y * y + x * x <= radius * radius
    }
  }()

  /// From 64 x 64 intensities to the two channels, one after the other.
  static func encode(_ pixels: UnsafePointer<Float>, into channels: UnsafeMutablePointer<Float>) {
    let count = PatternNetwork.size * PatternNetwork.size
    channels.update(repeating: 0, count: 2 * count)
    inside.withUnsafeBufferPointer { inside in
      var (sum, squares) = (0.0, 0.0)
      for i in inside {
        let v = Double(pixels[i])
        sum += v
        squares += v * v
      }
      let mean = sum / Double(inside.count)
      let variance = max(0, squares / Double(inside.count) - mean * mean)
      // Of an image as good as flat the factor is beyond single precision.
      let spread = variance > 0 ? Float(1 / variance.squareRoot()) : 0
      let factor = spread.isFinite ? spread : 0
      for i in inside {
        let v = (pixels[i] - Float(mean)) * factor
        channels[i] = v
        channels[count + i] = v < 0 ? -(-v).squareRoot() : v.squareRoot()
      }
    }
  }
}
