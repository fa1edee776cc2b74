import System
import Arrays

/// The mean of many trees whose thresholds are drawn at random (extremely randomised trees, Geurts, Ernst & Wehenkel
/// 2006): per node one threshold a feature between the smallest and the largest value there, the best kept.
package struct ExtraTrees: Regressor {
  package let featureCount: Int
  /// Per target its trees.
  private let forests: [[RegressionTree]]

  /// Tree i draws from stream i of `random`: the forest does not depend on the number of threads.
  package init(
    fitting features: DoubleMatrix, _ targets: DoubleMatrix, trees: Int = 100,
    limits: TreeLimits = TreeLimits(),
    random: RandomNumbers
  ) throws(RegressionError) {
    precondition(trees > 0, "a forest has trees")
    try checkTraining(features, targets)
    featureCount = features.columns
    let columns = FeatureColumns(features)
    forests = (0..<targets.columns).map { t in
      let values = targets.column(t)
      return parallelMap(trees) { i in
        var numbers = random.stream(t * trees + i)
        return RandomTreeGrower(columns: columns, limits: limits).grow(values, &numbers)
      }
    }
  }

  package var targetCount: Int { forests.count }

  package func predict(_ features: DoubleMatrix) -> DoubleMatrix {
    precondition(features.columns == featureCount, "\(featureCount) features")
    let columns = FeatureColumns(features)
    return predictions(features.rows, targetCount) { t in
      let forest = forests[t]
      return parallelChunkMap(features.rows) { rows in
        rows.map { r in forest.reduce(0) { $0 + $1.predict(columns, row: r) } / Double(forest.count) }
      }.flatMap { $0 }
    }
  }
}

private struct RandomTreeGrower {
  let columns: FeatureColumns
  let limits: TreeLimits

  func grow(_ targets: [Double], _ random: inout RandomNumbers) -> RegressionTree {
    var tree = RegressionTree()
    var rows = Array(0..<columns.rows)
    var open: [(node: Int, range: Range<Int>, depth: Int)] = []
    func addLeaf(_ range: Range<Int>, _ depth: Int) -> Int32 {
      let mean = range.reduce(0) { $0 + targets[rows[$1]] } / Double(range.count)
      tree.nodes.append(.init(feature: -1, threshold: 0, left: 0, right: 0, value: mean))
      open.append((tree.nodes.count - 1, range, depth))
      return Int32(tree.nodes.count - 1)
    }
    _ = addLeaf(0..<rows.count, 0)
    while let (node, range, depth) = open.popLast() {
      guard depth < limits.maximumDepth, range.count >= limits.minimumSplit,
        range.count >= 2 * limits.minimumLeaf,
        let (feature, threshold) = draw(rows, range, targets, &random)
      else { continue }
      let column = feature * columns.rows
      var middle = range.lowerBound
      for i in range where Double(columns.values[column + rows[i]]) <= threshold {
        rows.swapAt(i, middle)
        middle += 1
      }
      tree.nodes[node].feature = Int32(feature)
      tree.nodes[node].threshold = threshold
      tree.nodes[node].left = addLeaf(range.lowerBound..<middle, depth + 1)
      tree.nodes[node].right = addLeaf(middle..<range.upperBound, depth + 1)
    }
    return tree
  }

  private func draw(
    _ rows: [Int], _ range: Range<Int>, _ targets: [Double], _ random: inout RandomNumbers
  ) -> (feature: Int, threshold: Double)? {
    let first = targets[rows[range.lowerBound]]
    guard range.contains(where: { targets[rows[$0]] != first }) else { return nil }
    var best: (feature: Int, threshold: Double)?
    var bestScore = -Double.infinity
    let total = range.reduce(0) { $0 + targets[rows[$1]] }
    for feature in 0..<columns.count {
      let column = feature * columns.rows
      var (low, high) = (Float.infinity, -Float.infinity)
      for i in range {
        let value = columns.values[column + rows[i]]
        low = Swift.min(low, value)
        high = Swift.max(high, value)
      }
      guard high > low + 1e-7 else { continue }
      var threshold = Double(low) + random.uniform() * (Double(high) - Double(low))
      // At most the threshold goes left, so the largest value itself would part nothing.
      if threshold >= Double(high) { threshold = Double(low) }
      var (sum, count) = (0.0, 0)
      for i in range where Double(columns.values[column + rows[i]]) <= threshold {
        sum += targets[rows[i]]
        count += 1
      }
      let rest = range.count - count
      guard count >= limits.minimumLeaf && rest >= limits.minimumLeaf else { continue }
      let score = sum * sum / Double(count) + (total - sum) * (total - sum) / Double(rest)
      if score > bestScore { (best, bestScore) = ((feature, threshold), score) }
    }
    return best
  }
}
