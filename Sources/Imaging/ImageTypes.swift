import Arrays
import CVectorLoops

/// Pixels row after row, [y, x]; pixel centres lie at whole numbers.
public typealias Image = DenseMatrix<Float>
public typealias Mask = DenseMatrix<Bool>
/// 0 is background; regions count from 1.
public typealias Labels = DenseMatrix<Int32>

/// A pixel.
public struct GridPoint: Sendable, Hashable {
  public var y: Int
  public var x: Int

  public init(y: Int, x: Int) {
    self.y = y
    self.x = x
  }
}

/// A place between pixels, in pixels.
public struct Point: Sendable, Hashable {
  public var y: Double
  public var x: Double

  public init(y: Double, x: Double) {
    self.y = y
    self.x = x
  }

  public init(_ pixel: GridPoint) { self.init(y: Double(pixel.y), x: Double(pixel.x)) }

  public static func - (a: Point, b: Point) -> Point { Point(y: a.y - b.y, x: a.x - b.x) }
  public static func + (a: Point, b: Point) -> Point { Point(y: a.y + b.y, x: a.x + b.x) }
  public var length: Double { (y * y + x * x).squareRoot() }
}

extension DenseMatrix where Element == Float {
  /// Pixels brighter than a threshold.
  public func brighter(than threshold: Float) -> Mask {
    Mask(rows: rows, columns: columns) { out in
      withElements { pixels in
        for i in 0..<out.count { out.initializeElement(at: i, to: pixels[i] > threshold) }
      }
    }
  }

  /// The smallest and the largest pixel; pixels that are not numbers are left out.
  public var extent: (smallest: Float, largest: Float) {
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
