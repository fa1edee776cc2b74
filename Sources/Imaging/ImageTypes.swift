import Arrays
import CVectorLoops

/// Pixels row after row, [y, x]; pixel centres lie at whole numbers.
package typealias Image = DenseMatrix<Float>
package typealias Mask = DenseMatrix<Bool>
/// 0 is background; regions count from 1.
package typealias Labels = DenseMatrix<Int32>

/// A pixel.
package struct GridPoint: Sendable, Hashable {
  package var y: Int
  package var x: Int

  package init(y: Int, x: Int) {
    self.y = y
    self.x = x
  }
}

/// A place between pixels, in pixels.
package struct Point: Sendable, Hashable {
  package var y: Double
  package var x: Double

  package init(y: Double, x: Double) {
    self.y = y
    self.x = x
  }

  package init(_ pixel: GridPoint) { self.init(y: Double(pixel.y), x: Double(pixel.x)) }

  package static func - (a: Point, b: Point) -> Point { Point(y: a.y - b.y, x: a.x - b.x) }
  package static func + (a: Point, b: Point) -> Point { Point(y: a.y + b.y, x: a.x + b.x) }
  package var length: Double { (y * y + x * x).squareRoot() }
}

extension DenseMatrix where Element == Float {
  /// Pixels brighter than a threshold.
  package func brighter(than threshold: Float) -> Mask {
    Mask(rows: rows, columns: columns) { out in
      withElements { pixels in
        for i in 0..<out.count { out.initializeElement(at: i, to: pixels[i] > threshold) }
      }
    }
  }

  /// The smallest and the largest pixel; pixels that are not numbers are left out.
  package var extent: (smallest: Float, largest: Float) {
    var (smallest, largest) = (Float.infinity, -Float.infinity)
    withElements { vl_extent($0, count, &smallest, &largest) }
    return (smallest, largest)
  }
}

/// The index that mirroring at the edges reaches, the edge pixel repeated: d c b a | a b c d | d c b a.
@inline(__always)
func mirrored(_ index: Int, _ count: Int) -> Int {
  var i = index % (2 * count)
  if i < 0 { i += 2 * count }
  return i < count ? i : 2 * count - 1 - i
}
