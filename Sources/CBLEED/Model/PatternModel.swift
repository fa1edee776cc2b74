import Arrays
import JSON
import Glibc
import Learning
import Synchronization

/// What training leaves behind: everything that turns an aligned pattern into energy and structure.
package struct PatternModel: Sendable {
  /// `beam_energy` and the surface's parameters, in the columns' order of every table.
  package let targets: [Target]
  /// The surface whose patterns were simulated, as its file says it.
  package let surfaceText: String
  /// Whether the training patterns' waves were scattered many times.
  package let isDynamical: Bool
  package let aligner: FrameAligner
  package let smootherDegree: Int
  /// The parameter that changes its sign when the pattern is mirrored left to right.
  package let mirrorTarget: Int?

  /// Principal components of intensities, for the likelihood.
  let components: PrincipalComponents
  let likelihood: LikelihoodFit
  /// Mean variance of a raster value for noise of unit strength.
  let noisePerValue: Double

  /// Principal components of roots, and kernel ridge on them.
  let rootComponents: PrincipalComponents
  let rootScale: [Double]
  let rootRidge: KernelRidge
  let scaling: TargetScaling

  package let autoencoder: PatternAutoencoder
  let autoencoderModel: TrainedNetwork
  /// Of the training patterns, standardised; a row each, as `parameters`.
  package let latents: DoubleMatrix
  let latentMean: [Double]
  let latentDeviation: [Double]
  package let parameters: DoubleMatrix
  package let calibration: ReaderCalibration
  package let maps: [LatentMap]
  let neighbourSearch: NeighbourSearch
  let regressors = LatentRegressors()

  package struct Target: Sendable, Equatable {
    package var name: String
    package var unit: String
    /// What the training patterns cover.
    package var range: ClosedRange<Double>

    package init(name: String, unit: String, range: ClosedRange<Double>) {
      self.name = name
      self.unit = unit
      self.range = range
    }
  }

  init(
    targets: [Target], surfaceText: String, isDynamical: Bool, aligner: FrameAligner, smootherDegree: Int,
    mirrorTarget: Int?,
    components: PrincipalComponents, likelihood: LikelihoodFit, noisePerValue: Double,
    rootComponents: PrincipalComponents, rootScale: [Double], rootRidge: KernelRidge, scaling: TargetScaling,
    autoencoder: PatternAutoencoder, autoencoderModel: TrainedNetwork, latents: DoubleMatrix,
    latentMean: [Double],
    latentDeviation: [Double], parameters: DoubleMatrix, calibration: ReaderCalibration, maps: [LatentMap]
  ) {
    self.targets = targets
    self.surfaceText = surfaceText
    self.isDynamical = isDynamical
    self.aligner = aligner
    self.smootherDegree = smootherDegree
    self.mirrorTarget = mirrorTarget
    self.components = components
    self.likelihood = likelihood
    self.noisePerValue = noisePerValue
    self.rootComponents = rootComponents
    self.rootScale = rootScale
    self.rootRidge = rootRidge
    self.scaling = scaling
    self.autoencoder = autoencoder
    self.autoencoderModel = autoencoderModel
    self.latents = latents
    self.latentMean = latentMean
    self.latentDeviation = latentDeviation
    self.parameters = parameters
    self.calibration = calibration
    self.maps = maps
    neighbourSearch = NeighbourSearch(latents)
  }

  /// How its network was trained, for the manifest; empty where that is not known.
  var training: [String: JSONValue] = [:]

  package var raster: DiscRaster { aligner.smoother.raster }

  /// As the surface's file calls it.
  package var surfaceName: String { (try? SurfaceModel(parsing: surfaceText))?.name ?? "the surface" }
}

/// Regressors on the latent values, each fitted when it is first asked for: they follow from the model's
/// tables, and a file of them would be larger than the tables.
final class LatentRegressors: Sendable {
  private let fitted = Mutex<[RegressorKind: any Regressor]>([:])

  func regressor(
    _ kind: RegressorKind, _ latents: DoubleMatrix, _ targets: DoubleMatrix
  ) throws(RegressionError) -> any Regressor {
    if let known = fitted.withLock({ $0[kind] }) { return known }
    let new = try kind.fit(latents, targets)
    fitted.withLock { $0[kind] = new }
    return new
  }
}

/// How far answers and patterns of the calibration set lay off: patterns that took no part in the fits, with
/// noise, background and misalignment.
package struct ReaderCalibration: Sendable, Equatable {
  /// By regressor: for every target the factor on its estimated deviation within which 95 % of the
  /// calibration set's answers lie (conformal prediction, Vovk, Gammerman & Shafer 2005; normalised).
  package var factors: [String: [Double]] = [:]
  /// The same for patterns with next to no noise, where the model's own errors rule.
  package var quietFactors: [String: [Double]] = [:]
  /// Noise below which a pattern is such a one: some ten thousand electrons on the brightest pixel.
  package static let quiet = 0.003
  /// By regressor: mean absolute errors, clean and noisy, for those who read the manifest.
  package var errors: [String: [Double]] = [:]
  /// Median latent distance: the unit of the reported one.
  package var latentUnit = 1.0
  /// Latent distances, in that unit, that 99.5 % stay below.
  package var latentLimit = 3.0
  /// Likewise of the excess residual.
  package var residualLimit = 1.0
  package var misfitLimit = 5.0
}

extension ReaderCalibration {
  func factors(_ kind: RegressorKind, noise: Double) -> [Double]? {
    (noise < Self.quiet ? quietFactors[kind.rawValue] : nil) ?? factors[kind.rawValue]
  }
}

/// Coordinates of some training patterns on a sheet, for the latent map.
package struct LatentMap: Sendable {
  package var name: String
  /// A row for each of the first training patterns; two or three columns.
  package var coordinates: DoubleMatrix
}
