import Arrays

/// The Gaussian of an atom on the pixels of an image: the product of one along the row and one across the rows. It
/// holds the atom that was placed last.
final class BlobStamp {
  private let across: BlobRow
  private let along: BlobRow
  private let width: Int
  private let pitch: Double
  private let inverseVariance: Double
  private var column = BlobRow.Place.none
  private var row = BlobRow.Place.none
  /// The two factors, and two sums over rows.
  private let scratch: UnsafeMutablePointer<Double>
  private let length: Int
  private var columns: UnsafeMutablePointer<Double> { scratch }
  private var rows: UnsafeMutablePointer<Double> { scratch + length }
  private var sums: UnsafeMutablePointer<Double> { scratch + 2 * length }
  private var moments: UnsafeMutablePointer<Double> { scratch + 3 * length }

  init(_ blob: AtomBlob, _ images: ProjectionImages) {
    across = BlobRow(blob, start: images.start.x, pitch: images.pitch, pixels: images.width)
    along = BlobRow(blob, start: images.start.y, pitch: images.pitch, pixels: images.height)
    width = images.width
    pitch = images.pitch
    inverseVariance = 1 / (blob.sigma * blob.sigma)
    length = max(images.width, images.height, 1)
    scratch = .allocate(capacity: 4 * length)
    scratch.initialize(repeating: 0, count: 4 * length)
  }

  deinit { scratch.deallocate() }

  @inline(__always)
  func place(_ u: Double, _ v: Double) {
    column = across.place(u)
    row = along.place(v)
    across.write(column, to: columns)
    along.write(row, to: rows)
  }

  /// Adds the placed atom to an image.
  @inline(__always)
  func add(_ weight: Double, to image: UnsafeMutablePointer<Double>) {
    let (columns, rows, first, count) = (columns, rows, column.first, column.count)
    for j in 0..<row.count {
      let factor = weight * rows[j]
      let line = image + (row.first + j) * width + first
      for i in 0..<count { line[i] += factor * columns[i] }
    }
  }

  /// The image's product with the placed atom of unit weight, and its derivative by the atom's place.
  ///
  /// Sums over rows go column by column: those are independent of each other, so they run side by side.
  @inline(__always)
  func product(_ image: UnsafePointer<Double>) -> (value: Double, slope: SIMD2<Double>) {
    let (columns, rows, sums, moments) = (columns, rows, sums, moments)
    let (first, count) = (column.first, column.count)
    for i in 0..<count { (sums[i], moments[i]) = (0, 0) }
    for j in 0..<row.count {
      let factor = rows[j]
      let moment = factor * (row.x + pitch * Double(j))
      let line = image + (row.first + j) * width + first
      for i in 0..<count {
        sums[i] += factor * line[i]
        moments[i] += moment * line[i]
      }
    }
    var value = 0.0
    var slope = SIMD2<Double>.zero
    for i in 0..<count {
      let product = columns[i] * sums[i]
      value += product
      slope.x += product * (column.x + pitch * Double(i))
      slope.y += columns[i] * moments[i]
    }
    return (value, inverseVariance * slope)
  }
}
