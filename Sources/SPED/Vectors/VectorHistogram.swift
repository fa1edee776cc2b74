import Arrays

/// Where peaks gather, over all patterns read so far: a map of half pixels.
package struct VectorHistogram: Sendable {
  private static let steps = 2
  /// Cells from the direct beam to the edges, and cells of a row.
  private let reach: (x: Int, y: Int)
  private let columns: Int
  private let rows: Int
  private var counts: [Float]
  private var sumX: [Float]
  private var sumY: [Float]
  private var weights: [Float]

  package init(_ geometry: DetectorGeometry) {
    reach = (geometry.width * Self.steps, geometry.height * Self.steps)
    columns = 2 * reach.x + 1
    rows = 2 * reach.y + 1
    counts = [Float](repeating: 0, count: rows * columns)
    sumX = counts
    sumY = counts
    weights = counts
  }

  package mutating func add(_ peaks: [PatternPeak], movedBy move: SIMD2<Float>, above significance: Float) {
    for peak in peaks where peak.significance >= significance {
      let place = SIMD2(peak.x, peak.y) + move
      let x = Int(bounded: (place.x * Float(Self.steps)).rounded()) + reach.x
      let y = Int(bounded: (place.y * Float(Self.steps)).rounded()) + reach.y
      guard x >= 0, y >= 0, x < columns, y < rows else { continue }
      let at = y * columns + x
      let weight = min(peak.significance, 10)
      counts[at] += 1
      weights[at] += weight
      sumX[at] += weight * place.x
      sumY[at] += weight * place.y
    }
  }

  /// The places where at least `minimum` peaks lie within `reach` pixels and no place nearby has more.
  package func vectors(within reach: Float, minimum: Int, apart: Float) -> [SpotVector] {
    let cells = Int(bounded: (reach * Float(Self.steps)).rounded(.up))
    var offsets: [Int] = []
    for v in -cells...cells {
      for u in -cells...cells where Float(u * u + v * v) <= reach * reach * Float(Self.steps * Self.steps) {
        offsets.append(v * columns + u)
      }
    }
    // Density only where there are peaks: most of the map is empty.
    var density: [(value: Float, at: Int)] = []
    for y in within(0..<rows, cells, rows - cells) {
      for x in within(0..<columns, cells, columns - cells) {
        let at = y * columns + x
        guard counts[at] > 0 else { continue }
        var number: Float = 0
        var weight: Float = 0
        for offset in offsets {
          number += counts[at + offset]
          weight += weights[at + offset]
        }
        if number >= Float(minimum) { density.append((weight, at)) }
      }
    }
    density.sort { $0.value > $1.value || ($0.value == $1.value && $0.at < $1.at) }
    var kept: [SpotVector] = []
    for (_, at) in density {
      var (weight, x, y, number): (Float, Float, Float, Float) = (0, 0, 0, 0)
      for offset in offsets {
        weight += weights[at + offset]
        x += sumX[at + offset]
        y += sumY[at + offset]
        number += counts[at + offset]
      }
      let vector = SpotVector(x: x / weight, y: y / weight, count: Int(bounded: number))
      if !kept.contains(where: { $0.distance(to: vector) < apart }) { kept.append(vector) }
    }
    return kept
  }
}
