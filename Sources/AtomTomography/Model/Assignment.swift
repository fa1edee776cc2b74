/// Found atoms against true ones: the pairing of least total distance, by the Hungarian method.
package struct AtomMatching: Sendable {
  package struct Pair: Sendable, Equatable {
    package var found: Int
    package var truth: Int
    package var distance: Double
  }

  package var pairs: [Pair] = []
  package var extra: [Int] = []
  package var missing: [Int] = []

  /// Every atom has its partner, and none is left over.
  package var isComplete: Bool { extra.isEmpty && missing.isEmpty }

  package var meanError: Double {
    pairs.isEmpty ? 0 : pairs.reduce(0) { $0 + $1.distance } / Double(pairs.count)
  }
  package var largestError: Double { pairs.reduce(0) { max($0, $1.distance) } }

  /// Atoms that are further than `limit` from their partner are nobody's.
  package init(_ found: [SIMD2<Double>], _ truth: [SIMD2<Double>], limit: Double) {
    self.init(found, truth, limit: limit) { ($0 - $1).length }
  }

  /// The same in space.
  package init(_ found: [SIMD3<Double>], _ truth: [SIMD3<Double>], limit: Double) {
    self.init(found, truth, limit: limit) { ($0 - $1).length }
  }

  private init<Point>(
    _ found: [Point], _ truth: [Point], limit: Double, distance: (Point, Point) -> Double
  ) {
    let size = max(found.count, truth.count)
    guard size > 0 else { return }
    // What is too far costs the same whatever its distance, so that it never pulls at the others.
    let far = 1e3 * limit
    var cost = [Double](repeating: far, count: size * size)
    for (i, atom) in found.enumerated() {
      for (j, other) in truth.enumerated() {
        let distance = distance(atom, other)
        if distance < limit { cost[i * size + j] = distance }
      }
    }
    let partners = Self.assign(cost, size)
    var isMatched = [Bool](repeating: false, count: truth.count)
    for i in found.indices {
      let j = partners[i]
      if j < truth.count, cost[i * size + j] < limit {
        pairs.append(Pair(found: i, truth: j, distance: cost[i * size + j]))
        isMatched[j] = true
      } else {
        extra.append(i)
      }
    }
    missing = truth.indices.filter { !isMatched[$0] }
  }

  /// For every row its column, at least total cost: shortest augmenting paths with potentials.
  static func assign(_ cost: [Double], _ size: Int) -> [Int] {
    var u = [Double](repeating: 0, count: size + 1)
    var v = [Double](repeating: 0, count: size + 1)
    var row = [Int](repeating: 0, count: size + 1)
    var way = [Int](repeating: 0, count: size + 1)
    for i in 1...size {
      row[0] = i
      var column = 0
      var least = [Double](repeating: .infinity, count: size + 1)
      var isUsed = [Bool](repeating: false, count: size + 1)
      repeat {
        isUsed[column] = true
        let current = row[column]
        var delta = Double.infinity
        var next = 0
        for j in 1...size where !isUsed[j] {
          let reduced = cost[(current - 1) * size + j - 1] - u[current] - v[j]
          if reduced < least[j] {
            least[j] = reduced
            way[j] = column
          }
          if least[j] < delta {
            delta = least[j]
            next = j
          }
        }
        for j in 0...size {
          if isUsed[j] {
            u[row[j]] += delta
            v[j] -= delta
          } else {
            least[j] -= delta
          }
        }
        column = next
      } while row[column] != 0
      repeat {
        let previous = way[column]
        row[column] = row[previous]
        column = previous
      } while column != 0
    }
    var partners = [Int](repeating: 0, count: size)
    for j in 1...size where row[j] > 0 { partners[row[j] - 1] = j - 1 }
    return partners
  }
}
