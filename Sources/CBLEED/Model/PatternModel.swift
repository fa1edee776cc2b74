import Arrays
import JSON
import Glibc
import Learning
import Synchronization

/// What training leaves behind: everything that turns an aligned pattern into energy and structure.
public struct PatternModel: Sendable {
  /// `beam_energy` and the surface's parameters, in the columns' order of every table.
  public let targets: [Target]
  /// The surface whose patterns were simulated, as its file says it.
  public let surfaceText: String
  /// Whether the training patterns' waves were scattered many times.
  public let isDynamical: Bool
  public let aligner: FrameAligner
  public let smootherDegree: Int
  /// The parameter that changes its sign when the pattern is mirrored left to right.
  public let mirrorTarget: Int?

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

  public let autoencoder: PatternAutoencoder
  let autoencoderModel: TrainedNetwork
  /// Of the training patterns, standardised; a row each, as `parameters`.
  public let latents: DoubleMatrix
  let latentMean: [Double]
  let latentDeviation: [Double]
  public let parameters: DoubleMatrix
  public let calibration: ReaderCalibration
  public let maps: [LatentMap]
  let neighbourSearch: NeighbourSearch
  let regressors = LatentRegressors()

  public struct Target: Sendable, Equatable {
    public var name: String
    public var unit: String
    /// What the training patterns cover.
    public var range: ClosedRange<Double>

    public init(name: String, unit: String, range: ClosedRange<Double>) {
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

  public var raster: DiscRaster { aligner.smoother.raster }

  /// As the surface's file calls it.
  public var surfaceName: String { (try? SurfaceModel(parsing: surfaceText))?.name ?? "the surface" }
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
public struct ReaderCalibration: Sendable, Equatable {
  /// By regressor: for every target the factor on its estimated deviation within which 95 % of the
  /// calibration set's answers lie (conformal prediction, Vovk, Gammerman & Shafer 2005; normalised).
  public var factors: [String: [Double]] = [:]
  /// The same for patterns with next to no noise, where the model's own errors rule.
  public var quietFactors: [String: [Double]] = [:]
  /// Noise below which a pattern is such a one: some ten thousand electrons on the brightest pixel.
  public static let quiet = 0.003
  /// By regressor: mean absolute errors, clean and noisy, for those who read the manifest.
  public var errors: [String: [Double]] = [:]
  /// Median latent distance: the unit of the reported one.
  public var latentUnit = 1.0
  /// Latent distances, in that unit, that 99.5 % stay below.
  public var latentLimit = 3.0
  /// Likewise of the excess residual.
  public var residualLimit = 1.0
  public var misfitLimit = 5.0
}

extension ReaderCalibration {
  func factors(_ kind: RegressorKind, noise: Double) -> [Double]? {
    (noise < Self.quiet ? quietFactors[kind.rawValue] : nil) ?? factors[kind.rawValue]
  }
}

/// Coordinates of some training patterns on a sheet, for the latent map.
public struct LatentMap: Sendable {
  public var name: String
  /// A row for each of the first training patterns; two or three columns.
  public var coordinates: DoubleMatrix
}
