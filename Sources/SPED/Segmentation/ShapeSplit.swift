import Arrays
import Glibc

/// Parts a region of one orientation into the convex crystals that it is made of.
///
/// Two things show them. Crystals on a face are flat: their patterns are the same all over and change in a
/// step where another one of other thickness begins or where two overlap. And the outline: one to three discs,
/// rectangles or hexagons, and the outline as it stands, are compared by the Bayesian information criterion
/// n ln(RSS/n) + k ln n of their coverage. Shapes keep what they share.
struct ShapeSplit {
  /// Below this part of its convex hull an outline alone may part a region.
  var solidity = 0.9
  var minimumArea: Int
  /// Splits by outline need to be better by this much.
  var margin = 20.0
  /// Chi squared per value up to which crystals are even.
  var evenness = 2.5

  struct Fit {
    var shapes: [CrystalShape]
    var criterion: Double
  }

  /// The region's crystals: one set for one crystal. `pieces` forces their number.
  func split(_ points: PointSet, _ spots: SpotLevels, pieces: Int? = nil) -> [PointSet] {
    guard pieces ?? 2 > 1, points.count >= 2 * minimumArea else { return [points] }
    let window = ShapeWindow(points, spots)
    if let pieces {
      guard let fit = bestMultiple(window, pieces, spots, points) else { return [points] }
      return window.sets(fit.shapes, within: points).filter { !$0.isEmpty }
    }
    if let fit = flatCrystals(window, spots, points) ?? convexCrystals(window, points) {
      let sets = window.sets(fit.shapes, within: points)
      if sets.allSatisfy({ $0.count >= minimumArea }) { return sets }
    }
    return [points]
  }

  /// Crystals of even brightness, where these explain what no single crystal does.
  private func flatCrystals(_ window: ShapeWindow, _ spots: SpotLevels, _ points: PointSet) -> Fit? {
    guard spots.points.count >= 20, spots.vectors > 2, spots.chiSquared(groups: 1) > 1.3 else { return nil }
    // A tilted crystal, a bent one or a sphere: its patterns change smoothly, or the same way to both sides.
    let one = min(spots.smoothMisfit(), spots.mirrorMisfit())
    let (three, six) = (spots.chiSquared(groups: 3), spots.chiSquared(groups: 6))
    // Levels without regard to place fit at least as well as any shapes.
    guard six < 0.8 * one else { return nil }
    // Three levels are enough where two crystals overlap; what changes smoothly takes more and more of them.
    let hasSteps = three < 0.35 * one && six > 0.6 * three
    func chi(of fit: Fit, ifBelow least: Double) -> Double? {
      let chi = window.levelsMisfit(fit.shapes)
      let error = (window.residual(fit.shapes) / Double(window.count)).squareRoot()
      let part = chi / least
      // The more the levels explain, the less well the outline and the evenness need to be known.
      let isConvincing =
        part < 0.2 && error < 0.2
        || spots.points.count >= 30
          && (part < 0.3 && error < 0.17 && chi < evenness
            || part < 0.6 && error < 0.14 && (chi < evenness || hasSteps))
      return isConvincing ? chi : nil
    }
    let two = bestMultiple(window, 2, spots, points)
    let twoChi = two.flatMap { chi(of: $0, ifBelow: one) }
    // Three may explain what two do not; where two explain nothing, the outline has to show them.
    if let twoChi, twoChi < 1.5 { return two }
    if twoChi == nil, ConvexHull.solidity(points) > solidity { return nil }
    if let fit = bestMultiple(window, 3, spots, points), chi(of: fit, ifBelow: twoChi ?? one) != nil {
      return fit
    }
    return twoChi == nil ? nil : two
  }

