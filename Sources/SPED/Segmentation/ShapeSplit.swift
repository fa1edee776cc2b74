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

  struct Fit {
    var shapes: [CrystalShape]
    var criterion: Double
  }

  /// The region's crystals: one set for one crystal. `pieces` forces their number.
  func split(_ points: PointSet, _ spots: SpotLevels, pieces: Int? = nil) -> [PointSet] {
    guard pieces ?? 2 > 1, points.count >= 2 * minimumArea else { return [points] }
    let window = ShapeWindow(points, spots)
    if let pieces {
      guard let fit = bestMultiple(window, pieces) else { return [points] }
      return window.sets(fit.shapes, within: points).filter { !$0.isEmpty }
    }
    if let fit = flatCrystals(window, spots) {
      let sets = window.sets(fit.shapes, within: points)
      if sets.allSatisfy({ $0.count >= minimumArea }) { return sets }
    }
    guard ConvexHull.solidity(points) < solidity else { return [points] }
    let whole = bestSingle(window)
    var best: Fit?
    for number in [2, 3] {
      guard let fit = bestMultiple(window, number) else { continue }
      if fit.criterion < min(whole.criterion, best?.criterion ?? .infinity) - margin { best = fit }
    }
    guard let best else { return [points] }
    let sets = window.sets(best.shapes, within: points)
    return sets.allSatisfy { $0.count >= minimumArea } ? sets : [points]
  }

  /// Rectangles of even brightness, where these explain what one level does not.
  private func flatCrystals(_ window: ShapeWindow, _ spots: SpotLevels) -> Fit? {
    guard spots.points.count >= (spots.isBent ? 60 : 30) else { return nil }
    let single = spots.chiSquared(groups: 1)
    guard single > 1.6 else { return nil }
    // A tilted crystal or a sphere: its patterns change smoothly, and the same way to both sides.
    let smooth = spots.smoothMisfit()
    let mirrored = spots.mirrorMisfit()
    let one = min(smooth, mirrored)
    var three = 0.0
    for number in [2, 3] {
      // Levels without regard to place fit at least as well as any shapes.
      let levels = spots.chiSquared(groups: number == 2 ? 3 : 6)
      if number == 2 { three = levels }
      guard levels < 1.6, levels < 0.8 * one, number == 2 || three > 1.3 && !spots.isBent else { continue }
      guard let fit = bestMultiple(window, number) else { continue }
      let chi = window.levelsMisfit(fit.shapes).chi
      let error = (window.residual(fit.shapes) / Double(window.count)).squareRoot()
      if error < 0.25, isConvincing(chi, one, number, spots.isBent) { return fit }
    }
    return nil
  }

  /// More shapes, and shapes in what may be one bent crystal, have to explain more.
  private func isConvincing(_ chi: Double, _ one: Double, _ number: Int, _ isBent: Bool) -> Bool {
    if isBent { return chi < 2.2 && chi < 0.4 * one }
    if number > 2 { return chi < 2.2 && chi < 0.35 * one }
    return chi < 2.2 && chi < 0.9 * one || chi < 3.5 && chi < 0.65 * one
  }

  private func bestSingle(_ window: ShapeWindow) -> Fit {
    var best = window.freeContour()
    for family in CrystalShape.Family.allCases {
      for start in window.starts(family, number: 1) {
        let fit = optimised(start, window, evaluations: 600)
        if fit.criterion < best.criterion { best = fit }
      }
    }
    return best
  }

  private func bestMultiple(_ window: ShapeWindow, _ number: Int) -> Fit? {
    let starts = window.starts(.rectangle, number: number).map { ($0, window.cost($0)) }
      .sorted { $0.1 < $1.1 }
    let fits = starts.prefix(3).map { optimised($0.0, window, evaluations: 120 * number) }
    guard var best = fits.min(by: { $0.criterion < $1.criterion }) else { return nil }
    best = optimised(best.shapes, window, evaluations: 400 * number)
    // Every shape may be another family.
    for i in 0..<number {
      for family in [CrystalShape.Family.disc, .hexagon] {
        var shapes = best.shapes
        shapes[i] = window.converted(shapes[i], to: family)
        let fit = optimised(shapes, window, evaluations: 150 * number)
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

  private func optimised(_ shapes: [CrystalShape], _ window: ShapeWindow, evaluations: Int) -> Fit {
    let start = shapes.flatMap(\.numbers)
    let families = shapes.map(\.family)
    let steps = shapes.flatMap { window.steps($0) }
    let best = simplexMinimum(start, steps: steps, evaluations: evaluations) { numbers in
      window.cost(Self.shapes(families, numbers))
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
