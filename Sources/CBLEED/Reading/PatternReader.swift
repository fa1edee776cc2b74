import Arrays
import Glibc  // pow
import Learning

/// Reads energy and structure from patterns: disc features, principal components, kernel ridge. Fitted in
/// seconds; what an autoencoder has to beat.
public struct PatternReader: Sendable {
  public struct Settings: Sendable, Equatable {
    public var components: Int
    /// 0 leaves the components' variances as they are, 1 makes them equal: weak components carry much of the
    /// structure, and the weakest carry noise.
    public var whitening: Double
    /// Of the kernel, for coordinates scaled to a total variance of one.
    public var gamma: Double
    public var ridge: Double
    public var alignment: DiscFeatures.Alignment

    public init(
      components: Int = 32, whitening: Double = 0.5, gamma: Double = 0.3, ridge: Double = 1e-8,
      alignment: DiscFeatures.Alignment = .known
    ) {
      self.components = components
      self.whitening = whitening
      self.gamma = gamma
      self.ridge = ridge
      self.alignment = alignment
    }
  }

  /// `beam_energy` and the surface's parameters that vary in the training set.
  public let targets: [String]
  private let features: DiscFeatures
  private let components: PrincipalComponents
  private let scale: [Double]
  private let scaling: TargetScaling
  private let ridge: KernelRidge

  /// - Parameter detector: the aligned camera.
  public init(
    fitting patterns: [CBLEEDPattern], detector: Detector, cell: PlaneCell, settings: Settings = .init()
  ) throws(CBLEEDError) {
    guard patterns.count > settings.components, let first = patterns.first else {
      throw .request("\(patterns.count) patterns are too few for \(settings.components) components")
    }
    let names = first.sample.parameters.keys.sorted().filter { name in
      patterns.contains { $0.sample.parameters[name] != first.sample.parameters[name] }
    }
    let features = DiscFeatures(detector: detector, cell: cell, alignment: settings.alignment)
    let rows = Self.rows(patterns.map(\.pixels), features)
    let values = patterns.flatMap { pattern in
      [pattern.sample.energy] + names.map { pattern.sample.parameters[$0] ?? .nan }
    }
    let table = DoubleMatrix(rows: patterns.count, columns: names.count + 1, values: values)
    do {
      let components = try PrincipalComponents(fitting: rows, count: settings.components)
      let kept = components.explainedVariance.map { pow(max($0, 1e-300), 1 - settings.whitening) }
      let total = kept.reduce(0, +)
      let scale = components.explainedVariance.map {
        (pow(max($0, 1e-300), -settings.whitening) / total).squareRoot()
      }
      let coordinates = Self.scaled(components.project(rows), scale)
      let scaling = TargetScaling(table)
      ridge = try KernelRidge(
        fitting: coordinates, scaling.scaled(table), kernel: .gaussian(gamma: settings.gamma),
        alpha: settings.ridge)
      self.components = components
      self.scale = scale
      self.scaling = scaling
    } catch {
      throw .request("the reader could not be fitted: \(error)")
    }
    self.features = features
    targets = ["beam_energy"] + names
  }

  /// A row for every pattern, a column for every target.
  public func read(_ patterns: [Matrix]) -> DoubleMatrix {
    let coordinates = Self.scaled(components.project(Self.rows(patterns, features)), scale)
    return scaling.restored(ridge.predict(coordinates))
  }

  private static func scaled(_ coordinates: DoubleMatrix, _ scale: [Double]) -> DoubleMatrix {
    DoubleMatrix(
      rows: coordinates.rows, columns: coordinates.columns,
      values: coordinates.values.indices.map { coordinates.values[$0] * scale[$0 % scale.count] })
  }

  private static func rows(_ patterns: [Matrix], _ features: DiscFeatures) -> DoubleMatrix {
    let rows = parallelMap(patterns.count) { features.features(of: patterns[$0]) }
    return DoubleMatrix(rows: patterns.count, columns: features.count, values: rows.flatMap { $0 })
  }
}
