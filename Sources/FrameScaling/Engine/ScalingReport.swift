import Analysis
import Arrays
import Diffraction
import Glibc
import Scattering

/// A study as values, a verdict and things to look at.
struct ScalingReport {
  let series: ZoneSeries
  let study: ScalingStudy
  let selection: BeamSelection
  /// Of the matrix's cell against the stated one.
  let mismatch: Double
  let meant: Vector3
  /// Of a crystal of such a mean thickness over a frame's rocking, at the outermost reflection.
  let fringes: (Double) -> Double
  let template: ConstraintTemplate
  let usesTilt: Bool
  /// A look at a series that grows: a full answer follows.
  let isQuick: Bool
  let frames: [FrameReport]
  /// The row that is the answer.
  let answer: Int
  /// Where there was time for it.
  var advice: TiltAdvice?

  init(
    series: ZoneSeries, study: ScalingStudy, answer spacing: Double?, selection: BeamSelection,
    mismatch: Double, meant: Vector3, fringes: @escaping (Double) -> Double, template: ConstraintTemplate,
    usesTilt: Bool, isQuick: Bool
  ) {
    self.series = series
    self.study = study
    self.selection = selection
    self.mismatch = mismatch
    self.meant = meant
    self.fringes = fringes
    self.template = template
    self.usesTilt = usesTilt
    self.isQuick = isQuick
    answer = study.rows.firstIndex { $0.placement.spacing == spacing } ?? study.recommended
    frames = FrameReport.all(study.problem, study.rows[answer], series)
  }

  var best: ScalingStudy.Row { study.rows[answer] }
  var model: ThicknessModel { study.problem.model }

  /// R depends on what is compared more than on physics.
  private var told: String {
    "|g| < \(selection.limit.short), |s| < \(selection.share.short) ds, ds - |s| > \(selection.margin.told)"
  }

  func finding() -> Finding {
    let judgement = judge()
    return Finding(
      values: values(), profiles: profiles(), verdict: judgement.verdict, reasons: judgement.reasons,
      exhibits: exhibits())
  }

  /// Where one measurement stands in several zones, programs of the field count it once, each time or frame by frame.
  private var merged: Agreement {
    Agreement(
      merged: study.problem,
      amplitudes: Refinement(study.problem, best.curve)
        .amplitudes(best.solution.intensities, best.solution.nodes))
  }

  private var perFrame: Double {
    let known = frames.map(\.rObserved).filter(\.isFinite)
    return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
  }

  private func values() -> [Quantity] {
    let solution = best.solution
    let agreement = solution.agreement
    let deviations = best.uncertainties
    let atThickness = study.problem.structure.parameters.count
    let deviation = deviations.cautious[atThickness]
    let scales = frames.map(\.scale)
    let relative = zip(deviations.scales, scales).map { 100 * $0 / max($1, 1e-300) }.sorted()
    var values = [
      Quantity("r_observed", agreement.rObserved.told, unit: "%", said: told),
      Quantity("r_left_out", best.leftOut.rObserved.told, unit: "%", said: spacingWords),
      Quantity("r_all", agreement.rAll.told, unit: "%"),
      Quantity("wr_all", agreement.wrAll.told, unit: "%"),
      Quantity("r_merged", merged.rObserved.told, unit: "%", said: "each measurement once"),
      Quantity("r_frames", perFrame.told, unit: "%", said: "mean of the frames' own"),
      Quantity(
        "thickness", solution.thickness.told, unit: "Å",
        low: deviation.isFinite ? (solution.thickness - 1.96 * deviation).told : nil,
        high: deviation.isFinite ? (solution.thickness + 1.96 * deviation).told : nil, said: thicknessWords),
      Quantity("spacing", best.placement.spacing.told, said: usesTilt ? "degrees" : "frames"),
      Quantity("nodes", Double(best.placement.nodes.count)),
      Quantity("parameters", Double(best.parameters)),
      Quantity("frames", Double(frames.count)),
      Quantity("reflections", Double(agreement.rows), said: "\(agreement.observed) observed"),
      Quantity("measurements", Double(study.problem.distinctMeasurements)),
      Quantity("scale_uncertainty", relative.isEmpty ? .nan : relative[relative.count / 2].told, unit: "%"),
      Quantity("odd_frames", Double(frames.count { $0.isOdd })),
      Quantity("cell_mismatch", (100 * mismatch).told, unit: "%"),
    ]
    values.append(absorption(solution, deviations))
    if let (tilt, gain) = advice?.best {
      values.append(
        Quantity(
          "next_tilt", tilt, unit: "deg",
          said:
            "\(TiltAdvice.width.short)° more there: uncertainties \(Int(bounded: (100 * gain).rounded())) % smaller"
        ))
    }
    if let hands = study.hands {
      values.append(
        Quantity(
          "hand_margin", (hands.other.rObserved - hands.chosen.rObserved).told, unit: "%",
          said: study.problem.hand == .given ? "the structure's hand" : "the inverse structure"))
    }
    return values.filter(\.value.isFinite)
  }

