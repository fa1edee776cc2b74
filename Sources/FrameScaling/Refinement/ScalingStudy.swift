import Arrays
import Diffraction
import Glibc

/// What a study of a series is asked for.
package struct StudyRequest: Sendable {
  /// Node spacings to compare, in units of the abscissa; the first is refined first.
  package var spacings: [Double]
  package var rule = NodeRule.offset
  package var mergesShortEnd = false
  /// Nil: both models of the thickness are tried, and the simpler one stays unless the data ask for the other.
  package var model: ThicknessModel?
  package var folds = 5
  package var seed = 1
  /// Whether the other hand is refined, too.
  package var triesOtherHand = true
  package var thicknesses: [Double] = stride(from: 20.0, through: 2000, by: 20).map { $0 }
  /// Where the spline runs: the zones' numbers, or their tilts.
  package var usesTilt = false
  /// One step from where the scan of the thickness begins, with one hand and the first spacing: for a series that grows
  /// faster than it can be refined.
  package var isQuick = false

  package init(spacings: [Double]) { self.spacings = spacings }
}

/// A structure refined against a series with splines of several spacings, and what the data say about each.
package struct ScalingStudy: Sendable {
  package struct Row: Sendable {
    package let placement: NodePlacement
    package let curve: ScaleCurve
    package let solution: ScalingSolution
    package let parameters: Int
    package let uncertainties: Uncertainties
    /// Of measurements that the fit did not see.
    package let leftOut: Agreement
  }

  package let problem: ScalingProblem
  package let abscissae: [Double]
  package let rows: [Row]
  /// The row with the lowest left-out R of observed reflections.
  package let recommended: Int
  /// Thickness and chi² of the start, one value of the thickness everywhere.
  package let scan: [(thickness: Double, chi2: Double)]
  /// The same fit with the other hand, at the first spacing, and with this one.
  package let hands: (chosen: Agreement, other: Agreement)?
  /// The fits of both thickness models, where both were tried.
  package let models: [(model: ThicknessModel, agreement: Agreement, thickness: Double)]

  private struct Start: Equatable {
    let model: ThicknessModel
    let hand: Hand
    let thickness: Double
    let chi2: Double
  }

  /// A distribution of the thickness has to lower chi² by this share.
  private static let askedFor = 0.1

  /// `refined` makes the same problem with as many rocking steps as a crystal of the thickness needs that the scan found.
  package init(
    _ scanned: ScalingProblem, series: ZoneSeries, request: StudyRequest,
    isCancelled: @escaping @Sendable () -> Bool = { false }, progress: (Double) -> Void = { _ in },
    refined: (Double) throws -> ScalingProblem? = { _ in nil }
  ) throws {
    var start = scanned
    let abscissae = start.zones.map {
      request.usesTilt ? series.zones[$0].alpha : Double(series.zones[$0].id)
    }
    self.abscissae = abscissae
    let placements = try request.spacings.map { spacing -> (NodePlacement, ScaleCurve) in
      guard let first = abscissae.min(), let last = abscissae.max(),
        let placement = NodePlacement(
          first: first, last: last, spacing: spacing, rule: request.rule,
          mergesShortEnd: request.mergesShortEnd),
        let spline = SplineWeights(abscissae: abscissae, nodes: placement.nodes)
      else {
        throw ScalingProblem.Failure(
          description:
            "a spline cannot have nodes \(fixed(spacing, 2)) apart over \(start.zones.count) frames")
      }
      return (placement, ScaleCurve(spline))
    }
    guard let (_, main) = placements.first else {
      throw ScalingProblem.Failure(description: "no node spacing to refine with")
    }
    let values = start.structure.start
    let models = request.model.map { [$0] } ?? [.single, .uniform]
    let hands = request.triesOtherHand && !request.isQuick ? Hand.allCases : [start.hand]
    // Where each model and each hand starts from.
    var scan: [(Double, Double)] = []
    var starts: [Start] = []
    for hand in hands {
      let table = try start.with(model: .single, hand: hand).scan(
        values, thicknesses: request.thicknesses, isCancelled: isCancelled)
      for model in models {
        let curve = ThicknessCurve(start, table, request.thicknesses, model).chi2
        if model == .single && hand == start.hand || scan.isEmpty { scan = curve }
        guard let best = curve.min(by: { $0.1 < $1.1 }) else { continue }
        starts.append(Start(model: model, hand: hand, thickness: best.0, chi2: best.1))
      }
      progress(0.05 * Double(starts.count))
    }
    self.scan = scan.map { (thickness: $0.0, chi2: $0.1) }
    guard var best = starts.min(by: { $0.chi2 < $1.chi2 }) else {
      throw ScalingProblem.Failure(description: "no thickness to start from")
    }
    if request.isQuick {
      let single = starts.first { $0.model == .single }
      if let single, best.chi2 > (1 - Self.askedFor) * single.chi2 { best = single }
      starts = [best]
    }
    if let finer = try refined(best.thickness * best.model.mean) { start = finer }
    func refine(_ begin: Start) throws
      -> (Refinement, ScalingSolution)
    {
      var refinement = Refinement(start.with(model: begin.model, hand: begin.hand), main)
      refinement.isCancelled = isCancelled
      // What is compared need not be finished.
      if begin != best {
        (refinement.tolerance, refinement.every, refinement.provesMinimum) = (3e-3, 2, false)
      }
      if request.isQuick { refinement.mostIterations = 1 }
      return (refinement, try refinement.refine(values, thickness: begin.thickness))
    }
    var chosen = try refine(best)
    progress(0.3)
    var tried = [(chosen.0.problem.model, chosen.1.agreement, chosen.1.thickness)]
    if let other = starts.first(where: { $0.hand == best.hand && $0.model != best.model }) {
      let fit = try refine(other)
      tried.append((other.model, fit.1.agreement, fit.1.thickness))
      let single = chosen.0.problem.model == .single ? chosen : fit
      let spread = chosen.0.problem.model == .single ? fit : chosen
      chosen =
        spread.1.agreement.chi2 < (1 - Self.askedFor) * single.1.agreement.chi2 ? spread : single
    }
    self.models = tried.map { (model: $0.0, agreement: $0.1, thickness: $0.2) }
    progress(0.45)
    let model = chosen.0.problem.model
    if let other = starts.first(where: { $0.hand != best.hand && $0.model == model }) {
      let fit = try refine(other)
      // Whichever hand the scan preferred, the refined ones decide.
      let pair = [chosen, fit].sorted { $0.1.agreement.chi2 < $1.1.agreement.chi2 }
      self.hands = (pair[0].1.agreement, pair[1].1.agreement)
      chosen = pair[0]
    } else {
      self.hands = nil
    }
    progress(0.6)
    problem = chosen.0.problem
    var rows: [Row] = []
    var latest = chosen.1
    for (number, (placement, curve)) in placements.prefix(request.isQuick ? 1 : .max).enumerated() {
      var refinement = Refinement(problem, curve)
      refinement.isCancelled = isCancelled
      // The first was refined above, unless only to compare.
      if !request.isQuick,
        number > 0 || !latest.hasConverged || chosen.0.tolerance > refinement.tolerance
      {
        latest = try refinement.refine(from: latest)
      }
      rows.append(
        Row(
          placement: placement, curve: curve, solution: latest, parameters: refinement.parameterCount,
          uncertainties: refinement.uncertainties(latest),
          leftOut: refinement.leftOut(latest, folds: request.folds, seed: request.seed)))
      progress(0.6 + 0.4 * Double(number + 1) / Double(placements.count))
    }
    self.rows = rows
    recommended =
      rows.indices.min { rows[$0].leftOut.rObserved < rows[$1].leftOut.rObserved } ?? 0
  }
}

