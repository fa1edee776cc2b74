import Arrays
import Imaging

/// What a detector's pixels share with their neighbours: a Gaussian by its variance in pixels, as repeated short
/// kernels that have exactly this variance, however small it is; a wide one as what it is, and none wider than its image
/// can show.
package enum DetectorBlur {
  /// Of the image that is fitted.
  static let largest = 6.25
  /// From here on one sampled kernel is as good, and faster.
  private static let wide = 64.0

  package static func apply(_ variance: Double, to pixels: inout [Float], rows: Int, columns: Int) {
    guard variance > 1e-6, rows > 1, columns > 1 else { return }
    guard variance <= wide else {
      let widest = Double(min(rows, columns) - 1) / 4
      pixels =
        Image(rows: rows, columns: columns, values: pixels)
        .gaussian(sigma: min(variance.squareRoot(), widest)).values
      return
    }
    let passes = max(1, Int(bounded: (variance / 0.45).rounded(.up)))
    let side = Float(variance / Double(passes) / 2)
    let middle = 1 - 2 * side
    var other = pixels
    for _ in 0..<passes {
      pixels.withUnsafeBufferPointer { from in
        other.withUnsafeMutableBufferPointer { into in
          for r in 0..<rows {
            let row = r * columns
            into[row] = (middle + side) * from[row] + side * from[row + 1]
            for c in row + 1..<row + columns - 1 {
              into[c] = middle * from[c] + side * (from[c - 1] + from[c + 1])
            }
            let last = row + columns - 1
            into[last] = (middle + side) * from[last] + side * from[last - 1]
          }
        }
      }
      other.withUnsafeBufferPointer { from in
        pixels.withUnsafeMutableBufferPointer { into in
          for r in 0..<rows {
            let row = r * columns
            let above = max(0, r - 1) * columns
            let below = min(rows - 1, r + 1) * columns
            for c in 0..<columns {
              into[row + c] = middle * from[row + c] + side * (from[above + c] + from[below + c])
            }
          }
        }
      }
    }
  }
}
