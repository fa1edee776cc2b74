import JSON
import Arrays
import Learning

/// A model in a folder: `reader.ewaldnet` holds tables, `autoencoder.ewaldnet` the network, the manifest what
/// they were made of and how well they did.
extension PatternModel {
  static let readerFile = "reader.ewaldnet"
  package static let networkFile = "autoencoder.ewaldnet"

  /// - Parameter metrics: figures for people, by name.
  @discardableResult
  package func write(
    to path: String, id: String, summary: String, origin: ModelOrigin, metrics: [String: [String: Double]]
  ) throws(NetworkError) -> ModelFolder {
    var content: [String: JSONValue] = [
      "kind": .text("cbleed-reader-1"), "surface": .text(surfaceText), "dynamical": .bool(isDynamical),
      "targets": .list(
        targets.map {
          .object([
            "name": .text($0.name), "unit": .text($0.unit), "low": .number($0.range.lowerBound),
            "high": .number($0.range.upperBound),
          ])
        }),
      "detector": .object([
        "size": .integer(raster.detector.size), "pixel": .number(raster.detector.pixel),
        "disc": .number(raster.detector.discRadius), "centre": .number(raster.detector.centre),
        "inner": .number(raster.inner), "degree": .integer(smootherDegree),
      ]),
      "mirror_target": mirrorTarget.map(JSONValue.integer) ?? .null,
      "noise_per_value": .number(noisePerValue),
      "ceiling": .number(autoencoder.ceiling), "latents": .integer(autoencoder.latents),
      "calibration": calibration.json, "maps": .list(maps.map { .text($0.name) }),
    ]
    content["gamma"] = .number(Self.gamma(of: rootRidge))
    var arrays: [String: Tensor] = [:]
    arrays.store("components", components.components)
    arrays.store("components_mean", components.mean)
    arrays.store("emulator_sharpness", exactly: likelihood.emulator.sharpness)
    arrays.store("emulator_centres", likelihood.emulator.centres)
    arrays.store("emulator_weights", exactly: likelihood.emulator.weights)
    // Its centres are the first of the emulator's.
    arrays.store("coarse_weights", exactly: likelihood.coarse.weights)
    arrays.store("model_covariance", exactly: likelihood.modelCovariance)
    arrays.store("noise_covariance", exactly: likelihood.noiseCovariance)
    arrays.store("root_components", rootComponents.components)
    arrays.store("root_mean", rootComponents.mean)
    arrays.store("root_scale", rootScale)
    arrays.store("root_training", rootRidge.training)
    arrays.store("root_weights", exactly: rootRidge.weights)
    arrays.store("latents", latents)
    arrays.store("latent_mean", exactly: latentMean)
    arrays.store("latent_deviation", exactly: latentDeviation)
    arrays.store("parameters", exactly: parameters)
    for map in maps { arrays.store("map_" + map.name, exactly: map.coordinates) }
    var manifest: [String: JSONValue] = [
      "summary": .text(summary),
      "domain": .object(
        Dictionary(
          uniqueKeysWithValues: targets.map {
            ($0.name, JSONValue.list([.number($0.range.lowerBound), .number($0.range.upperBound)]))
          })),
      "metrics": .object(metrics.mapValues { .object($0.mapValues(JSONValue.number)) }),
    ]
    if !training.isEmpty { manifest["training"] = .object(training) }
    return try ModelFolder.write(
      id: id, engine: "cbleed", origin: origin, manifest: manifest,
      files: [
        Self.readerFile: ArrayFile(content: content, arrays: arrays).bytes(),
        Self.networkFile: try autoencoderModel.bytes(),
      ], to: path)
  }

