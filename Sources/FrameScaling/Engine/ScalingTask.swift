import Analysis
import Arrays
import Diffraction
import Scattering

/// The settings of one analysis, and the way from a series to a report.
struct ScalingTask {
  let structureName: String?
  let isQuick: Bool
  let spacings: [Double]?
  let spacing: Double?
  let without: Set<Int>
  let rule: NodeRule
  let mergesShortEnd: Bool
  let usesTilt: Bool
  let model: ThicknessModel?
  let absorption: Double
  let refinesAbsorption: Bool
  let isSmooth: Bool
  let keepsCell: Bool
  let steps: Int?
  let beamLimit: Double?
  let beamError: Double
  let limit: Double?
  let share: Double
  let margin: Double
  let triesOtherHand: Bool
  let folds: Int
  let seed: Int
  let template: ConstraintTemplate

  init(_ values: ParameterValues) throws(AnalysisError) {
    structureName = try values[ScalingSettings.structure]
    isQuick = try values[ScalingSettings.depth] == .quick
    spacings = try values[ScalingSettings.spacings]
    spacing = try values[ScalingSettings.spacing]
    without = Set(try values[ScalingSettings.without] ?? [])
    rule = try values[ScalingSettings.rule]
    mergesShortEnd = try values[ScalingSettings.merges]
    usesTilt = try values[ScalingSettings.abscissa] == .tilt
    model = try values[ScalingSettings.model]
    absorption = try values[ScalingSettings.absorption]
    refinesAbsorption = try values[ScalingSettings.refinesAbsorption]
    isSmooth = try values[ScalingSettings.angles] == .smooth
    keepsCell = try values[ScalingSettings.cell] == .stated
    steps = try values[ScalingSettings.steps]
    beamLimit = try values[ScalingSettings.beamLimit]
    beamError = try values[ScalingSettings.beamError]
    limit = try values[ScalingSettings.limit]
    share = try values[ScalingSettings.share]
    margin = try values[ScalingSettings.margin]
    triesOtherHand = try values[ScalingSettings.otherHand]
    folds = try values[ScalingSettings.folds]
    seed = try values[ScalingSettings.seed]
    let standard = ConstraintTemplate()
    template = ConstraintTemplate(
      line: try values[ScalingSettings.line] ?? standard.line,
      term: try values[ScalingSettings.term] ?? standard.term)
  }

