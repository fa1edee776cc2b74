/// Vectors that light the same region: the seed of a crystal.
package struct BlobCluster: Sendable {
  package var points: PointSet
  /// Indices of the blobs.
  package var blobs: [Int]
  /// Blobs counted by how sure each is.
  package var weight: Double
}

/// Groups blobs that agree in space, the group with most agreement first.
struct Consensus {
  /// Intersection over union from which two blobs say the same.
  var agreement = 0.55
  var minimumWeight = 1.5

  static func weight(_ blob: SpotBlob) -> Double {
    // A blob of a few significant points says less; six standard deviations a point are sure.
    min(1, Double(blob.significance) * Double(blob.points.count).squareRoot() / 24)
  }

  func clusters(_ blobs: [SpotBlob]) -> [BlobCluster] {
    let weights = blobs.map(Self.weight)
    let sizes = blobs.map { $0.points.count }
    var neighbours = [[(Int, Double)]](repeating: [], count: blobs.count)
    for i in blobs.indices {
      for j in blobs.indices where j > i {
        let (small, large) = (min(sizes[i], sizes[j]), max(sizes[i], sizes[j]))
        guard Double(small) >= agreement * Double(large) else { continue }
        let both = blobs[i].points.overlap(blobs[j].points)
        let value = Double(both) / Double(small + large - both)
        if value >= agreement {
          neighbours[i].append((j, value))
          neighbours[j].append((i, value))
        }
      }
    }
    var isFree = [Bool](repeating: true, count: blobs.count)
    var clusters: [BlobCluster] = []
    while true {
      var best: (score: Double, blob: Int) = (0, -1)
      for i in blobs.indices where isFree[i] {
        var score = weights[i]
        for (j, value) in neighbours[i] where isFree[j] { score += weights[j] * value }
        if score > best.score { best = (score, i) }
      }
      guard best.blob >= 0, best.score >= minimumWeight else { break }
      var members = [best.blob] + neighbours[best.blob].map(\.0).filter { isFree[$0] }
      var points = vote(members, blobs, weights)
      for _ in 0..<2 {
        let again = blobs.indices.filter { isFree[$0] && blobs[$0].points.agreement(points) >= agreement }
        if again.isEmpty { break }
        members = again
        points = vote(members, blobs, weights)
      }
      for i in members { isFree[i] = false }
      isFree[best.blob] = false
      let weight = members.reduce(0) { $0 + weights[$1] }
      if weight >= minimumWeight, !points.isEmpty {
        clusters.append(BlobCluster(points: points, blobs: members.sorted(), weight: weight))
      }
    }
    return clusters
  }

  /// Points that at least half of the members' weight lights.
  private func vote(_ members: [Int], _ blobs: [SpotBlob], _ weights: [Double]) -> PointSet {
    guard let first = members.first else { return PointSet(width: 1, height: 1) }
    let frame = blobs[first].points
    var votes = [Double](repeating: 0, count: frame.size)
    var total = 0.0
    for i in members {
      total += weights[i]
      for p in blobs[i].points.points { votes[p] += weights[i] }
    }
    let set = PointSet(
      width: frame.width, height: frame.height, points: votes.indices.lazy.filter { votes[$0] >= 0.5 * total }
    )
    return set.regions().first ?? set
  }
}