  package init(_ folder: ModelFolder) throws(NetworkError) {
    let place = "\(folder.path)/\(Self.readerFile)"
    let file = try ArrayFile(try folder.bytes(of: Self.readerFile), path: place)
    func damaged(_ what: String) -> NetworkError {
      .file(path: place, reason: "\(what) is missing or damaged")
    }
    guard file.content["kind"]?.string == "cbleed-reader-1" else {
      throw .file(path: place, reason: "is not a reader of CBLEED patterns of a version that is known")
    }
    let stored = StoredArrays(arrays: file.arrays, path: place)
    guard let text = file.content["surface"]?.string, let surface = try? SurfaceModel(parsing: text) else {
      throw damaged("the surface")
    }
    guard let list = file.content["targets"]?.items, let detectorValues = file.content["detector"],
      let size = detectorValues["size"]?.int, let pixel = detectorValues["pixel"]?.double,
      let disc = detectorValues["disc"]?.double, let centre = detectorValues["centre"]?.double,
      let inner = detectorValues["inner"]?.double, let degree = detectorValues["degree"]?.int,
      (8...1024).contains(size), pixel > 0, disc > pixel, (1...12).contains(degree)
    else { throw damaged("the detector") }
    var targets: [Target] = []
    for item in list {
      guard let name = item["name"]?.string, let unit = item["unit"]?.string, let low = item["low"]?.double,
        let high = item["high"]?.double, low <= high
      else { throw damaged("a target") }
      targets.append(Target(name: name, unit: unit, range: low...high))
    }
    guard let gamma = file.content["gamma"]?.double, let noise = file.content["noise_per_value"]?.double,
      let ceiling = file.content["ceiling"]?.double, let latentCount = file.content["latents"]?.int,
      let calibration = ReaderCalibration(file.content["calibration"])
    else { throw damaged("the calibration") }
    let raster = DiscRaster(
      detector: Detector(size: size, pixel: pixel, discRadius: disc, centre: centre, rim: .averaged),
      cell: surface.cell, inner: inner)
    let features = raster.count
    let t = targets.count
    let components = try stored.matrix("components", columns: features)
    let k = components.rows
    let centres = try stored.matrix("emulator_centres", columns: t)
    let coarseWeights = try stored.exactMatrix("coarse_weights", columns: k)
    guard coarseWeights.rows <= centres.rows else { throw damaged("the coarse emulator") }
    let sharpness = try stored.exactVector("emulator_sharpness", count: t)
    let rootComponents = try stored.matrix("root_components", columns: features)
    let rootTraining = try stored.matrix("root_training", columns: rootComponents.rows)
    let latents = try stored.matrix("latents", columns: latentCount)
    let parameters = try stored.exactMatrix("parameters", rows: latents.rows, columns: t)
    let network = try folder.model(Self.networkFile)
    var maps: [LatentMap] = []
    for name in (file.content["maps"]?.items ?? []).compactMap(\.string) {
      let coordinates = try stored.exactMatrix("map_" + name)
      guard coordinates.rows <= latents.rows, coordinates.columns > 0 else { throw damaged("a latent map") }
      maps.append(LatentMap(name: name, coordinates: coordinates))
    }
    let mirror = file.content["mirror_target"]?.int
    guard mirror.map({ (0..<t).contains($0) }) ?? true else { throw damaged("the mirror") }
    let smoother = DiscSmoother(raster, degree: degree)
    self.init(
      targets: targets, surfaceText: text, isDynamical: file.content["dynamical"] == .bool(true),
      aligner: FrameAligner(smoother), smootherDegree: degree,
      mirrorTarget: mirror,
      components: PrincipalComponents(
        mean: try stored.vector("components_mean", count: features), components: components,
        explainedVariance: [], explainedRatio: []),
      likelihood: LikelihoodFit(
        emulator: ForwardEmulator(
          domain: targets.map(\.range), sharpness: sharpness, centres: centres,
          weights: try stored.exactMatrix("emulator_weights", rows: centres.rows, columns: k)),
        coarse: ForwardEmulator(
          domain: targets.map(\.range), sharpness: sharpness,
          centres: centres.selectingRows(0..<coarseWeights.rows), weights: coarseWeights),
        modelCovariance: try stored.exactMatrix("model_covariance", rows: k, columns: k),
        noiseCovariance: try stored.exactMatrix("noise_covariance", rows: k, columns: k)),
      noisePerValue: noise,
      rootComponents: PrincipalComponents(
        mean: try stored.vector("root_mean", count: features), components: rootComponents,
        explainedVariance: [], explainedRatio: []),
      rootScale: try stored.vector("root_scale", count: rootComponents.rows),
      rootRidge: KernelRidge(
        kernel: .gaussian(gamma: gamma), training: rootTraining,
        weights: try stored.exactMatrix("root_weights", rows: rootTraining.rows, columns: t)),
      scaling: TargetScaling(parameters),
      autoencoder: try PatternAutoencoder(network, raster: raster, ceiling: ceiling),
      autoencoderModel: network, latents: latents,
      latentMean: try stored.exactVector("latent_mean", count: latentCount),
      latentDeviation: try stored.exactVector("latent_deviation", count: latentCount),
      parameters: parameters, calibration: calibration, maps: maps)
  }