  private func absorption(_ solution: ScalingSolution, _ deviations: Uncertainties) -> Quantity {
    let share = study.problem.structure.absorption(solution.values)
    let deviation = study.problem.structure.absorptionPlace.map { deviations.cautious[$0] } ?? .infinity
    return Quantity(
      "absorption", (100 * share).told, unit: "%",
      low: deviation.isFinite ? (100 * (share - 1.96 * deviation)).told : nil,
      high: deviation.isFinite ? (100 * (share + 1.96 * deviation)).told : nil,
      said: study.problem.structure.absorptionPlace == nil ? "as stated" : "of the potential, refined")
  }

  private var thicknessWords: String {
    switch model {
    case .single: "one value"
    case .uniform: "limit of an even spread"
    case .triangle: "limit of a falling spread"
    }
  }

  /// R of observed reflections, in per cent: dynamical refinements of sound data stay well below the lower one.
  private static let poor = 12.0
  private static let hopeless = 25.0

  private func judge() -> Judgement {
    var judgement = Judgement()
    ScaleWatch(frames).note(frames, in: &judgement)
    let agreement = best.solution.agreement
    let left = best.leftOut.rObserved
    if !(agreement.rObserved < Self.hopeless) {
      judgement.note(
        .misfit, "R of \(agreement.rObserved.short) %: check structure, hand, orientation matrix and rocking")
    } else if !(left < Self.poor) {
      judgement.note(
        .misfit, .doubtful,
        "R of what was left out \(left.short) %, of the rest \(agreement.rObserved.short) %: above "
          + "\(Self.poor.short) % a number is not to be trusted")
    }
    let (steps, needed) = (Double(study.problem.steps), fringes(best.solution.thickness * model.mean))
    if steps < 0.8 * needed, !isQuick {
      judgement.note(
        .steps,
        "\(Int(bounded: steps)) rocking steps for \(Int(bounded: needed.rounded())) fringes of the outermost "
          + "reflections: the thickness may be wrong")
    }
    if best.parameters >= agreement.rows {
      judgement.note(.tooFew, .doubtful, "\(best.parameters) numbers from \(agreement.rows) reflections")
    }
    if let hands = study.hands {
      let margin = hands.other.rObserved - hands.chosen.rObserved
      if margin < 0.3 {
        judgement.note(.hand, "both hands fit nearly as well: R differs by \(margin.short)")
      } else if study.problem.hand == .other {
        judgement.note(
          .hand,
          "the inverse structure fits better: R \(hands.chosen.rObserved.short) against \(hands.other.rObserved.short) %"
        )
      }
    }
    if mismatch > 0.003 {
      judgement.note(
        .cell,
        "the matrix means a cell of \(meant.x.short), \(meant.y.short), \(meant.z.short) Å, \((100 * mismatch).short) % off the stated one"
      )
    }
    if best.placement.hasShortEnd {
      judgement.note(
        .shortInterval, "a short last interval: weights down to \(best.curve.spline.smallestWeight.short)")
    }
    if model != .single {
      judgement.note(.spread, "a spread of thickness fits better than one value; its shape is not determined")
    }
    let odd = frames.filter(\.isOdd)
    if !odd.isEmpty {
      let names = odd.prefix(6).map { "\($0.zone.id)" }.joined(separator: ", ")
      judgement.note(.oddFrames, "off the scales' curve: zones \(names)\(odd.count > 6 ? " …" : "")")
    }
    return judgement
  }
}
