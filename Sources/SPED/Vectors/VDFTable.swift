import Arrays

/// The virtual dark-field matrix: scan points by Bragg vectors, as counts with their expected background.
///
/// Counts are those of the smoothed pattern over the area that it averages, so that Poisson statistics hold:
/// a count of `counts` where `background` is expected.
package struct VDFTable: Sendable {
  package var scanWidth: Int
  package var scanHeight: Int
  package var vectors: [SpotVector]
  /// [point][vector]
  package var counts: [Float]
  package var background: [Float]
  /// Points whose pattern was there.
  package var isMeasured: [Bool]
  /// Electrons of a spot per count.
  package var electronsPerCount: Float

  package var points: Int { scanWidth * scanHeight }

  package init(
    scanWidth: Int, scanHeight: Int, vectors: [SpotVector], counts: [Float], background: [Float],
    isMeasured: [Bool], electronsPerCount: Float
  ) {
    self.scanWidth = scanWidth
    self.scanHeight = scanHeight
    self.vectors = vectors
    self.counts = counts
    self.background = background
    self.isMeasured = isMeasured
    self.electronsPerCount = electronsPerCount
  }

  package func excess(_ point: Int, _ vector: Int) -> Float {
    counts[point * vectors.count + vector] - background[point * vectors.count + vector]
  }

  /// Virtual dark-field image of a vector, in electrons.
  package func image(_ vector: Int) -> Matrix {
    Matrix(
      rows: scanHeight, columns: scanWidth,
      values: (0..<points).map { excess($0, vector) * electronsPerCount })
  }

  /// Where the radial background misses what is really there (a ring of the carbon film, an ellipse), every
  /// point of the film shows it in the same proportion: the proportion that most points agree on is put right.
  mutating func correctBackground() {
    let columns = vectors.count
    guard columns > 0 else { return }
    var factors = [Float](repeating: 1, count: columns)
    var isSettled = [Bool](repeating: false, count: columns)
    for _ in 0..<4 {
      var sums = [Float](repeating: 0, count: columns)
      var expected = sums
      // Row by row: a column of a large scan lies all over the memory.
      for p in 0..<points where isMeasured[p] {
        let row = p * columns
        for v in 0..<columns {
          let b = background[row + v] * factors[v]
          let n = counts[row + v]
          if n < b + 2.5 * b.squareRoot() + 1 {
            sums[v] += n
            expected[v] += background[row + v]
          }
        }
      }
      for v in 0..<columns where !isSettled[v] {
        if expected[v] > 0, sums[v] > 0 {
          factors[v] = min(3, max(0.5, sums[v] / expected[v]))
        } else {
          isSettled[v] = true
        }
      }
    }
    for p in 0..<points {
      let row = p * columns
      for v in 0..<columns { background[row + v] *= factors[v] }
    }
  }

  /// Points summed in squares of `factor`, for finding crystals in large scans.
  func binned(_ factor: Int) -> VDFTable {
    guard factor > 1 else { return self }
    let (w, h) = ((scanWidth + factor - 1) / factor, (scanHeight + factor - 1) / factor)
    let columns = vectors.count
    var small = VDFTable(
      scanWidth: w, scanHeight: h, vectors: vectors, counts: [Float](repeating: 0, count: w * h * columns),
      background: [Float](repeating: 0, count: w * h * columns),
      isMeasured: [Bool](repeating: false, count: w * h), electronsPerCount: electronsPerCount)
    for y in 0..<scanHeight {
      for x in 0..<scanWidth where isMeasured[y * scanWidth + x] {
        let from = (y * scanWidth + x) * columns
        let point = y / factor * w + x / factor
        small.isMeasured[point] = true
        for v in 0..<columns {
          small.counts[point * columns + v] += counts[from + v]
          small.background[point * columns + v] += background[from + v]
        }
      }
    }
    return small
  }
}
