import Analysis
import Arrays
import Diffraction
import Glibc
import Scattering

/// Thickness and mistilt at every position of a scan. A few positions tell the geometry, which all share;
/// the others are then fitted for thickness, mistilt and centre alone.
struct ScanAnalysis {
  let engine: PACBEDEngine
  let source: any FrameSource
  let settings: PACBEDSettings
  let context: AnalysisContext

  /// What is kept of a position.
  struct Position: Sendable {
    var thickness: Float = .nan
    var mistilt: Float = .nan
    var match: Float = .nan
    var verdict = Verdict.notAnalysable
  }

  func run() throws(AnalysisError) -> Finding {
    var settings = settings
    settings.complete(from: source.summary.calibration, source.summary.beam)
    let count = source.summary.frames
    guard count > 0 else {
      return Finding(obstacle: Reason(.empty, "no frame yet"))
    }
    let model: PACBEDModel
    switch try ModelChoice(settings, previous: context.previous, library: engine.library) {
    case .none(let reason): return Finding(obstacle: reason)
    case .one(let one): model = one
    case .several:
      return Finding(obstacle: Reason(.noModel, "a scan is analysed with one material: choose it"))
    }
    let matcher = try model.matcher(for: settings.specimen, context)
    let shared = settings.sharesGeometry == false ? nil : try geometry(model, settings, count)
    var positions = [Position](repeating: Position(), count: count)
    let chunk = 16
    for start in stride(from: 0, to: count, by: chunk) {
      if context.isCancelled() { throw .cancelled }
      var cameras: [CameraFrame?] = []
      for index in start..<min(count, start + chunk) { cameras.append(try camera(index)) }
      let ready = cameras
      let used = settings
      let answers = parallelMap(ready.count) { number -> Position in
        guard let camera = ready[number] else { return Position() }
        return Self.position(camera, model, matcher, used, shared)
      }
      for (number, answer) in answers.enumerated() { positions[start + number] = answer }
      context.progress(Double(min(count, start + chunk)) / Double(count))
    }
    return finding(positions, model)
  }

  private func camera(_ index: Int) throws(AnalysisError) -> CameraFrame? {
    let frame: Frame
    do {
      frame = try source.frame(at: index)
    } catch {
      throw .file(error)
    }
    return try? CameraFrame(frame.pixels)
  }

  /// The medians of up to seven positions along the scan, each fitted freely.
  private func geometry(
    _ model: PACBEDModel, _ settings: PACBEDSettings, _ count: Int
  ) throws(AnalysisError) -> PatternMatcher.SharedGeometry? {
    guard settings.method == .networkAndFit else { return nil }
    var found: [PatternMatcher.SharedGeometry] = []
    let probes = min(count, 7)
    for number in 0..<probes {
      if context.isCancelled() { throw .cancelled }
      guard let camera = try camera((2 * number + 1) * count / (2 * probes)) else { continue }
      let answer = try engine.analyze(camera, with: model, settings, context)
      let finding = answer.finding(isDetailed: false)
      // Thin crystals tell nothing about directions.
      guard let thickness = finding["thickness"]?.value, thickness > 4, answer.cleanMatch > 0.98 else {
        continue
      }
      if let geometry = PACBEDEngine.shared(finding, answer.directions) { found.append(geometry) }
    }
    guard found.count >= 2 else { return nil }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    // Directions are the same after a period: all near the first one's.
    let period = (try? model.domain.rotationPeriod()) ?? 360
    let first = found[0].rotationDegrees
    let rotations = found.map {
      $0.rotationDegrees - period * (($0.rotationDegrees - first) / period).rounded()
    }
    return PatternMatcher.SharedGeometry(
      pixel: median(found.map(\.pixel)), rotationDegrees: median(rotations),
      convergence: median(found.map(\.convergence)),
      distortion: Vector2(median(found.map(\.distortion.x)), median(found.map(\.distortion.y))))
  }

  private static func position(
    _ camera: CameraFrame, _ model: PACBEDModel, _ matcher: PatternMatcher, _ settings: PACBEDSettings,
    _ shared: PatternMatcher.SharedGeometry?
  ) -> Position {
    var conditions = settings.conditions(for: model.domain)
    conditions.shared = shared
    conditions.isAlone = false
    guard let output = try? matcher.match(camera, conditions, quarterTurns: 1) else { return Position() }
    let answer = FrameAnswer(
      model: model, matcher: matcher, camera: camera, conditions: conditions, settings: settings,
      output: output)
    let finding = answer.finding(isDetailed: false)
    return Position(
      thickness: finding["thickness"].map { Float($0.value) } ?? .nan,
      mistilt: finding["mistilt"].map { Float($0.value) } ?? .nan,
      match: finding["match"].map { Float($0.value) } ?? .nan, verdict: finding.verdict)
  }

  private func finding(_ positions: [Position], _ model: PACBEDModel) -> Finding {
    let declared = source.summary.scan?.value
    let stated = settings.scan ?? declared.flatMap { $0.isUsable ? $0 : nil }
    let shape = stated ?? ScanShape(width: positions.count, height: 1)
    func isGood(_ position: Position) -> Bool {
      (position.verdict == .accept || position.verdict == .doubtful) && position.thickness.isFinite
    }
    let good = positions.filter(isGood)
    func map(_ name: String, _ unit: String = "1", _ value: (Position) -> Float) -> Exhibit {
      var values = [Float](repeating: .nan, count: shape.count)
      for (index, position) in positions.prefix(shape.count).enumerated() { values[index] = value(position) }
      return .map(
        Exhibit.ScanMap(name, Pixels(width: shape.width, height: shape.height, values: values), unit: unit))
    }
    var judgement = Judgement()
    let severity: Severity = good.isEmpty ? .blocks : .doubtful
    if positions.count > shape.count {
      judgement.note(
        .scanShape, severity, "\(positions.count) frames for \(shape.width) x \(shape.height) positions")
    }
    let share = Double(good.count) / Double(max(1, positions.count))
    var values: [Quantity] = []
    if !good.isEmpty {
      let thicknesses = good.map { Double($0.thickness) }.sorted()
      let tilts = good.map { Double($0.mistilt) }.sorted()
      func at(_ list: [Double], _ share: Double) -> Double {
        list[min(list.count - 1, Int(Double(list.count) * share))].told
      }
      values.append(
        Quantity(
          "thickness", at(thicknesses, 0.5), unit: "nm", low: at(thicknesses, 0.025),
          high: at(thicknesses, 0.975)))
      values.append(
        Quantity("mistilt", at(tilts, 0.5), unit: "mrad", low: at(tilts, 0.025), high: at(tilts, 0.975)))
      let matches = good.map { Double($0.match) }.filter(\.isFinite).sorted()
      if !matches.isEmpty { values.append(Quantity("match", at(matches, 0.5))) }
    }
    values.append(Quantity("positions", Double(positions.count)))
    values.append(Quantity("usable", share.told))
    if share < 0.8 {
      judgement.note(
        .unusablePositions, severity, "\(Int((1 - share) * 100)) % of the positions are not usable")
    }
    return Finding(
      values: values, verdict: judgement.verdict, reasons: judgement.reasons,
      model: ModelIdentity(id: model.id, sha256: model.sha256),
      exhibits: [
        map("thickness", "nm") { isGood($0) ? $0.thickness : .nan },
        map("mistilt", "mrad") { isGood($0) ? $0.mistilt : .nan },
        map("match") { $0.match },
        map("quality") {
          switch $0.verdict {
          case .accept: 1
          case .doubtful: 0.5
          default: 0
          }
        },
      ])
  }
}
