import Arrays
import Glibc

/// Where one vector lights up: a connected region of its virtual dark-field image.
package struct SpotBlob: Sendable {
  package var vector: Int
  package var points: PointSet
  /// Mean Poisson significance of a point.
  package var significance: Float
  /// Mean counts above background.
  package var level: Float
}

/// Finds the blobs of every vector. A bright crystal does not hide a faint one in the same image: what is left
/// beside the bright ones is searched again.
struct SpotSearch {
  var significance: Float
  var minimumArea: Int
  /// A blob ends where the signal falls below this part of its bright level.
  var edge: Float = 0.35

  func blobs(_ table: VDFTable) -> [SpotBlob] {
    let columns = table.vectors.count
    let found = parallelChunkMap(columns, size: 4) { chunk in chunk.flatMap { blobs(table, $0) } }
    return Array(found.joined())
  }

  func blobs(_ table: VDFTable, _ vector: Int) -> [SpotBlob] {
    let (width, height, columns) = (table.scanWidth, table.scanHeight, table.vectors.count)
    let points = width * height
    var counts = [Float](repeating: 0, count: points)
    var expected = counts
    for p in 0..<points {
      counts[p] = table.counts[p * columns + vector]
      expected[p] = table.background[p * columns + vector]
    }
    // Weights 1 2 1 in both directions: sixteen in all, their squares 36, so 64/9 points' worth of counts.
    let smoothCounts = smoothed(counts, width, height)
    let smoothExpected = smoothed(expected, width, height)
    let gainOfSmoothing: Float = 64 / 9
    var signal = [Float](repeating: 0, count: points)
    var open = PointSet(width: width, height: height)
    for p in 0..<points {
      signal[p] = smoothCounts[p] - smoothExpected[p]
      // (n - m)^2 / m is never below the deviance: most points need no logarithm.
      let (excess, expected) = (signal[p] * gainOfSmoothing, smoothExpected[p] * gainOfSmoothing)
      guard excess > 0, excess * excess > significance * significance * expected, table.isMeasured[p],
        poissonSignificance(smoothCounts[p] * gainOfSmoothing, expected: expected) > significance
      else { continue }
      open.insert(p)
    }
    var found: [SpotBlob] = []
    for round in 0..<4 {
      var isDone = true
      for region in open.regions(atLeast: minimumArea) {
        if round > 0, region.core().isEmpty { continue }
        let values = region.points.map { signal[$0] }.sorted()
        let bright = values[values.count * 9 / 10]
        let core = PointSet(
          width: width, height: height, points: region.points.filter { signal[$0] > edge * bright })
        for blob in core.regions(atLeast: minimumArea) {
          isDone = false
          var (sum, level): (Float, Float) = (0, 0)
          for p in blob.points {
            sum += poissonSignificance(counts[p], expected: expected[p])
            level += counts[p] - expected[p]
          }
          let number = Float(blob.count)
          found.append(
            SpotBlob(vector: vector, points: blob, significance: sum / number, level: level / number))
        }
        open = open.subtracting(core.grown(1))
      }
      if isDone { break }
    }
    return found
  }
}

/// Weighted by 1 2 1 along both axes, the edge repeated.
func smoothed(_ image: [Float], _ width: Int, _ height: Int) -> [Float] {
  var across = image
  for y in 0..<height {
    let row = y * width
    for x in 0..<width {
      across[row + x] =
        0.25 * image[row + max(x - 1, 0)] + 0.5 * image[row + x] + 0.25 * image[row + min(x + 1, width - 1)]
    }
  }
  var out = across
  for y in 0..<height {
    let (above, row, below) = (max(y - 1, 0) * width, y * width, min(y + 1, height - 1) * width)
    for x in 0..<width {
      out[row + x] = 0.25 * across[above + x] + 0.5 * across[row + x] + 0.25 * across[below + x]
    }
  }
  return out
}