  /// Crystals are convex: an outline that is not, and that a few convex ones describe better.
  private func convexCrystals(_ window: ShapeWindow, _ points: PointSet) -> Fit? {
    guard ConvexHull.solidity(points) < solidity else { return nil }
    // A large outline that is far from convex is none of one crystal, however it runs.
    var best = bestSingle(window, isFree: points.count < 60 || ConvexHull.solidity(points) > 0.82)
    let single = best.criterion
    for number in [2, 3] {
      guard let fit = bestMultiple(window, number) else { continue }
      if fit.criterion < best.criterion - margin { best = fit }
    }
    return best.criterion < single ? best : nil
  }

  private func bestSingle(_ window: ShapeWindow, isFree: Bool) -> Fit {
    var best = isFree ? window.freeContour() : Fit(shapes: [], criterion: .infinity)
    for family in CrystalShape.Family.allCases {
      for start in window.starts(family, number: 1) {
        let fit = optimised(start, window, evaluations: 600, window.residual)
        if fit.criterion < best.criterion { best = fit }
      }
    }
    return best
  }

  /// By the outline alone, or by the outline and the spots.
  private func bestMultiple(
    _ window: ShapeWindow, _ number: Int, _ spots: SpotLevels? = nil, _ points: PointSet? = nil
  ) -> Fit? {
    func cost(_ shapes: [CrystalShape]) -> Double {
      spots == nil ? window.residual(shapes) : window.cost(shapes)
    }
    func optimised(_ shapes: [CrystalShape], _ evaluations: Int) -> Fit {
      self.optimised(shapes, window, evaluations: evaluations, cost)
    }
    var first = window.starts(.rectangle, number: number)
    if number == 2, let spots, let points { first += window.starts(spots, points) }
    let starts = first.map { ($0, cost($0)) }.sorted { $0.1 < $1.1 }
    let fits = starts.prefix(4).map { optimised($0.0, 120 * number) }
    guard var best = fits.min(by: { $0.criterion < $1.criterion }) else { return nil }
    // A simplex that has shrunk may stand still beside the minimum: it starts twice.
    for _ in 0..<2 { best = optimised(best.shapes, 250 * number) }
    // Every shape may be another family.
    for i in 0..<number {
      for family in [CrystalShape.Family.disc, .hexagon] {
        var shapes = best.shapes
        shapes[i] = window.converted(shapes[i], to: family)
        let fit = optimised(shapes, 150 * number)
        if fit.criterion < best.criterion { best = fit }
      }
    }
    // A shape that adds little of its own is none.
    for i in 0..<number {
      var others = [Double](repeating: 0, count: window.count)
      for j in 0..<number where j != i {
        for (p, c) in best.shapes[j].coverage(width: window.width, height: window.height).enumerated() {
          others[p] = max(others[p], c)
        }
      }
      var own = 0.0
      let covered = best.shapes[i].coverage(width: window.width, height: window.height)
      for p in 0..<window.count { own += covered[p] * (1 - others[p]) * window.target[p] }
      if own * window.scale * window.scale < 0.5 * Double(minimumArea) || own < 0.1 * best.shapes[i].area {
        return nil
      }
    }
    return best
  }

  private func optimised(
    _ shapes: [CrystalShape], _ window: ShapeWindow, evaluations: Int, _ cost: ([CrystalShape]) -> Double
  ) -> Fit {
    let start = shapes.flatMap(\.numbers)
    let families = shapes.map(\.family)
    let steps = shapes.flatMap { window.steps($0) }
    let best = simplexMinimum(start, steps: steps, evaluations: evaluations) { numbers in
      cost(Self.shapes(families, numbers))
    }
    return Fit(
      shapes: Self.shapes(families, best.point),
      criterion: window.criterion(best.value, parameters: start.count))
  }

  private static func shapes(_ families: [CrystalShape.Family], _ numbers: [Double]) -> [CrystalShape] {
    var at = 0
    return families.map { family in
      let count = family == .disc ? 3 : family == .rectangle ? 5 : 8
      defer { at += count }
      return CrystalShape(family, numbers[at..<at + count])
    }
  }
}
