import Analysis
import Arrays
import Glibc
import Learning
import System

/// Trains a `PatternModel` on simulated patterns.
package struct ModelTraining: Sendable {
  package struct Options: Sendable, Equatable {
    package var latents = 8
    package var epochs = 30
    package var batch = 64
    package var learningRate: Float = 2e-3
    package var seed: UInt64 = 1
    package var threads = 1
    package var priority = Trainer.Options.Priority.normal
    package var noise = TrainingNoise()
    /// How much the parameters count beside the image while the autoencoder is trained.
    package var supervision: Float = 0.1
    /// Components of intensities.
    package var components = 96
    /// Components of roots, for kernel ridge.
    package var rootComponents = 48
    /// Patterns that the emulator goes through, and its coarse companion: they decide the time of a frame.
    package var emulated = 6144
    package var coarse = 1536
    /// Patterns that kernel ridge on roots goes through.
    package var ridgeRows = 4096
    /// Patterns that only calibrate, up to a tenth of all.
    package var calibration = 500
    /// Training patterns that the latent map shows.
    package var mapPoints = 700

    package init() {}
  }

  package enum Stage: Sendable, Equatable {
    case step(String)
    /// `fresh` is the loss of the averaged weights on noise that was never trained on.
    case epoch(Int, of: Int, loss: Double, fresh: Double, seconds: Double)
  }

  package let patterns: SurfacePatterns
  package let options: Options
  let aligner: FrameAligner
  /// Clean patterns on the raster, a row each.
  let clean: DoubleMatrix

  package init(_ patterns: SurfacePatterns, _ options: Options = Options()) throws(CBLEEDError) {
    guard patterns.count >= 60 else { throw .request("\(patterns.count) patterns are too few to train on") }
    let patterns = patterns.shuffled(seed: options.seed)
    let smoother = DiscSmoother(DiscRaster(detector: patterns.detector, cell: patterns.surface.cell))
    let aligner = FrameAligner(smoother)
    let geometry = FrameGeometry(patterns.detector)
    let images = patterns.images
    let read = parallelMap(images.count) { aligner.read(images[$0], geometry)?.values ?? [] }
    guard read.allSatisfy({ $0.count == smoother.raster.count }), smoother.raster.count > 0 else {
      throw .request("training patterns must show whole discs of at least a few pixels")
    }
    self.patterns = patterns
    self.options = options
    self.aligner = aligner
    clean = DoubleMatrix(rows: images.count, columns: smoother.raster.count, values: read.flatMap { $0 })
  }

  /// The whole model.
  /// - Parameters:
  ///   - network: an autoencoder that was trained before, instead of a new one.
  ///   - place: where the autoencoder's training goes on from, and what it needs for that is kept.
  package func run(
    network: TrainedNetwork? = nil, keeping place: CheckpointFile? = nil, report: (Stage) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(CBLEEDError) -> PatternModel {
    do {
      return try train(network, place, report, isCancelled)
    } catch let error as CBLEEDError {
      throw error
    } catch {
      throw .notConverged("training: \(error)")
    }
  }

  private func train(
    _ known: TrainedNetwork?, _ place: CheckpointFile?, _ report: (Stage) -> Void,
    _ isCancelled: @escaping @Sendable () -> Bool
  ) throws -> PatternModel {
    let held = min(options.calibration, patterns.count / 10)
    let fitted = Array(held..<patterns.count)
    report(.step("principal components"))
    let components = try components(of: clean, rows: nil)
    let coordinates = components.project(clean)
    report(.step("emulator"))
    let domain = domain
    // The model that calibrates has not seen the patterns it is asked about; the one that ships has seen all.
    let draft = try emulators(coordinates, rows: fitted)
    let shipped = try emulators(coordinates, rows: Array(0..<patterns.count))
    let likelihood = LikelihoodFit(
      emulator: shipped.fine, coarse: shipped.coarse,
      modelCovariance: modelCovariance(draft.fine, coordinates, held: held),
      noiseCovariance: noiseCovariance(components))
    report(.step("kernel ridge"))
    let noisy = noisyValues()
    let roots = try rootReader(noisy)
    report(.step("autoencoder"))
    let (network, facts) =
      try known.map { ($0, [:]) } ?? trainAutoencoder(keeping: place, report, isCancelled: isCancelled)
    if isCancelled() { throw CBLEEDError.cancelled }
    report(.step("latent values"))
    let autoencoder = try PatternAutoencoder(
      network, raster: aligner.smoother.raster, ceiling: ceiling)
    let raw = try encode(noisy, network, autoencoder)
    let (latents, mean, deviation) = Self.standardised(raw)
    report(.step("latent maps"))
    let maps = try latentMaps(latents)
    let targets = patterns.targetNames.enumerated().map { index, name in
      PatternModel.Target(name: name, unit: unit(name), range: domain[index])
    }
    func model(
      _ rows: [Int]?, _ emulators: (fine: ForwardEmulator, coarse: ForwardEmulator),
      _ calibration: ReaderCalibration
    ) -> PatternModel {
      PatternModel(
        targets: targets, surfaceText: surfaceText, isDynamical: patterns.isDynamical, aligner: aligner,
        smootherDegree: 6, mirrorTarget: mirrorTarget, components: components,
        likelihood: LikelihoodFit(
          emulator: emulators.fine, coarse: emulators.coarse, modelCovariance: likelihood.modelCovariance,
          noiseCovariance: likelihood.noiseCovariance),
        noisePerValue: noisePerValue(), rootComponents: roots.components, rootScale: roots.scale,
        rootRidge: roots.ridge, scaling: TargetScaling(patterns.parameters), autoencoder: autoencoder,
        autoencoderModel: network, latents: rows.map { latents.selectingRows($0) } ?? latents,
        latentMean: mean, latentDeviation: deviation,
        parameters: rows.map { patterns.parameters.selectingRows($0) } ?? patterns.parameters,
        calibration: calibration, maps: maps)
    }
    report(.step("calibration"))
    let asked = model(fitted, draft, ReaderCalibration())
    let calibration = try calibrate(asked, held: held)
    var trained = model(nil, shipped, calibration)
    trained.training = facts
    return trained
  }

  /// What the emulator covers: the patterns' own extent.
  var domain: [ClosedRange<Double>] {
    (0..<patterns.parameters.columns).map { column in
      let values = patterns.parameters.column(column)
      return (values.min() ?? 0)...(values.max() ?? 0)
    }
  }

  private func unit(_ name: String) -> String {
    name == "beam_energy" ? "eV" : patterns.surface.parameter(name)?.unit ?? "1"
  }

  private var surfaceText: String { patterns.surface.source }

  func components(of values: DoubleMatrix, rows: [Int]?) throws -> PrincipalComponents {
    let data = rows.map { values.selectingRows($0) } ?? values
    let count = min(options.components, min(data.rows, data.columns) / 2)
    return try PrincipalComponents(fitting: data, count: count).inSinglePrecision()
  }

  func emulator(_ coordinates: DoubleMatrix, rows: [Int]) throws -> ForwardEmulator {
    try ForwardEmulator(
      fitting: patterns.parameters.selectingRows(rows), coordinates.selectingRows(rows), domain: domain,
      sharpness: sharpness)
  }

  private func emulators(
    _ coordinates: DoubleMatrix, rows: [Int]
  ) throws -> (fine: ForwardEmulator, coarse: ForwardEmulator) {
    (
      try emulator(coordinates, rows: Array(rows.prefix(options.emulated))),
      try emulator(coordinates, rows: Array(rows.prefix(options.coarse)))
    )
  }

  /// Patterns change some ten times over the range of energies and a few times over the range of a length.
  private var sharpness: [Double] {
    zip(patterns.targetNames, domain).map { name, range in
      // Found by trial on dynamical patterns of 30 to 100 eV and lengths over 0.4 to 0.8 A.
      let width = range.upperBound - range.lowerBound
      return name == "beam_energy" ? 4.5 * width / 73 : 1.3 * width
    }
  }

  /// From patterns that took no part in the fit, leaving out those near the ends of the domain.
  private func modelCovariance(
    _ emulator: ForwardEmulator, _ coordinates: DoubleMatrix, held: Int
  ) -> DoubleMatrix {
    let count = coordinates.columns
    var covariance = DoubleMatrix(rows: count, columns: count)
    var used = 0.0
    for row in 0..<held {
      let scaled = emulator.scaled(Array(patterns.parameters.row(row)))
      guard scaled.allSatisfy({ abs($0) < 0.95 }) else { continue }
      let difference = zip(coordinates.row(row), emulator.coordinates(scaled)).map { $0 - $1 }
      for i in 0..<count { for j in 0..<count { covariance[i, j] += difference[i] * difference[j] } }
      used += 1
    }
    guard used > 0 else { return DoubleMatrix.identity(count) }
    for i in covariance.values.indices { covariance.values[i] /= used }
    // Fewer patterns than directions would leave some without any error: shrunk towards the diagonal.
    let kept = used / (used + Double(count))
    for i in 0..<count { for j in 0..<count where i != j { covariance[i, j] *= kept } }
    return covariance.inFilePrecision
  }

  /// Counting noise of unit strength on the mean pattern, through smoothing, into the components.
  private func noiseCovariance(_ components: PrincipalComponents) -> DoubleMatrix {
    let count = components.components.rows
    var covariance = DoubleMatrix(rows: count, columns: count)
    let mean = meanImage
    var start = 0
    for disc in aligner.smoother.operators() {
      let places = disc.matrix.rows
      var part = DoubleMatrix(rows: count, columns: places)
      for i in 0..<count { for j in 0..<places { part[i, j] = components.components[i, start + j] } }
      var spread = part * disc.matrix
      for i in 0..<count {
        for (j, pixel) in disc.pixels.enumerated() { spread[i, j] *= mean[pixel].squareRoot() }
      }
      let sum = spread.gram()
      for i in covariance.values.indices { covariance.values[i] += sum.values[i] }
      start += places
    }
    return covariance.inFilePrecision
  }

  private func noisePerValue() -> Double {
    let mean = meanImage
    var (sum, count) = (0.0, 0)
    for disc in aligner.smoother.operators() {
      for i in 0..<disc.matrix.rows {
        for (j, pixel) in disc.pixels.enumerated() {
          sum += disc.matrix[i, j] * disc.matrix[i, j] * mean[pixel]
        }
      }
      count += disc.matrix.rows
    }
    return sum / Double(max(1, count))
  }

  /// Mean pixels of the training images, in units of their mean over the raster.
  private var meanImage: [Double] {
    var mean = [Double](repeating: 0, count: patterns.detector.size * patterns.detector.size)
    let raster = aligner.smoother.raster
    for image in patterns.images.prefix(400) {
      let level =
        raster.pixels.reduce(0.0) { $0 + Double(image.values[$1]) } / Double(raster.count)
      guard level > 0 else { continue }
      for i in mean.indices { mean[i] += Double(image.values[i]) / level }
    }
    return mean.map { $0 / Double(min(400, patterns.count)) }
  }

  /// Every pattern once as a camera might show it.
  private func noisyValues() -> DoubleMatrix {
    let random = RandomNumbers(seed: options.seed).stream(11)
    let (patterns, aligner, noise, clean) = (patterns, aligner, options.noise, clean)
    let rows = parallelMap(patterns.count) { row -> [Double] in
      var numbers = random.stream(row)
      return noise.aligned(patterns.images[row], patterns.detector, aligner, &numbers)?.values
        ?? Array(clean.row(row))
    }
    return DoubleMatrix(rows: clean.rows, columns: clean.columns, values: rows.flatMap { $0 })
  }

  private func rootReader(_ values: DoubleMatrix) throws -> RootReader {
    let rows = 0..<min(options.ridgeRows, patterns.count)
    return try RootReader(
      fitting: values.selectingRows(rows), patterns.parameters.selectingRows(rows),
      scaling: TargetScaling(patterns.parameters), count: options.rootComponents, gamma: 0.3, ridge: 3e-3)
  }

  /// The parameter whose reversal mirrors patterns left to right, seen on kinematic patterns.
  private var mirrorTarget: Int? {
    guard aligner.smoother.raster.mirrored != nil, let shifts = try? patterns.surface.phaseShifts() else {
      return nil
    }
    let model = KinematicModel(surface: patterns.surface, phaseShifts: shifts)
    for (index, name) in patterns.targetNames.enumerated().dropFirst() {
      guard let parameter = patterns.surface.parameter(name), parameter.standard == 0,
        let plus = try? patterns.surface.structure([name: 0.3]),
        let minus = try? patterns.surface.structure([name: -0.3])
      else { continue }
      let (a, b) = (
        model.pattern(energy: 60, structure: plus, detector: patterns.detector),
        model.pattern(energy: 60, structure: minus, detector: patterns.detector)
      )
      let size = patterns.detector.size
      let peak = a.values.max() ?? 0
      let isMirrored = (0..<size * size).allSatisfy { pixel in
        abs(a.values[pixel] - b.values[pixel / size * size + size - 1 - pixel % size]) <= 1e-3 * peak
      }
      if isMirrored, a != b { return index }
    }
    return nil
  }

  static func standardised(_ raw: DoubleMatrix) -> (DoubleMatrix, [Double], [Double]) {
    let scaling = TargetScaling(raw)
    func stored(_ values: [Double]) -> [Double] {
      DoubleMatrix(rows: 1, columns: values.count, values: values).inFilePrecision.values
    }
    return (
      DoubleMatrix(Matrix(scaling.scaled(raw))), stored(scaling.mean), stored(scaling.deviation)
    )
  }

  private func latentMaps(_ latents: DoubleMatrix) throws -> [LatentMap] {
    let few = latents.selectingRows(0..<min(options.mapPoints, latents.rows))
    var maps: [LatentMap] = []
    if let pca = try? PrincipalComponents(fitting: few, count: min(3, few.columns)) {
      maps.append(LatentMap(name: "PCA", coordinates: pca.project(few).inFilePrecision))
    }
    let dimensions = min(2, few.columns)
    let methods: [(String, LocallyLinearEmbedding.Method)] = [
      ("LLE", .standard(regularisation: 1e-3)), ("HLLE", .hessian),
    ]
    for (name, method) in methods {
      if let sheet = try? LocallyLinearEmbedding(
        few, dimensions: dimensions, neighbours: min(16, few.rows / 4), method: method)
      {
        maps.append(LatentMap(name: name, coordinates: sheet.coordinates.inFilePrecision))
      }
    }
    return maps
  }
}

/// Principal components of roots of intensities, scaled, and kernel ridge on them.
struct RootReader: Sendable {
  let components: PrincipalComponents
  let scale: [Double]
  let ridge: KernelRidge
  let scaling: TargetScaling

  init(
    fitting values: DoubleMatrix, _ parameters: DoubleMatrix, scaling known: TargetScaling? = nil, count: Int,
    gamma: Double, ridge alpha: Double, whitening: Double = 0.5
  ) throws {
    let roots = Self.roots(values)
    components = try PrincipalComponents(
      fitting: roots, count: min(count, min(roots.rows, roots.columns) / 2)
    ).inSinglePrecision()
    let variances = components.explainedVariance.map { max($0, 1e-300) }
    let total = variances.reduce(0) { $0 + pow($1, 1 - whitening) }
    scale = variances.map { Double(Float((pow($0, -whitening) / total).squareRoot())) }
    scaling = known ?? TargetScaling(parameters)
    let coordinates = DoubleMatrix(Matrix(Self.scaled(components.project(roots), scale)))
    let fit = try KernelRidge(
      fitting: coordinates, scaling.scaled(parameters), kernel: .gaussian(gamma: gamma), alpha: alpha)
    ridge = KernelRidge(kernel: fit.kernel, training: fit.training, weights: fit.weights.inFilePrecision)
  }

  func predict(_ values: DoubleMatrix) -> DoubleMatrix {
    scaling.restored(ridge.predict(Self.scaled(components.project(Self.roots(values)), scale)))
  }

  private static func roots(_ values: DoubleMatrix) -> DoubleMatrix {
    DoubleMatrix(
      rows: values.rows, columns: values.columns,
      values: (0..<values.rows).flatMap { DiscFeatures.roots(Array(values.row($0))) })
  }

  private static func scaled(_ coordinates: DoubleMatrix, _ scale: [Double]) -> DoubleMatrix {
    var scaled = coordinates
    for i in scaled.values.indices { scaled.values[i] *= scale[i % scale.count] }
    return scaled
  }
}

extension PrincipalComponents {
  /// As they come back from a file.
  func inSinglePrecision() -> PrincipalComponents {
    PrincipalComponents(
      mean: mean.map { Double(Float($0)) }, components: DoubleMatrix(Matrix(components)),
      explainedVariance: explainedVariance.map { Double(Float($0)) },
      explainedRatio: explainedRatio.map { Double(Float($0)) })
  }
}
