import Analysis
import Arrays
import Diffraction
import Glibc
import Learning

/// Beam energy and surface structure from convergent-beam LEED patterns, with how sure the answer is and
/// whether the pattern is one that the model knows.
package struct CBLEEDEngine: AnalysisEngine {
  private let library: ModelLibrary

  package init(library: ModelLibrary = .standard) { self.library = library }

  package let name = "cbleed"
  package let label = "CBLE"
  package let signal = Exhibit.Signal.slowDiscs

  package let outputs = [
    Output(name: "beam_energy", unit: "eV", symbol: "E", decimals: 2),
    Output(name: "dimer_height", unit: "A", symbol: "dh", decimals: 3),
    Output(name: "dimer_buckling", unit: "A", symbol: "b", decimals: 3),
    Output(name: "dimer_length", unit: "A", symbol: "L", decimals: 3),
    Output(name: "latent_distance", unit: "1", symbol: "d", decimals: 2),
    Output(name: "reconstruction_residual", unit: "1", symbol: "R", decimals: 3),
    Output(name: "misfit", unit: "1", symbol: "chi2", decimals: 2),
    Output(name: "center_x", unit: "px", symbol: "x", decimals: 2),
    Output(name: "center_y", unit: "px", symbol: "y", decimals: 2),
    Output(name: "brightness", unit: "counts", symbol: "I", decimals: 1),
  ]

  enum Refinement: String, CaseIterable { case none, simulation }

  static let model = Setting<String?>("model", "trained model, by name or folder")
  static let regressor = Setting<RegressorKind>(
    "regressor", "how energy and structure are read", standard: .likelihood)
  static let refine = Setting<Refinement>(
    "refine", "refine by simulating around the answer (seconds a frame)", standard: .none)
  static let pixel = Setting<Double?>("pixel_inv_angstrom", "momentum of a pixel", unit: "1/A", 1e-5...1)
  static let latentLimit = Setting<Double?>(
    "latent_limit", "latent distance that is still trusted", unit: "1", 0...1e6)

  package let parameters = [
    model.parameter, regressor.parameter, refine.parameter, pixel.parameter, latentLimit.parameter,
  ]

  /// Only instruments and simulations that say so: a pattern of discs may come from any microscope.
  package func suitability(for file: FileSummary) -> Int {
    if file.format.lowercased().hasPrefix("uview") { return 10 }
    let says = file.metadata.contains { $0.name == "description" && $0.value.lowercased().contains("cbleed") }
    return says ? 20 : 0
  }

  package func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    switch subject {
    case .frame(let frame):
      return try analyze(frame, parameters, context, withPictures: true)
    case .scan(let source):
      return try analyze(source, parameters, context)
    }
  }

  /// A file of many frames, an energy ramp: every frame's values as curves, and the middle of each.
  private func analyze(
    _ source: any FrameSource, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    var values: [String: [Double]] = [:]
    var worst: Finding?
    try Subject.scan(source).eachFrame(context) { frame throws(AnalysisError) in
      let finding = try analyze(frame, parameters, context, withPictures: false)
      for output in outputs {
        if let value = finding[output.name]?.value { values[output.name, default: []].append(value) }
      }
      if worst.map({ Severity(finding.verdict) > Severity($0.verdict) }) ?? true { worst = finding }
    }
    guard var result = worst else { throw .failed("the file holds no frame") }
    result.values = outputs.compactMap { output in
      guard let all = values[output.name]?.sorted(), let low = all.first, let high = all.last else {
        return nil
      }
      return Quantity(output.name, all[all.count / 2], unit: output.unit, low: low, high: high)
    }
    result.profiles = outputs.prefix(4).compactMap { output in
      values[output.name].map { Profile(name: output.name, unit: "frame", values: $0) }
    }
    return result
  }

  private func analyze(
    _ frame: Frame, _ parameters: ParameterValues, _ context: AnalysisContext, withPictures: Bool
  ) throws(AnalysisError) -> Finding {
    if let reason = Self.screening.obstacle(width: frame.pixels.width, height: frame.pixels.height) {
      return Finding(obstacle: reason)
    }
    let census = Self.screening.census(frame.pixels)
    if let reason = Self.screening.obstacle(census) { return Finding(obstacle: reason) }
    let (model, identity) = try loadModel(parameters, context)
    let image = frame.pixels.matrix()
    guard let pattern = model.aligner.align(image, scale: try scale(frame, parameters)) else {
      return Finding(
        obstacle: Reason(.noDiscs, "no discs where a pattern of \(model.surfaceName) has them"),
        model: identity)
    }
    let kind = try parameters[Self.regressor]
    let refinement = try parameters[Self.refine]
    let simulator =
      refinement == .simulation ? try Self.refinement(of: model, identity.sha256, context) : nil
    var answer: PatternAnswer
    do throws(CBLEEDError) {
      answer = try model.read(pattern, regressor: kind)
      if let simulator {
        answer = try simulator.refine(answer, pattern, isCancelled: context.isCancelled)
      }
    } catch {
      if case .cancelled = error { throw .cancelled }
      throw .failed("\(error)")
    }
    let judgement = try judge(answer, census, model, parameters)
    return Finding(
      values: quantities(answer, pattern, model), verdict: judgement.verdict, reasons: judgement.reasons,
      model: identity,
      exhibits: withPictures ? CBLEEDExhibits(model, pattern, answer).all : []
    ).finite
  }

  private static let screening: FrameScreening = {
    var screening = FrameScreening()
    screening.smallestSide = 24
    screening.tooSmall = { "\($0)x\($1) pixels are too few for discs" }
    screening.enduresGaps = false
    screening.leastPeak = 0
    screening.flatValue = { _ in "the same" }
    screening.allowance = .pixels(3)
    return screening
  }()

  /// A user's word first, then the file's, then the discs themselves.
  private func scale(_ frame: Frame, _ parameters: ParameterValues) throws(AnalysisError)
    -> FrameAligner.Scale
  {
    if let pixel = try parameters[Self.pixel] { return .known(pixel) }
    guard let axis = frame.calibration.x?.value, axis.scale.isFinite, axis.scale > 0 else { return .searched }
    switch axis.unit {
    case "1/A", "1/Å", "A^-1", "Å^-1": return .known(axis.scale)
    case "1/nm", "nm^-1": return .known(axis.scale / 10)
    default: return .searched
    }
  }

  private func judge(
    _ answer: PatternAnswer, _ census: PixelCensus, _ model: PatternModel, _ parameters: ParameterValues
  ) throws(AnalysisError) -> Judgement {
    var judgement = Judgement()
    let calibration = model.calibration
    let limit = try parameters[Self.latentLimit] ?? calibration.latentLimit
    if answer.latentDistance > limit {
      let (distance, limit) = (Self.text(answer.latentDistance, 1), Self.text(limit, 1))
      judgement.note(.outOfDomain, "latent distance \(distance) > \(limit): unlike the training patterns")
    }
    if answer.misfit != nil, answer.residual > calibration.residualLimit {
      let (residual, limit) = (Self.text(answer.residual, 2), Self.text(calibration.residualLimit, 2))
      judgement.note(.residual, "residual \(residual) > \(limit) of the mean brightness")
    }
    if let misfit = answer.misfit, misfit > calibration.misfitLimit {
      let (misfit, limit) = (Self.text(misfit, 1), Self.text(calibration.misfitLimit, 1))
      judgement.note(.misfit, "misfit \(misfit) > \(limit): no simulated pattern is like it")
    }
    for (index, target) in model.targets.enumerated() {
      let value = index == model.mirrorTarget ? abs(answer.values[index]) : answer.values[index]
      // The ends of the training range are where answers pile up that lie beyond.
      let margin = 0.005 * (target.range.upperBound - target.range.lowerBound)
      let low = index == model.mirrorTarget ? -.infinity : target.range.lowerBound + margin
      if value < low || value > target.range.upperBound - margin {
        let (low, high) = (Self.text(target.range.lowerBound, 2), Self.text(target.range.upperBound, 2))
        judgement.note(
          .endOfRange, "\(target.name) lies at the end of the trained range, \(low) to \(high) \(target.unit)"
        )
      }
    }
    // What lies outside has no need of another doubt.
    if judgement.isClean { judgement.note(Self.screening.saturation(census)) }
    return judgement
  }

  private func quantities(
    _ answer: PatternAnswer, _ pattern: AlignedPattern, _ model: PatternModel
  ) -> [Quantity] {
    // The declared order first, then what another surface's model reports beside it.
    let declared = outputs.map(\.name)
    let order = model.targets.indices.sorted {
      (declared.firstIndex(of: model.targets[$0].name) ?? 1000 + $0)
        < (declared.firstIndex(of: model.targets[$1].name) ?? 1000 + $1)
    }
    var values = order.map { index in
      Quantity(
        model.targets[index].name, answer.values[index].told, unit: model.targets[index].unit,
        low: answer.low[index].told, high: answer.high[index].told)
    }
    values += [
      Quantity("latent_distance", answer.latentDistance.told),
      Quantity("reconstruction_residual", answer.residual.told),
    ]
    if let misfit = answer.misfit { values.append(Quantity("misfit", misfit.told)) }
    let binning = Double(pattern.binning)
    // Pixels of the frame as it was measured.
    let middle = pattern.geometry.middle
    values += [
      Quantity("center_x", (binning * (middle.x + 0.5) - 0.5).told, unit: "px"),
      Quantity("center_y", (binning * (middle.y + 0.5) - 0.5).told, unit: "px"),
      Quantity("brightness", (pattern.brightness / (binning * binning)).told, unit: "counts"),
    ]
    return values
  }

  static func text(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    let scale = pow(10, Double(decimals))
    return "\((value * scale).rounded() / scale)"
  }
}

