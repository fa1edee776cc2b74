import Arrays

/// Boosted trees for squared error with regularised leaves (Chen & Guestrin 2016), splits searched exactly:
/// each tree fits what the ones before left over. No randomness.
package struct GradientBoosting: Regressor {
  package struct Settings: Sendable, Equatable {
    package var rounds: Int
    package var learningRate: Double
    package var maximumDepth: Int
    /// Added to the row count of every leaf.
    package var regularisation: Double
    /// What every prediction starts from.
    package var start: Double

    package init(
      rounds: Int = 200, learningRate: Double = 0.1, maximumDepth: Int = 6, regularisation: Double = 1,
      start: Double = 0
    ) {
      precondition(
        rounds > 0 && learningRate > 0 && maximumDepth > 0 && regularisation >= 0, "boosting has steps")
      self.rounds = rounds
      self.learningRate = learningRate
      self.maximumDepth = maximumDepth
      self.regularisation = regularisation
      self.start = start
    }
  }

  package let settings: Settings
  package let featureCount: Int
  private let trees: [[RegressionTree]]

  package init(
    fitting features: DoubleMatrix, _ targets: DoubleMatrix, settings: Settings = Settings()
  ) throws(RegressionError) {
    try checkTraining(features, targets)
    self.settings = settings
    featureCount = features.columns
    let columns = FeatureColumns(features)
    var grower = ExactTreeGrower(columns, limits: TreeLimits(maximumDepth: settings.maximumDepth))
    grower.regularisation = settings.regularisation
    // A gain of rounding errors is none.
    grower.minimumGain = 1e-6
    grower.shrinkage = settings.learningRate
    let fixed = grower
    trees = parallelMap(targets.columns) { t in
      // In single precision, as the method's own program: gains then tie where it has them tie.
      let wanted = targets.column(t).map(Float.init)
      var fitted = [Float](repeating: Float(settings.start), count: wanted.count)
      return (0..<settings.rounds).map { _ in
        let tree = fixed.grow(zip(wanted, fitted).map { Double($0 - $1) })
        for r in fitted.indices { fitted[r] += Float(tree.predict(columns, row: r)) }
        return tree
      }
    }
  }

  package var targetCount: Int { trees.count }

  package func predict(_ features: DoubleMatrix) -> DoubleMatrix {
    precondition(features.columns == featureCount, "\(featureCount) features")
    let columns = FeatureColumns(features)
    return predictions(features.rows, targetCount) { t in
      (0..<features.rows).map { r in
        trees[t].reduce(settings.start) { $0 + $1.predict(columns, row: r) }
      }
    }
  }
}
