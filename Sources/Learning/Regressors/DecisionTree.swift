import Arrays

/// One regression tree a target, each split the best of all.
package struct DecisionTree: Regressor {
  package let featureCount: Int
  private let trees: [RegressionTree]

  package init(
    fitting features: DoubleMatrix, _ targets: DoubleMatrix, limits: TreeLimits = TreeLimits()
  ) throws(RegressionError) {
    try checkTraining(features, targets)
    featureCount = features.columns
    let grower = ExactTreeGrower(FeatureColumns(features), limits: limits)
    trees = (0..<targets.columns).map { grower.grow(targets.column($0)) }
  }

  package var targetCount: Int { trees.count }
  package var leafCounts: [Int] { trees.map(\.leafCount) }
  package var depths: [Int] { trees.map(\.depth) }

  package func predict(_ features: DoubleMatrix) -> DoubleMatrix {
    precondition(features.columns == featureCount, "\(featureCount) features")
    let columns = FeatureColumns(features)
    return predictions(features.rows, targetCount) { t in
      (0..<features.rows).map { trees[t].predict(columns, row: $0) }
    }
  }
}