extension CBLEEDEngine {
  private static let models = ModelStore<String, PatternModel>(limit: 8)
  /// Simulators around answers: phase shifts take a while.
  private static let refinements = ModelStore<String, SimulationRefinement>(limit: 8)

  private func loadModel(
    _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> (PatternModel, ModelIdentity) {
    let folder = try folder(parameters)
    let model = try Self.models.value(for: folder.sha256, isCancelled: context.isCancelled) {
      _, _ throws(AnalysisError) in
      do throws(NetworkError) {
        return try PatternModel(folder)
      } catch {
        throw .failed("\(error)")
      }
    }
    return (model, ModelIdentity(id: folder.id, sha256: folder.sha256))
  }

  private func folder(_ parameters: ParameterValues) throws(AnalysisError) -> ModelFolder {
    let name = try parameters[Self.model]
    do throws(NetworkError) {
      if let name { return try library.model(name, of: self.name) }
      if let first = library.models(of: self.name).first { return first }
      throw .file(path: "cbleed", reason: "no model is installed; ewald train cbleed makes one")
    } catch {
      throw .failed("\(error)")
    }
  }

  private static func refinement(
    of model: PatternModel, _ digest: String, _ context: AnalysisContext
  ) throws(AnalysisError) -> SimulationRefinement {
    try refinements.value(for: digest, isCancelled: context.isCancelled) { _, _ throws(AnalysisError) in
      do throws(CBLEEDError) {
        return try SimulationRefinement(model)
      } catch {
        throw .failed("\(error)")
      }
    }
  }
}
