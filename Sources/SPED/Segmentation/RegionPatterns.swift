/// Patterns of crystals whose outlines are known: points that lie in the same crystals are one region, its
/// sum a Poisson number of mean points x (background + sum of their patterns). Non-negative maximum
/// likelihood by Richardson-Lucy steps; regions of one crystal alone decide, overlaps add to it.
package struct RegionPatterns: Sendable {
  /// The crystals of every region.
  package let members: [[Int]]
  package let sizes: [Float]
  /// The region of every scan point, if it is in a crystal.
  package let regionOfPoint: [Int?]
  private let crystals: Int

  package init(_ crystals: [PointSet], isMeasured: [Bool]) {
    self.crystals = crystals.count
    var membership: [Int: [Int]] = [:]
    for (k, crystal) in crystals.enumerated() {
      for p in crystal.points where isMeasured[p] { membership[p, default: []].append(k) }
    }
    var index: [[Int]: Int] = [:]
    var members: [[Int]] = []
    var sizes: [Float] = []
    var regionOfPoint = [Int?](repeating: nil, count: isMeasured.count)
    for p in isMeasured.indices {
      guard let list = membership[p] else { continue }
      let region: Int
      if let known = index[list] {
        region = known
      } else {
        region = members.count
        index[list] = region
        members.append(list)
        sizes.append(0)
      }
      sizes[region] += 1
      regionOfPoint[p] = region
    }
    self.members = members
    self.sizes = sizes
    self.regionOfPoint = regionOfPoint
  }

  /// `sums` and `background` are [region][value]; the result is [crystal][value], per point.
  package func solve(_ sums: [[Float]], background: [[Float]], rounds: Int = 60) -> [[Float]] {
    let count = sums.first?.count ?? 0
    var patterns = [[Float]](repeating: [Float](repeating: 0, count: count), count: crystals)
    var weights = [Float](repeating: 0, count: crystals)
    for (r, list) in members.enumerated() { for k in list { weights[k] += sizes[r] } }
    for i in 0..<count {
      var values = [Float](repeating: 0, count: crystals)
      for (r, list) in members.enumerated() {
        let excess = max(0, sums[r][i] - background[r][i])
        for k in list { values[k] += excess / Float(list.count) }
      }
      for k in 0..<crystals where weights[k] > 0 { values[k] = values[k] / weights[k] + 1e-4 }
      for _ in 0..<rounds {
        var up = [Float](repeating: 0, count: crystals)
        for (r, list) in members.enumerated() {
          var model = background[r][i] + 1e-6
          for k in list { model += sizes[r] * values[k] }
          let ratio = sizes[r] * max(0, sums[r][i]) / model
          for k in list { up[k] += ratio }
        }
        for k in 0..<crystals where weights[k] > 0 { values[k] *= up[k] / weights[k] }
      }
      for k in 0..<crystals { patterns[k][i] = values[k] }
    }
    return patterns
  }
}
