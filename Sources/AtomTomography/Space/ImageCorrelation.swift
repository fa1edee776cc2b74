import Arrays
import Glibc

/// The product of every image with an atom, tabulated over the image: how much an atom at a place would explain of what
/// is there.
struct ImageCorrelation {
  /// Steps of the table a pixel.
  private static let fineness = 2
  private let start: SIMD2<Double>
  private let inverseStep: Double
  private let columns: Int
  private let rows: Int
  private var table: [Double]

  init(_ images: ProjectionImages, values: [Double], _ blob: AtomBlob) {
    let step = images.pitch / Double(Self.fineness)
    let (columns, rows) = (images.width * Self.fineness, images.height * Self.fineness)
    (start, inverseStep, self.columns, self.rows) = (images.start, 1 / step, columns, rows)
    let along = BlobRow(blob, start: images.start.x, pitch: images.pitch, pixels: images.width)
    let across = BlobRow(blob, start: images.start.y, pitch: images.pitch, pixels: images.height)
    let lines = images.height * images.angles.count
    // Along the rows, then across them.
    var half = [Double](repeating: 0, count: columns * lines)
    var turned = [Double](repeating: 0, count: images.height)
    table = [Double](repeating: 0, count: columns * rows * images.angles.count)
    guard values.count == images.width * lines, images.width > 0, images.height > 0 else { return }
    values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      for at in 0..<columns {
        let place = along.place(images.start.x + step * Double(at))
        for line in 0..<lines {
          half[line * columns + at] = along.product(place, values + line * images.width).value
        }
      }
    }
    for image in images.angles.indices {
      for at in 0..<columns {
        for line in 0..<images.height { turned[line] = half[(image * images.height + line) * columns + at] }
        turned.withUnsafeBufferPointer { turned in
          guard let turned = turned.baseAddress else { return }
          for row in 0..<rows {
            table[(image * rows + row) * columns + at] =
              across.product(across.place(images.start.y + step * Double(row)), turned).value
          }
        }
      }
    }
  }

  /// The product at a place of one image; 0 beside it.
  @inline(__always)
  func value(_ image: Int, _ place: SIMD2<Double>) -> Double {
    let at = (place - start) * inverseStep
    guard at.x >= 0, at.y >= 0, at.x < Double(columns - 1), at.y < Double(rows - 1) else { return 0 }
    let (column, row) = (Int(at.x), Int(at.y))
    let (x, y) = (at.x - Double(column), at.y - Double(row))
    let first = (image * rows + row) * columns + column
    let upper = table[first] + x * (table[first + 1] - table[first])
    let lower = table[first + columns] + x * (table[first + columns + 1] - table[first + columns])
    return upper + y * (lower - upper)
  }
}
