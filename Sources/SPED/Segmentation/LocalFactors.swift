import Arrays

/// The virtual dark-field matrix as a sum of crystals, each with one pattern and a loading that is zero
/// outside its surroundings: counts ~ background + sum of loading x pattern, by maximum Poisson likelihood
/// (multiplicative updates, Lee & Seung 2001, with Richardson's fixed background).
package struct LocalFactors: Sendable {
  /// By crystal: its window's points and the loading at each.
  var windows: [[Int]]
  var loadings: [[Float]]
  /// By crystal: one value a vector.
  var patterns: [[Float]]

  /// Starts from known patterns; `warm` carries over what an earlier factorisation found.
  package init(windows: [PointSet], patterns: [[Float]], loadings: [[Float]]? = nil) {
    self.windows = windows.map(\.points)
    self.patterns = patterns
    self.loadings = loadings ?? self.windows.map { [Float](repeating: 0.5, count: $0.count) }
  }

  /// Adds components to factors that have been found: they stay where they are.
  mutating func append(_ window: PointSet, pattern: [Float]) {
    windows.append(window.points)
    patterns.append(pattern)
    loadings.append([Float](repeating: 0.5, count: windows[windows.count - 1].count))
  }

  package mutating func iterate(_ table: VDFTable, rounds: Int) {
    guard !windows.isEmpty else { return }
    let columns = table.vectors.count
    // At every point the crystals that reach it.
    var at: [[(crystal: Int, place: Int)]] = Array(repeating: [], count: table.points)
    for (k, window) in windows.enumerated() {
      for (place, p) in window.enumerated() where table.isMeasured[p] { at[p].append((k, place)) }
    }
    let reached = at
    let points = (0..<table.points).filter { !reached[$0].isEmpty }
    for _ in 0..<rounds {
      let (patterns, loadings) = (patterns, loadings)
      let sums = patterns.map { $0.reduce(0, +) }
      struct Part {
        var loadings: [[Float]]
        var up: [[Float]]
        var down: [Float]
      }
      let parts = parallelChunkMap(points.count, size: max(64, (points.count + 7) / 8)) { chunk in
        var up = patterns.map { _ in [Float](repeating: 0, count: columns) }
        var down = [Float](repeating: 0, count: patterns.count)
        var moved: [[Float]] = []
        var ratio = [Float](repeating: 0, count: columns)
        for i in chunk {
          let p = points[i]
          var values = reached[p].map { loadings[$0.crystal][$0.place] }
          func fit() {
            for v in 0..<columns {
              var model = table.background[p * columns + v] + 0.02
              for (n, member) in reached[p].enumerated() { model += values[n] * patterns[member.crystal][v] }
              ratio[v] = (table.counts[p * columns + v] + 0.02) / model
            }
          }
          fit()
          for (n, member) in reached[p].enumerated() where sums[member.crystal] > 0 {
            var up: Float = 0
            for v in 0..<columns { up += patterns[member.crystal][v] * ratio[v] }
            values[n] *= up / sums[member.crystal]
          }
          fit()
          for (n, member) in reached[p].enumerated() {
            down[member.crystal] += values[n]
            for v in 0..<columns { up[member.crystal][v] += values[n] * ratio[v] }
          }
          moved.append(values)
        }
        return Part(loadings: moved, up: up, down: down)
      }
      var i = 0
      for part in parts {
        for values in part.loadings {
          for (n, member) in reached[points[i]].enumerated() {
            self.loadings[member.crystal][member.place] = values[n]
          }
          i += 1
        }
      }
      for k in patterns.indices {
        let down = parts.reduce(Float(0)) { $0 + $1.down[k] }
        guard down > 0 else { continue }
        for v in 0..<columns {
          let up = parts.reduce(Float(0)) { $0 + $1.up[k][v] }
          self.patterns[k][v] *= up / down
        }
      }
    }
  }

  /// The table with what the crystals explain counted as background: its signal is the residual.
  package func residual(_ table: VDFTable) -> VDFTable {
    var rest = table
    let columns = table.vectors.count
    for (k, window) in windows.enumerated() {
      for (place, p) in window.enumerated() where loadings[k][place] > 0 {
        for v in 0..<columns { rest.background[p * columns + v] += loadings[k][place] * patterns[k][v] }
      }
    }
    return rest
  }
}
