import System
import Arrays
import Learning

/// Ways from a pattern to energy and structure.
package enum RegressorKind: String, Sendable, CaseIterable {
  /// The most probable parameters under the emulated simulator.
  case likelihood
  /// Principal components of disc features and kernel ridge, without a network.
  case pcaKernelRidge = "pca_kernel_ridge"
  /// On the autoencoder's latent values, as the next ones.
  case kernelRidge = "kernel_ridge"
  case nearest = "knn"
  case supportVectors = "svr"
  case nuSupportVectors = "nu_svr"
  case tree
  case extraTrees = "extra_trees"
  case boosting

  /// Whether it needs the autoencoder.
  package var usesLatents: Bool { self != .likelihood && self != .pcaKernelRidge }

  package static var latentKinds: [RegressorKind] { allCases.filter(\.usesLatents) }

  /// Support vectors take a time that grows with the square of the rows.
  static let supportVectorRows = 1500

  /// Fitted on standardised latent values and scaled targets.
  func fit(_ latents: DoubleMatrix, _ targets: DoubleMatrix) throws(RegressionError) -> any Regressor {
    let few = 0..<min(latents.rows, Self.supportVectorRows)
    switch self {
    case .likelihood, .pcaKernelRidge: throw .refused("\(rawValue) does not use latent values")
    case .kernelRidge:
      return try KernelRidge(fitting: latents, targets, kernel: .gaussian(gamma: 0.1), alpha: 1e-3)
    case .nearest: return try NearestNeighbours(fitting: latents, targets, neighbours: 5)
    case .supportVectors:
      return try SupportVectors(
        fitting: latents.selectingRows(few), targets.selectingRows(few), loss: .tube(0.02), penalty: 30,
        gamma: 0.1)
    case .nuSupportVectors:
      return try SupportVectors(
        fitting: latents.selectingRows(few), targets.selectingRows(few), loss: .fraction(0.5), penalty: 30,
        gamma: 0.1)
    case .tree: return try DecisionTree(fitting: latents, targets, limits: TreeLimits(minimumLeaf: 3))
    case .extraTrees:
      return try ExtraTrees(fitting: latents, targets, trees: 60, random: RandomNumbers(seed: 1))
    case .boosting: return try GradientBoosting(fitting: latents, targets)
    }
  }
}
