import Arrays

/// Fills pixels that were not seen with what lies around them: means over ever larger squares, from coarse to
/// fine, so that a gap of any size continues its surroundings and has no edge of its own.
package enum SmoothFill {
  package static func apply(_ pixels: inout [Float], rows: Int, columns: Int, isSeen: [Bool]) {
    guard rows > 0, columns > 0, pixels.count == rows * columns, isSeen.count == pixels.count,
      isSeen.contains(false), isSeen.contains(true)
    else { return }
    let filled = level(pixels, isSeen.map { $0 ? 1 : 0 }, rows, columns)
    for i in pixels.indices where !isSeen[i] { pixels[i] = filled[i] }
  }

  /// Seen values as they are, the others from the next coarser level, between its pixels' middles.
  private static func level(_ values: [Float], _ weights: [Float], _ rows: Int, _ columns: Int) -> [Float] {
    guard weights.contains(0), rows > 1 || columns > 1 else { return values }
    let (halfRows, halfColumns) = ((rows + 1) / 2, (columns + 1) / 2)
    var sums = [Float](repeating: 0, count: halfRows * halfColumns)
    var counts = sums
    for r in 0..<rows {
      for c in 0..<columns {
        let i = r * columns + c
        let at = r / 2 * halfColumns + c / 2
        sums[at] += weights[i] * values[i]
        counts[at] += weights[i]
      }
    }
    for i in sums.indices where counts[i] > 0 {
      sums[i] /= counts[i]
      counts[i] = 1
    }
    let coarse = level(sums, counts, halfRows, halfColumns)
    func between(_ index: Int, _ count: Int) -> (Int, Int, Float) {
      let near = index / 2
      let far = index % 2 == 0 ? max(0, near - 1) : min(count - 1, near + 1)
      return (near, far, 0.25)
    }
    var filled = values
    for r in 0..<rows {
      let (nearRow, farRow, partRow) = between(r, halfRows)
      for c in 0..<columns where weights[r * columns + c] == 0 {
        let (near, far, part) = between(c, halfColumns)
        func along(_ row: Int) -> Float {
          coarse[row * halfColumns + near] * (1 - part) + coarse[row * halfColumns + far] * part
        }
        filled[r * columns + c] = along(nearRow) * (1 - partRow) + along(farRow) * partRow
      }
    }
    return filled
  }
}