  func report(
    _ given: ZoneSeries, isCancelled: @escaping @Sendable () -> Bool, progress: (Double) -> Void
  ) throws -> ScalingReport {
    var series = given
    series.reflections.removeAll { without.contains(series.zones[$0.zone].id) }
    let structure = try structure(series).with(absorption: absorption, isRefined: refinesAbsorption)
    guard let wave = ElectronWave(wavelength: series.wavelength) else {
      throw ScalingObstacle(.noSeries, "a wavelength of \(series.wavelength.short) Å is none of a microscope")
    }
    guard let orientation = OrientationMatrix(series.orientation, cell: structure.unit.cell) else {
      throw ScalingObstacle(
        .noSeries, "the orientation matrix is singular, left-handed or of quite another cell")
    }
    let stated = Goniometer(
      orientation: keepsCell ? orientation.corrected : orientation.stated,
      axisPosition: series.axisPosition, zones: series.zones)
    let selection = selection(series)
    let goniometer = isSmooth ? stated.smoothed(series.zones) : stated
    let (kept, widest) = (series, series.zones.map(\.semiAngle.magnitude).max() ?? 0)
    func fringes(_ thickness: Double) -> Double {
      Rocking.fringes(kept.geometry, thickness: thickness, limit: selection.limit, semiAngle: widest)
    }
    func followed(by steps: Int) throws -> ScalingProblem {
      try ScalingProblem(
        series: kept, goniometer: goniometer, structure: structure, wave: wave,
        rocking: Rocking(geometry: kept.geometry, steps: steps), selection: selection,
        model: model ?? .single, hand: .given)
    }
    let problem = try followed(by: steps ?? Rocking.standardSteps)
    let frames = problem.frames.count
    guard frames > 0 else {
      throw ScalingObstacle(
        .tooFew,
        "none of \(series.reflections.count) reflections lies within its zone's rocking: check the matrix")
    }
    var request = StudyRequest(spacings: spacings ?? standardSpacings(problem, series))
    if let spacing, isQuick { request.spacings = [spacing] }
    if let spacing, !request.spacings.contains(spacing) { request.spacings.append(spacing) }
    request.isQuick = isQuick
    request.rule = rule
    request.mergesShortEnd = mergesShortEnd
    request.usesTilt = usesTilt
    request.model = model
    request.triesOtherHand = triesOtherHand
    request.folds = folds
    request.seed = seed
    let needed = structure.parameters.count + 1 + 2
    guard frames > 1, problem.rows.count > needed else {
      throw ScalingObstacle(
        .tooFew, "\(problem.rows.count) reflections in \(frames) frames cannot determine \(needed) numbers")
    }
    // A beam that was blanked leaves rows enough, and nothing in them.
    let observed = problem.rows.count(where: \.isObserved)
    guard observed > needed else {
      throw ScalingObstacle(
        .tooFew,
        "\(observed) of \(problem.rows.count) reflections are above 3 σ: they cannot determine \(needed) numbers"
      )
    }
    let study = try ScalingStudy(
      problem, series: series, request: request, isCancelled: isCancelled, progress: progress
    ) { [steps, isQuick] thickness in
      // What is told is kept to, and doubted where it is too little.
      steps == nil && !isQuick ? try followed(by: Rocking.steps(fringes: fringes(thickness))) : nil
    }
    var report = ScalingReport(
      series: series, study: study, answer: spacing, selection: selection, mismatch: orientation.mismatch,
      meant: orientation.lengths, fringes: fringes, template: template, usesTilt: usesTilt,
      isQuick: isQuick)
    if !isQuick {
      report.advice = TiltAdvice(
        study.problem, report.best.curve, report.best.solution, series: series, goniometer: goniometer,
        selection: selection,
        isCancelled: isCancelled)
    }
    return report
  }

  private func structure(_ series: ZoneSeries) throws -> StructureModel {
    var text = series.structure
    if let name = structureName {
      guard let known = Crystal.knownText(name) else {
        throw AnalysisError.parameter(
          InvalidParameter(
            "structure: no crystal is called \"\(name)\"; known: \(Crystal.knownNames.joined(separator: ", "))"
          ))
      }
      text = Array(known.utf8)
    }
    guard !text.isEmpty else {
      throw ScalingObstacle(
        .noStructure, "no structure: put NAME.cif beside NAME.cif_pets, or give --structure")
    }
    do throws(ScatteringError) {
      var unit = try AsymmetricUnit(cif: text)
      // The series was measured with the cell that it states.
      guard let cell = UnitCell(lengths: series.lengths, anglesDegrees: series.angles) else {
        throw .parameter("the series' cell encloses no volume")
      }
      unit = unit.with(cell: cell)
      return try StructureModel(unit)
    } catch {
      throw ScalingObstacle(.noStructure, error.description)
    }
  }

  /// What is not said follows from what the file says was integrated.
  private func selection(_ series: ZoneSeries) -> BeamSelection {
    let limit = self.limit ?? (series.resolution.isFinite ? min(1.6, series.resolution) : 1.6)
    return BeamSelection(
      beamLimit: max(beamLimit ?? min(1.6, limit + 0.1), limit), beamError: beamError, limit: limit,
      share: share, margin: margin)
  }

  private func standardSpacings(_ problem: ScalingProblem, _ series: ZoneSeries) -> [Double] {
    let places = problem.zones.map { usesTilt ? series.zones[$0].alpha : Double(series.zones[$0].id) }
    let range = (places.max() ?? 0) - (places.min() ?? 0)
    let count = problem.frames.count
    let step = usesTilt ? range / Double(max(1, count - 1)) : 1
    let steps = Int(bounded: (range / max(step, 1e-9)).rounded()) + 1
    return ScalingSettings.standardSpacings(frames: steps, step: max(step, 1e-3))
  }
}

extension AsymmetricUnit {
  /// The same fractions of another cell.
  func with(cell: UnitCell) -> AsymmetricUnit {
    AsymmetricUnit(name: name, cell: cell, operations: operations, atoms: atoms)
  }
}
