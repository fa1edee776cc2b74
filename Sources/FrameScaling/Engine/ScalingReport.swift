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
  let steps: Int
  let template: ConstraintTemplate
  let usesTilt: Bool
  let frames: [FrameReport]

  init(
    series: ZoneSeries, study: ScalingStudy, selection: BeamSelection, mismatch: Double, meant: Vector3,
    steps: Int, template: ConstraintTemplate, usesTilt: Bool
  ) {
    self.series = series
    self.study = study
    self.selection = selection
    self.mismatch = mismatch
    self.meant = meant
    self.steps = steps
    self.template = template
    self.usesTilt = usesTilt
    frames = FrameReport.all(study, series)
  }

  var best: ScalingStudy.Row { study.rows[study.recommended] }
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

  private func values() -> [Quantity] {
    let solution = best.solution
    let agreement = solution.agreement
    let deviations = best.uncertainties
    let atThickness = study.problem.structure.parameters.count
    let deviation = deviations.parameters[atThickness]
    let scales = frames.map(\.scale)
    let relative = zip(deviations.scales, scales).map { 100 * $0 / max($1, 1e-300) }.sorted()
    var values = [
      Quantity("r_observed", agreement.rObserved.told, unit: "%", said: told),
      Quantity("r_left_out", best.leftOut.rObserved.told, unit: "%", said: spacingWords),
      Quantity("r_all", agreement.rAll.told, unit: "%"),
      Quantity("wr_all", agreement.wrAll.told, unit: "%"),
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
    if let hands = study.hands {
      values.append(
        Quantity(
          "hand_margin", (hands.other.rObserved - hands.chosen.rObserved).told, unit: "%",
          said: study.problem.hand == .given ? "the structure's hand" : "the inverse structure"))
    }
    return values.filter(\.value.isFinite)
  }

  private var thicknessWords: String {
    switch model {
    case .single: "one value"
    case .uniform: "limit of an even spread"
    case .triangle: "limit of a falling spread"
    }
  }

  private func judge() -> Judgement {
    var judgement = Judgement()
    let agreement = best.solution.agreement
    if !(agreement.rObserved < 25) {
      judgement.note(
        .misfit, "R of \(agreement.rObserved.short) %: check structure, hand, orientation matrix and rocking")
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

  // MARK: What there is to look at

  private func profiles() -> [Profile] {
    func profile(_ name: String, _ values: [Double]) -> Profile {
      Profile(
        name: name, unit: "frame", start: 1,
        values: values.map { $0.isFinite ? $0.rounded(digits: 5, keepsWhole: false) : 0 })
    }
    let steps = study.scan.map(\.thickness)
    return [
      profile("scale by frame, measured", frames.map(\.free)),
      profile("scale by frame, predicted", frames.map(\.scale)),
      profile("R by frame, %", frames.map(\.r)),
      Profile(
        name: "chi² of the start by thickness", unit: "Å", start: steps.first ?? 0,
        step: steps.count > 1 ? steps[1] - steps[0] : 1,
        values: study.scan.map { $0.chi2.rounded(digits: 5, keepsWhole: false) }),
    ]
  }

  /// Every spacing with its left-out R: `h 1 6.64, 3 6.33`.
  private var spacingWords: String {
    let rows = study.rows.sorted { $0.placement.spacing < $1.placement.spacing }
    return "h "
      + rows.map { "\($0.placement.spacing.short) \($0.leftOut.rObserved.short)" }.joined(separator: ", ")
  }

  /// The frame that agrees worst, of those with enough reflections to say so.
  private func exhibits() -> [Exhibit] {
    let candidates = frames.indices.filter { frames[$0].rows >= 5 && frames[$0].r.isFinite }
    guard let worst = candidates.max(by: { frames[$0].r < frames[$1].r }) else { return [] }
    let refinement = Refinement(study.problem, best.curve)
    let pattern = FramePattern(
      study.problem, frame: worst,
      amplitudes: refinement.amplitudes(best.solution.intensities, best.solution.nodes),
      name: "Zone \(frames[worst].zone.id)", limit: selection.limit)
    return [.image(pattern.expected), .image(pattern.difference)]
  }
}

/// What there is to say of one frame.
struct FrameReport {
  let zone: ZoneSeries.Zone
  let rows: Int
  /// Of all its reflections, in per cent.
  let r: Double
  let scale: Double
  let deviation: Double
  /// The scale that suits this frame alone best.
  let free: Double
  /// Of the free scale from the spline's, relative.
  var off: Double { free / max(scale, 1e-300) - 1 }
  var isOdd = false

  static func all(_ study: ScalingStudy, _ series: ZoneSeries) -> [FrameReport] {
    let row = study.rows[study.recommended]
    let problem = study.problem
    let scales = row.curve.scales(row.solution.nodes)
    let intensities = row.solution.intensities
    var reports = problem.frames.indices.map { frame -> FrameReport in
      let range = problem.starts[frame]..<problem.starts[frame + 1]
      var (squares, products, off, sum) = (0.0, 0.0, 0.0, 0.0)
      for place in range {
        let measured = problem.rows[place]
        let intensity = max(0, intensities[place])
        squares += measured.weight * intensity
        products += measured.weight * measured.amplitude * intensity.squareRoot()
        off += (measured.amplitude - (scales[frame] * intensity).squareRoot()).magnitude
        sum += measured.amplitude
      }
      let root = squares > 0 ? products / squares : 0
      return FrameReport(
        zone: series.zones[problem.zones[frame]], rows: range.count, r: sum > 0 ? 100 * off / sum : .nan,
        scale: scales[frame], deviation: row.uncertainties.scales[frame], free: root * root)
    }
    // Robustly: the odd ones must not hide themselves.
    let sorted = reports.map(\.off.magnitude).sorted()
    let limit = max(0.05, 2.5 * 1.4826 * (sorted.isEmpty ? 0 : sorted[sorted.count / 2]))
    for place in reports.indices { reports[place].isOdd = reports[place].off.magnitude > limit }
    return reports
  }
}
