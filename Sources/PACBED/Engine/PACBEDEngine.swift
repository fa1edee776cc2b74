import Analysis
import Arrays
import Diffraction
import Learning
import Scattering

/// Thickness and mistilt of a crystal from its position-averaged convergent-beam pattern: a network proposes,
/// a fit against the simulation decides and says how sure it is.
package struct PACBEDEngine: AnalysisEngine {
  let library: ModelLibrary

  package init(library: ModelLibrary = .standard) { self.library = library }

  package let name = "pacbed"
  package let label = "PACB"

  package let outputs = [
    Output(name: "thickness", unit: "nm", symbol: "t", decimals: 1),
    Output(name: "mistilt", unit: "mrad", symbol: "tilt", decimals: 1),
    Output(name: "mistilt_azimuth", unit: "deg", symbol: "az", decimals: 0),
    Output(name: "stage_alpha", unit: "deg", symbol: "alph", decimals: 2),
    Output(name: "stage_beta", unit: "deg", symbol: "beta", decimals: 2),
    Output(name: "scale", unit: "1", symbol: "sc", decimals: 3),
    Output(name: "match", unit: "1", symbol: "R", decimals: 4, rests: 0.002),
    Output(name: "convergence", unit: "mrad", symbol: "conv", decimals: 2),
    Output(name: "rotation", unit: "deg", symbol: "rot", decimals: 1),
    Output(name: Output.pixel, unit: "mrad", symbol: "px", decimals: 4, rests: 0.005),
    Output(name: "center_x", unit: "px", symbol: "x", decimals: 1),
    Output(name: "center_y", unit: "px", symbol: "y", decimals: 1),
    Output(name: "distortion_x", unit: "1", symbol: "d1", decimals: 3),
    Output(name: "distortion_y", unit: "1", symbol: "d2", decimals: 3),
    Output(name: "thickness_range", unit: "nm", symbol: "rng", decimals: 1),
    Output(name: "network_thickness", unit: "nm", symbol: "tnet", decimals: 1),
    Output(name: "noise", unit: "1", symbol: "sig", decimals: 3),
    Output(name: "structure", unit: "1", symbol: "expl", decimals: 3),
    Output(name: "rings", unit: "1", symbol: "ring", decimals: 3),
    Output(name: "motion", unit: "1", symbol: "mot", decimals: 2),
    Output(name: "blur", unit: "px", symbol: "blur", decimals: 2, rests: 0.005),
    Output(name: "dose", unit: "counts", symbol: "dose", decimals: 0, rests: 0.005),
  ]

  /// The network takes a tenth of the time of the fit.
  package let hurriedSettings = [method.name: PatternMatcher.Method.network.rawValue]

  /// What a session's frames taught of the camera spares a later one the search for it.
  package let lessonSetting: String? = known.name

  package func lesson(from findings: [Finding]) -> String? { KnownGeometry(findings)?.description }

  /// Files that say they were taken with a convergent beam.
  package let signal = Exhibit.Signal.discs

  package func suitability(for file: FileSummary) -> Int {
    // Simulated frames say what they are.
    let says = file.metadata.contains { $0.name == "description" && $0.value.lowercased().contains("pacbed") }
    if says { return 20 }
    guard let convergence = file.beam.convergenceMilliradians?.value, convergence >= 4 else { return 0 }
    return 2
  }

  package func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    let settings = try PACBEDSettings(parameters)
    var finding =
      switch subject {
      case .frame(let frame): try analyze(frame, settings, context)
      case .scan(let source):
        try ScanAnalysis(engine: self, source: source, settings: settings, context: context).run()
      }
    if let write = context.write, !finding.exhibits.isEmpty {
      // Measured, simulated and difference of every answer; or the maps of a scan.
      let names = finding.exhibits.map(\.title).joined(separator: ", ")
      let artifact = Artifact(
        role: "pictures", file: "pacbed.tif",
        content: .images(finding.exhibits.compactMap(\.pixels), description: names))
      finding.artifacts[artifact.role] = try write(artifact)
    }
    return finding.finite
  }

  private func analyze(
    _ frame: Frame, _ settings: PACBEDSettings, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    var settings = settings
    settings.complete(from: frame.calibration, frame.beam)
    let camera: CameraFrame
    do {
      camera = try CameraFrame(frame.pixels)
    } catch {
      return Finding(obstacle: error.reason)
    }
    switch try ModelChoice(settings, previous: context.previous, library: library) {
    case .none(let reason): return Finding(obstacle: reason)
    case .one(let model):
      let answer = try analyze(camera, with: model, settings, context)
      var finding = answer.finding(isDetailed: true)
      if let rival = try rival(of: answer, camera, settings, context) {
        finding.verdict = .outOfDomain
        finding.reasons.insert(
          Reason(
            .otherMaterial,
            "another material? \(rival.model.id) matches with R \(rival.match.told) against \(answer.match.told)"
          ), at: 0)
      }
      return finding
    case .several(let models):
      var answers: [FrameAnswer] = []
      for model in models { answers.append(try analyze(camera, with: model, settings, context)) }
      return Self.ranked(answers)
    }
  }

  /// Right materials match better than this in simulations, but not always in a microscope.
  private static let plainMatch = 0.996

  /// An installed model of another material that explains a middling match clearly better. Wrong materials match
  /// up to 0.994: no threshold tells them from measured patterns of the right one. Asked until a frame of this
  /// model was accepted.
  private func rival(
    of answer: FrameAnswer, _ camera: CameraFrame, _ settings: PACBEDSettings, _ context: AnalysisContext
  ) throws(AnalysisError) -> FrameAnswer? {
    guard settings.method == .networkAndFit, answer.chosen != nil, answer.cleanMatch < Self.plainMatch else {
      return nil
    }
    if let last = context.previous, last.verdict == .accept, last.model?.id == answer.model.id { return nil }
    var best: FrameAnswer?
    var settings = settings
    // It is the geometry of this model's crystal.
    settings.known = nil
    for folder in library.models(of: PACBEDModel.engine) where folder.id != answer.model.id {
      guard let model = try? PACBEDModel.known(folder),
        model.domain.crystal.name != answer.model.domain.crystal.name,
        model.domain.convergence.contains(answer.conditions.convergence),
        model.domain.isFor(kilovolts: settings.kilovolts)
      else { continue }
      if context.isCancelled() { throw .cancelled }
      let other = try analyze(camera, with: model, settings, context)
      // A third of what was left unexplained, or less.
      let (left, otherLeft) = (
        1 - answer.cleanMatch * answer.cleanMatch, 1 - other.cleanMatch * other.cleanMatch
      )
      if otherLeft < left / 3, other.cleanMatch > best?.cleanMatch ?? 0 { best = other }
    }
    return best
  }

  func analyze(
    _ camera: CameraFrame, with model: PACBEDModel, _ settings: PACBEDSettings, _ context: AnalysisContext,
    quarterTurns: Int = 4
  ) throws(AnalysisError) -> FrameAnswer {
    if context.isCancelled() { throw .cancelled }
    let matcher = try model.matcher(for: settings.specimen, context)
    var conditions = settings.conditions(for: model.domain)
    let directions: DirectionsAcross
    do {
      directions = try DirectionsAcross(model.domain.crystal, model.domain.oriented(), x: settings.xAxis)
    } catch {
      throw .failed("\(error)")
    }
    if settings.sharesGeometry == true { conditions.shared = Self.shared(context.previous, directions) }
    func answer(_ conditions: PatternMatcher.Conditions) throws(PACBEDError) -> FrameAnswer {
      FrameAnswer(
        model: model, matcher: matcher, camera: camera, conditions: conditions, settings: settings,
        output: try matcher.match(camera, conditions, quarterTurns: quarterTurns), directions: directions)
    }
    do throws(PACBEDError) {
      if let known = settings.known, settings.sharesGeometry == nil, settings.method == .networkAndFit,
        // Other answers are those of the whole search; and who states the scale leaves nothing open.
        settings.candidate == 1, settings.scale == nil,
        // Farther off no fit goes.
        abs(known.convergence / conditions.convergence - 1) < 0.1
      {
        var near = conditions
        near.known = known.start(directions)
        let quick = try answer(near)
        if known.isConfirmed(by: quick) { return quick }
        if context.isCancelled() { throw .cancelled }
      }
      return try answer(conditions)
    } catch .cancelled {
      throw .cancelled
    } catch {
      throw .failed("\(error)")
    }
  }

  /// The geometry that the frame before had.
  static func shared(_ previous: Finding?, _ directions: DirectionsAcross?) -> PatternMatcher.SharedGeometry?
  {
    guard let previous, previous.verdict == .accept || previous.verdict == .doubtful,
      let pixel = previous[Output.pixel]?.value, let rotation = previous["rotation"]?.value,
      let convergence = previous["convergence"]?.value, let x = previous["distortion_x"]?.value,
      let y = previous["distortion_y"]?.value, pixel > 0, convergence > 0
    else { return nil }
    return PatternMatcher.SharedGeometry(
      pixel: pixel, rotationDegrees: rotation - (directions?.x ?? 0), convergence: convergence,
      distortion: Vector2(x, y))
  }

  /// The best matching material's answer, and how the others match.
  private static func ranked(_ answers: [FrameAnswer]) -> Finding {
    let sorted = answers.sorted { $0.match > $1.match }
    guard let best = sorted.first else {
      return Finding(obstacle: Reason(.noModel, "no model"))
    }
    var finding = best.finding(isDetailed: true)
    for answer in sorted {
      finding.values.append(Quantity("match \(answer.model.id)", answer.match.told))
    }
    if sorted.count > 1, best.match - sorted[1].match < 0.003 {
      finding.reasons.append(Reason(.otherMaterial, "\(sorted[1].model.id) matches nearly as well"))
      if finding.verdict == .accept { finding.verdict = .doubtful }
    }
    return finding
  }
}
