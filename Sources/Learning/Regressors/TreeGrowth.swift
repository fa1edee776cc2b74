import Arrays

/// A fitted tree: a row goes left at a node if its feature is at most the threshold.
struct RegressionTree: Sendable {
  struct Node: Sendable {
    /// Negative at a leaf.
    var feature: Int32
    var threshold: Double
    var left: Int32
    var right: Int32
    var value: Double
  }

  var nodes: [Node] = []

  var leafCount: Int { nodes.count { $0.feature < 0 } }

  var depth: Int {
    var depths = [Int](repeating: 0, count: nodes.count)
    // Children come after their parents.
    for (i, node) in nodes.enumerated() where node.feature >= 0 {
      depths[Int(node.left)] = depths[i] + 1
      depths[Int(node.right)] = depths[i] + 1
    }
    return depths.max() ?? 0
  }

  func predict(_ columns: FeatureColumns, row: Int) -> Double {
    nodes.withUnsafeBufferPointer { nodes in
      var i = 0
      while nodes[i].feature >= 0 {
        let value = Double(columns.values[Int(nodes[i].feature) * columns.rows + row])
        i = Int(value <= nodes[i].threshold ? nodes[i].left : nodes[i].right)
      }
      return nodes[i].value
    }
  }
}

/// Features column by column in single precision, which is what trees split on.
struct FeatureColumns: Sendable {
  let rows: Int
  let count: Int
  let values: [Float]

  init(_ features: DoubleMatrix) {
    rows = features.rows
    count = features.columns
    values = features.transposed().values.map(Float.init)
  }

  /// For each feature its rows in ascending order.
  func sortedOrders() -> [Int32] {
    var orders: [Int32] = []
    orders.reserveCapacity(count * rows)
    for f in 0..<count {
      let column = values[f * rows..<(f + 1) * rows]
      let base = column.startIndex
      orders += (0..<Int32(rows)).sorted {
        let (a, b) = (column[base + Int($0)], column[base + Int($1)])
        return a < b || (a == b && $0 < $1)
      }
    }
    return orders
  }
}

/// What a tree may become.
package struct TreeLimits: Sendable, Equatable {
  package var maximumDepth: Int
  package var minimumLeaf: Int
  package var minimumSplit: Int

  package init(maximumDepth: Int = .max, minimumLeaf: Int = 1, minimumSplit: Int = 2) {
    precondition(minimumLeaf >= 1 && minimumSplit >= 2, "leaves hold rows")
    self.maximumDepth = maximumDepth
    self.minimumLeaf = minimumLeaf
    self.minimumSplit = minimumSplit
  }
}

/// Grows trees by the best split of all (CART, Breiman et al. 1984): the one that most raises
/// sum^2 / (n + regularisation) of the children over the parent, which for 0 is the largest fall of the squared
/// error and otherwise the gain of regularised boosting (Chen & Guestrin 2016).
///
/// Rows are sorted once a feature; each split parts these orders and keeps them sorted, so that a level of the
/// tree costs features x rows.
struct ExactTreeGrower {
  let columns: FeatureColumns
  let limits: TreeLimits
  var regularisation = 0.0
  var minimumGain: Float = 0
  /// Leaf values are multiplied by this.
  var shrinkage = 1.0
  private let initialOrders: [Int32]

  init(_ columns: FeatureColumns, limits: TreeLimits) {
    self.columns = columns
    self.limits = limits
    initialOrders = columns.sortedOrders()
  }

