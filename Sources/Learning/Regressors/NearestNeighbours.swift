import Arrays

/// Training points kept feature by feature, so that distances to many of them run along rows.
package struct NeighbourSearch: Sendable {
  package let count: Int
  /// features x points.
  private let byFeature: DoubleMatrix

  package init(_ points: DoubleMatrix) {
    count = points.rows
    byFeature = points.transposed()
  }

  package struct Neighbour: Sendable {
    package var index: Int
    package var squaredDistance: Double
  }

  /// The `k` nearest points, nearest first, of equal distances the first in order; `excluding` one of them.
  package func nearest(_ k: Int, to point: [Double], excluding: Int? = nil) -> [Neighbour] {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: Swift.max(count, 1)) { distances in
      byFeature.withElements { points in
        distances.initialize(repeating: 0)
        guard let distances = distances.baseAddress else { return [] }
        for (f, value) in point.enumerated() {
          let row = points + f * count
          for i in 0..<count {
            let d = row[i] - value
            distances[i] += d * d
          }
        }
        // Sorted insertion: `k` is small and few points pass the test against the farthest kept so far.
        var kept: [Neighbour] = []
        kept.reserveCapacity(k + 1)
        var farthest = Double.infinity
        for i in 0..<count where distances[i] < farthest && i != excluding {
          var place = kept.count
          while place > 0 && kept[place - 1].squaredDistance > distances[i] { place -= 1 }
          kept.insert(Neighbour(index: i, squaredDistance: distances[i]), at: place)
          if kept.count > k { kept.removeLast() }
          if kept.count == k { farthest = kept[k - 1].squaredDistance }
        }
        return kept
      }
    }
  }
}

/// The mean of the nearest training rows' targets.
package struct NearestNeighbours: Regressor {
  package enum Weights: Sendable {
    case uniform
    /// One over the distance; a training row met exactly decides alone.
    case distance
  }

  package let neighbours: Int
  package let weights: Weights
  package let featureCount: Int
  private let search: NeighbourSearch
  private let targets: DoubleMatrix

  package init(
    fitting features: DoubleMatrix, _ targets: DoubleMatrix, neighbours: Int = 5, weights: Weights = .distance
  ) throws(RegressionError) {
    precondition(neighbours > 0, "there is a nearest neighbour")
    try checkTraining(features, targets, needed: neighbours)
    self.neighbours = neighbours
    self.weights = weights
    featureCount = features.columns
    search = NeighbourSearch(features)
    self.targets = targets
  }

  package var targetCount: Int { targets.columns }

  package func predict(_ features: DoubleMatrix) -> DoubleMatrix {
    precondition(features.columns == featureCount, "\(featureCount) features")
    let columns = targetCount
    var out = DoubleMatrix(rows: features.rows, columns: columns)
    out.parallelRows { rows, storage in
      for (offset, r) in rows.enumerated() {
        let found = search.nearest(neighbours, to: Array(features.row(r)))
        let factors = factors(found)
        let sum = factors.reduce(0, +)
        for t in 0..<columns {
          var value = 0.0
          for (neighbour, factor) in zip(found, factors) { value += factor * targets[neighbour.index, t] }
          storage[offset * columns + t] = value / sum
        }
      }
    }
    return out
  }

  private func factors(_ found: [NeighbourSearch.Neighbour]) -> [Double] {
    if weights == .uniform { return found.map { _ in 1 } }
    if found.contains(where: { $0.squaredDistance == 0 }) {
      return found.map { $0.squaredDistance == 0 ? 1 : 0 }
    }
    return found.map { 1 / $0.squaredDistance.squareRoot() }
  }
}