  private static func gamma(of ridge: KernelRidge) -> Double {
    if case .gaussian(let gamma) = ridge.kernel { gamma } else { 1 }
  }
}

extension ReaderCalibration {
  var json: JSONValue {
    func lists(_ values: [String: [Double]]) -> JSONValue {
      .object(values.mapValues { .list($0.map(JSONValue.number)) })
    }
    return .object([
      "factors": lists(factors), "quiet_factors": lists(quietFactors), "errors": lists(errors),
      "latent_unit": .number(latentUnit),
      "latent_limit": .number(latentLimit), "residual_limit": .number(residualLimit),
      "misfit_limit": .number(misfitLimit),
    ])
  }

  init?(_ json: JSONValue?) {
    guard let json, let unit = json["latent_unit"]?.double, let limit = json["latent_limit"]?.double,
      let residual = json["residual_limit"]?.double, let misfit = json["misfit_limit"]?.double, unit > 0,
      case .object(let factors)? = json["factors"], case .object(let errors)? = json["errors"]
    else { return nil }
    self.factors = factors.mapValues { ($0.items ?? []).compactMap(\.double) }
    if case .object(let quiet)? = json["quiet_factors"] {
      quietFactors = quiet.mapValues { ($0.items ?? []).compactMap(\.double) }
    }
    self.errors = errors.mapValues { ($0.items ?? []).compactMap(\.double) }
    (latentUnit, latentLimit, residualLimit, misfitLimit) = (unit, limit, residual, misfit)
  }
}

/// Arrays of a file in double precision. What must keep more than single precision is stored as two numbers, the
/// second holding what the first lost.
private struct StoredArrays {
  let arrays: [String: Tensor]
  let path: String

  private func tensor(_ name: String) throws(NetworkError) -> Tensor {
    guard let tensor = arrays[name], tensor.values.allSatisfy(\.isFinite) else {
      throw .file(path: path, reason: "the array \(name) is missing or damaged")
    }
    return tensor
  }

  func matrix(
    _ name: String, rows: Int? = nil, columns: Int? = nil
  ) throws(NetworkError) -> DoubleMatrix {
    let tensor = try tensor(name)
    guard tensor.shape.count == 2, tensor.shape[0] > 0, tensor.shape[1] > 0,
      rows.map({ $0 == tensor.shape[0] }) ?? true, columns.map({ $0 == tensor.shape[1] }) ?? true
    else { throw .file(path: path, reason: "the array \(name) has another shape") }
    return DoubleMatrix(
      rows: tensor.shape[0], columns: tensor.shape[1], values: tensor.values.map(Double.init))
  }

  func exactMatrix(
    _ name: String, rows: Int? = nil, columns: Int? = nil
  ) throws(NetworkError) -> DoubleMatrix {
    var matrix = try matrix(name, rows: rows, columns: columns)
    let rest = try self.matrix(name + "_rest", rows: matrix.rows, columns: matrix.columns)
    for i in matrix.values.indices { matrix.values[i] += rest.values[i] }
    return matrix
  }

  func vector(_ name: String, count: Int) throws(NetworkError) -> [Double] {
    try matrix(name, rows: 1, columns: count).values
  }

  func exactVector(_ name: String, count: Int) throws(NetworkError) -> [Double] {
    try exactMatrix(name, rows: 1, columns: count).values
  }
}

extension [String: Tensor] {
  fileprivate mutating func store(_ name: String, _ matrix: DoubleMatrix) {
    self[name] = Tensor(shape: [matrix.rows, matrix.columns], values: matrix.values.map(Float.init))
  }

  fileprivate mutating func store(_ name: String, _ vector: [Double]) {
    store(name, DoubleMatrix(rows: 1, columns: vector.count, values: vector))
  }

  fileprivate mutating func store(_ name: String, exactly matrix: DoubleMatrix) {
    store(name, matrix)
    store(name + "_rest", matrix.mapValues { $0 - Double(Float($0)) })
  }

  fileprivate mutating func store(_ name: String, exactly vector: [Double]) {
    store(name, exactly: DoubleMatrix(rows: 1, columns: vector.count, values: vector))
  }
}
