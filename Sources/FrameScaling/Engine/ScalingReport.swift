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
  let frames: [FrameReport]
  /// The row that is the answer.
  let answer: Int

  init(
    series: ZoneSeries, study: ScalingStudy, answer spacing: Double?, selection: BeamSelection,
    mismatch: Double, meant: Vector3, fringes: @escaping (Double) -> Double, template: ConstraintTemplate,
    usesTilt: Bool
  ) {
    self.series = series
    self.study = study
    self.selection = selection
    self.mismatch = mismatch
    self.meant = meant
    self.fringes = fringes
    self.template = template
    self.usesTilt = usesTilt
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

  /// R of observed reflections, in per cent: dynamical refinements of sound data stay well below the lower one.
  private static let poor = 12.0
  private static let hopeless = 25.0

  private func judge() -> Judgement {
    var judgement = Judgement()
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
    if steps < 0.8 * needed {
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

  // MARK: What there is to look at

  private func profiles() -> [Profile] {
    let axis = tiltAxis
    let by = axis == nil ? "frame" : "tilt"
    func profile(_ name: String, _ values: [Double]) -> Profile {
      Profile(
        name: name, unit: axis == nil ? "frame" : "deg", start: axis?.start ?? 1, step: axis?.step ?? 1,
        values: values.map { $0.isFinite ? $0.rounded(digits: 5, keepsWhole: false) : 0 })
    }
    let steps = study.scan.map(\.thickness)
    return [
      profile("scale by \(by), measured", frames.map(\.free)),
      profile("scale by \(by), predicted", frames.map(\.scale)),
      profile("R by \(by), %", frames.map(\.r)),
      Profile(
        name: "chi² of the start by thickness", unit: "Å", start: steps.first ?? 0,
        step: steps.count > 1 ? steps[1] - steps[0] : 1,
        values: study.scan.map { $0.chi2.rounded(digits: 5, keepsWhole: false) }),
    ]
  }

  /// The frames' tilts where they are even and none is missing.
  private var tiltAxis: (start: Double, step: Double)? {
    let tilts = frames.map(\.zone.alpha)
    guard frames.count == series.zones.count, tilts.count > 1 else { return nil }
    let step = (tilts[tilts.count - 1] - tilts[0]) / Double(tilts.count - 1)
    guard step > 1e-3 else { return nil }
    let isEven = tilts.enumerated().allSatisfy {
      ($0.element - tilts[0] - step * Double($0.offset)).magnitude < 0.3 * step
    }
    return isEven
      ? (tilts[0].rounded(digits: 6, keepsWhole: false), step.rounded(digits: 6, keepsWhole: false)) : nil
  }

  /// Every spacing with its left-out R: `h 1 6.64, 3 6.33`.
  private var spacingWords: String {
    let rows = study.rows.sorted { $0.placement.spacing < $1.placement.spacing }
    return "h "
      + rows.map { "\($0.placement.spacing.short) \($0.leftOut.rObserved.short)" }.joined(separator: ", ")
  }

  /// The frame that agrees worst, of those with enough reflections to say so, as a pattern; and what there is to choose
  /// from: frames and spacings; and every frame's reflections.
  private func exhibits() -> [Exhibit] {
    let amplitudes = Refinement(study.problem, best.curve)
      .amplitudes(best.solution.intensities, best.solution.nodes)
    let tables = [zoneTable, spacingTable] + reflectionTables(amplitudes)
    let candidates = frames.indices.filter { frames[$0].rows >= 5 && frames[$0].r.isFinite }
    guard let worst = candidates.max(by: { frames[$0].r < frames[$1].r }) else {
      return tables.map { .table($0) }
    }
    let pattern = FramePattern(
      study.problem, frame: worst, amplitudes: amplitudes, name: "Zone \(frames[worst].zone.id)",
      limit: selection.limit)
    return [.image(pattern.observed), .image(pattern.expected), .image(pattern.difference)]
      + tables.map { .table($0) }
  }

  private var zoneTable: Exhibit.Table {
    let known = Dictionary(uniqueKeysWithValues: zip(study.problem.zones, frames))
    let rows = series.zones.enumerated().map { place, zone -> Exhibit.Row in
      guard let frame = known[place] else {
        return Exhibit.Row("\(zone.id)", [zone.alpha, 0, .nan, .nan, .nan], flags: ["out"])
      }
      return Exhibit.Row(
        "\(zone.id)", [zone.alpha, Double(frame.rows), frame.r, frame.scale, 100 * frame.off],
        flags: frame.isOdd ? ["odd"] : [])
    }
    return Exhibit.Table(
      "Frames",
      [
        Exhibit.Column("tilt", unit: "deg", decimals: 1), Exhibit.Column("refl"),
        Exhibit.Column("R", unit: "%", decimals: 1), Exhibit.Column("scale", decimals: scaleDecimals),
        Exhibit.Column("off", unit: "%", decimals: 1),
      ], rows, edits: [.leaveOut])
  }

  /// Four digits of a typical scale.
  private var scaleDecimals: Int {
    let middle = frames.map(\.scale).sorted()
    let typical = middle.isEmpty ? 1 : max(1e-9, middle[middle.count / 2])
    return max(0, min(9, 3 - Int(bounded: log10(typical).rounded(.down))))
  }

  private var spacingTable: Exhibit.Table {
    let order = study.rows.indices.sorted {
      study.rows[$0].placement.spacing < study.rows[$1].placement.spacing
    }
    let rows = order.map { place -> Exhibit.Row in
      let row = study.rows[place]
      let agreement = row.solution.agreement
      return Exhibit.Row(
        row.placement.spacing.short,
        [
          Double(row.placement.nodes.count), Double(row.parameters), agreement.rObserved,
          row.leftOut.rObserved, agreement.wrAll, agreement.rAll, row.solution.thickness,
        ], flags: place == study.recommended ? ["best"] : [])
    }
    return Exhibit.Table(
      "Spacing of nodes",
      [
        Exhibit.Column("nodes"), Exhibit.Column("par"), Exhibit.Column("R", decimals: 2),
        Exhibit.Column("R free", decimals: 2), Exhibit.Column("wR", decimals: 2),
        Exhibit.Column("R all", decimals: 2), Exhibit.Column("t", unit: "Å"),
      ], rows, chosen: order.firstIndex(of: answer), edits: [.choose])
  }

  /// One a zone that has reflections; `part` is the zone's place in the table of frames.
  private func reflectionTables(_ amplitudes: [Double]) -> [Exhibit.Table] {
    let problem = study.problem
    return problem.frames.indices.map { frame in
      let rows = (problem.starts[frame]..<problem.starts[frame + 1]).map { place -> Exhibit.Row in
        let row = problem.rows[place]
        return Exhibit.Row(
          "\(row.index.x) \(row.index.y) \(row.index.z)",
          [
            row.amplitude, amplitudes[place],
            row.weight.squareRoot() * (row.amplitude - amplitudes[place]),
          ], flags: row.isObserved ? [] : ["weak"])
      }
      return Exhibit.Table(
        "Reflections of \(frames[frame].zone.id)",
        [
          Exhibit.Column("F observed", decimals: 1), Exhibit.Column("calculated", decimals: 1),
          Exhibit.Column("off", unit: "σ", decimals: 1),
        ], rows, part: problem.zones[frame])
    }
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

  static func all(_ problem: ScalingProblem, _ row: ScalingStudy.Row, _ series: ZoneSeries) -> [FrameReport] {
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