  func grow(_ targets: [Double]) -> RegressionTree {
    var tree = RegressionTree()
    var orders = initialOrders
    var scratch = [Int32](repeating: 0, count: columns.rows)
    var goesLeft = [Bool](repeating: false, count: columns.rows)
    // (node, its part of every order, depth)
    var open: [(node: Int, range: Range<Int>, depth: Int)] = []
    func addLeaf(_ range: Range<Int>, _ depth: Int) -> Int32 {
      var sum = 0.0
      for i in range { sum += targets[Int(orders[i])] }
      let value = sum / (Double(range.count) + regularisation) * shrinkage
      tree.nodes.append(.init(feature: -1, threshold: 0, left: 0, right: 0, value: value))
      open.append((tree.nodes.count - 1, range, depth))
      return Int32(tree.nodes.count - 1)
    }
    _ = addLeaf(0..<columns.rows, 0)
    while let (node, range, depth) = open.popLast() {
      guard depth < limits.maximumDepth, range.count >= limits.minimumSplit,
        range.count >= 2 * limits.minimumLeaf, let split = bestSplit(orders, range, targets)
      else { continue }
      let column = split.feature * columns.rows
      for i in range {
        let row = Int(orders[i])
        goesLeft[row] = Double(columns.values[column + row]) <= split.threshold
      }
      part(&orders, range, goesLeft, &scratch)
      let middle = range.lowerBound + split.leftCount
      tree.nodes[node].feature = Int32(split.feature)
      tree.nodes[node].threshold = split.threshold
      tree.nodes[node].left = addLeaf(range.lowerBound..<middle, depth + 1)
      tree.nodes[node].right = addLeaf(middle..<range.upperBound, depth + 1)
    }
    return tree
  }

  private struct Split {
    var feature: Int
    var threshold: Double
    var leftCount: Int
    var gain: Float
  }

  private func bestSplit(_ orders: [Int32], _ range: Range<Int>, _ targets: [Double]) -> Split? {
    var sum = 0.0
    var alike = true
    let first = targets[Int(orders[range.lowerBound])]
    for i in range {
      let y = targets[Int(orders[i])]
      sum += y
      alike = alike && y == first
    }
    // A node whose targets agree has nothing left to explain.
    if alike { return nil }
    let count = Double(range.count)
    let parent = sum * sum / (count + regularisation)
    var best: Split?
    let least = limits.minimumLeaf
    orders.withUnsafeBufferPointer { orders in
      targets.withUnsafeBufferPointer { targets in
        columns.values.withUnsafeBufferPointer { values in
          for feature in 0..<columns.count {
            let order = orders.baseAddress.unsafelyUnwrapped + feature * columns.rows
            let column = values.baseAddress.unsafelyUnwrapped + feature * columns.rows
            var left = 0.0
            var n = 0
            var here = column[Int(order[range.lowerBound])]
            for i in range.lowerBound..<range.upperBound - 1 {
              left += targets[Int(order[i])]
              n += 1
              let next = column[Int(order[i + 1])]
              let value = here
              here = next
              // Values that rounding cannot tell apart are one value.
              guard next > value + 1e-7 && n >= least && range.count - n >= least else { continue }
              let right = sum - left
              // Small nodes are often split equally well by several features. In single precision such
              // gains are equal, and the first feature wins; in double, rounding errors would decide.
              let gain = Float(
                left * left / (Double(n) + regularisation)
                  + right * right / (count - Double(n) + regularisation) - parent)
              if gain > (best?.gain ?? minimumGain) {
                best = Split(
                  feature: feature, threshold: Double(value) / 2 + Double(next) / 2, leftCount: n, gain: gain)
              }
            }
          }
        }
      }
    }
    return best
  }

  /// Moves the rows that go left to the front of every order, keeping both parts sorted.
  private func part(
    _ orders: inout [Int32], _ range: Range<Int>, _ goesLeft: [Bool], _ scratch: inout [Int32]
  ) {
    orders.withUnsafeMutableBufferPointer { orders in
      scratch.withUnsafeMutableBufferPointer { scratch in
        for feature in 0..<columns.count {
          let base = feature * columns.rows
          var (left, right) = (range.lowerBound, 0)
          for i in range {
            let row = orders[base + i]
            if goesLeft[Int(row)] {
              orders[base + left] = row
              left += 1
            } else {
              scratch[right] = row
              right += 1
            }
          }
          for i in 0..<right { orders[base + left + i] = scratch[i] }
        }
      }
    }
  }
}