/// chi² over the thickness with a free scale for every frame.
struct ThicknessCurve {
  let chi2: [(Double, Double)]

  init(_ problem: ScalingProblem, _ table: DoubleMatrix, _ thicknesses: [Double], _ model: ThicknessModel) {
    // Means over distributions, from the even grid of thicknesses, by the trapezoidal rule from nothing on.
    var sums = [Double](repeating: 0, count: problem.rows.count)
    var moments = sums
    chi2 = thicknesses.enumerated().map { column, thickness in
      let step = column > 0 ? thickness - thicknesses[column - 1] : thickness
      let intensities = problem.rows.indices.map { row -> Double in
        let now = table[row, column]
        let before = column > 0 ? table[row, column - 1] : 0
        sums[row] += 0.5 * step * (now + before)
        moments[row] += 0.5 * step * (now * thickness + before * (thickness - step))
        switch model {
        case .single: return now
        case .uniform: return sums[row] / thickness
        case .triangle: return 2 * (sums[row] - moments[row] / thickness) / thickness
        }
      }
      var total = 0.0
      for frame in problem.frames.indices {
        var (squares, products, measured) = (0.0, 0.0, 0.0)
        for row in problem.starts[frame]..<problem.starts[frame + 1] {
          let item = problem.rows[row]
          let intensity = max(0, intensities[row])
          squares += item.weight * intensity
          products += item.weight * item.amplitude * intensity.squareRoot()
          measured += item.weight * item.amplitude * item.amplitude
        }
        total += measured - (squares > 0 ? products * products / squares : 0)
      }
      return (thickness, total)
    }
  }
}
