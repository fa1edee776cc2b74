import Arrays
import Glibc

/// How strongly a crystal diffracts at every scan point, from vectors that no neighbour shares.
struct LoadingMap: Sendable {
  /// Signal over its typical value within the crystal.
  var values: [Float]
  /// Standard deviation of one value where the crystal is not.
  var noise: [Float]
}

struct CrystalLoadings {
  let table: VDFTable

  /// Mean counts above background of every vector over a region.
  func pattern(_ points: [Int]) -> [Float] {
    let columns = table.vectors.count
    var sum = [Float](repeating: 0, count: columns)
    for p in points { for v in 0..<columns { sum[v] += table.excess(p, v) } }
    let number = Float(max(1, points.count))
    return sum.map { max(0, $0 / number) }
  }

  /// Patterns of all regions by least squares on their overlaps: points of one region alone count most.
  func patterns(_ regions: [PointSet]) -> [[Float]] {
    regions.indices.map { k in
      var alone = regions[k]
      for j in regions.indices where j != k { alone = alone.subtracting(regions[j]) }
      let points = alone.points
      return pattern(points.count >= max(4, regions[k].count / 8) ? points : regions[k].points)
    }
  }

  /// Vectors of crystal `k` that its neighbours lack, with their weight in its pattern.
  func cleanVectors(
    _ k: Int, _ drafts: [CrystalDraft], _ patterns: [[Float]], neighbours: [Int]
  ) -> [Int] {
    let own = drafts[k].vectors + drafts[k].partial
    func leak(_ v: Int) -> Float {
      neighbours.reduce(Float(0)) { max($0, patterns[$1][v]) } / max(patterns[k][v], 1e-6)
    }
    let total = own.reduce(Float(0)) { $0 + patterns[k][$1] }
    let ranked = own.map { ($0, leak($0)) }.sorted { $0.1 < $1.1 || ($0.1 == $1.1 && $0.0 < $1.0) }
    var clean = ranked.filter { $0.1 < 0.08 }.map(\.0)
    var sum = clean.reduce(Float(0)) { $0 + patterns[k][$1] }
    // Where nearly all is shared, the least shared have to do.
    for (v, ratio) in ranked where ratio >= 0.08 && (sum < 0.15 * total || clean.count < 2) {
      clean.append(v)
      sum += patterns[k][v]
    }
    return clean
  }

  func map(_ vectors: [Int], window: PointSet, reference: PointSet) -> LoadingMap {
    let columns = table.vectors.count
    var values = [Float](repeating: 0, count: table.points)
    var noise = values
    for p in window.points where table.isMeasured[p] {
      var (signal, variance): (Float, Float) = (0, 0)
      for v in vectors {
        let b = table.background[p * columns + v]
        signal += table.counts[p * columns + v] - b
        variance += max(b, 0.3)
      }
      values[p] = signal
      noise[p] = variance.squareRoot()
    }
    let inside = reference.points.map { values[$0] }.sorted()
    let typical = inside.isEmpty ? 1 : max(inside[inside.count / 2], 1e-6)
    for p in values.indices {
      values[p] /= typical
      noise[p] /= typical
    }
    return LoadingMap(values: values, noise: noise)
  }
}

/// Draws the outline of a crystal on its loading.
struct Outline {
  /// A point belongs when it has this part of its brightest neighbour: half a pixel of a steep edge, and the
  /// foot of a wedge, whose signal grows from point to point.
  var ratio: Float = 0.4
  var floor: Float = 0.1
  var significance: Float = 4

  func points(_ loading: LoadingMap, window: PointSet, seed: PointSet) -> PointSet {
    let (width, height) = (window.width, window.height)
    var set = PointSet(width: width, height: height)
    for p in window.points {
      let value = loading.values[p]
      guard value > floor, value > significance * loading.noise[p] else { continue }
      let (x, y) = (p % width, p / width)
      var brightest: Float = 0
      for v in max(0, y - 1)...min(height - 1, y + 1) {
        for u in max(0, x - 1)...min(width - 1, x + 1) {
          brightest = max(brightest, min(loading.values[v * width + u], 1.2))
        }
      }
      if value >= ratio * brightest { set.insert(p) }
    }
    let regions = set.regions()
    let best = regions.max { $0.overlap(seed) < $1.overlap(seed) } ?? set
    return smoothed(best.filled())
  }

  /// Spikes of one point are noise: a point needs three of its eight neighbours, a gap with six is filled.
  private func smoothed(_ set: PointSet) -> PointSet {
    var out = set
    for p in set.grown(1).points {
      let (x, y) = (p % set.width, p / set.width)
      var (near, possible) = (0, 0)
      for v in max(0, y - 1)...min(set.height - 1, y + 1) {
        for u in max(0, x - 1)...min(set.width - 1, x + 1) where (u, v) != (x, y) {
          possible += 1
          if set.contains(v * set.width + u) { near += 1 }
        }
      }
      if set.contains(p) {
        if near < 3 && possible == 8 { out.remove(p) }
      } else if near >= 6 {
        out.insert(p)
      }
    }
    return out
  }
}
