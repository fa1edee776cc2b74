import Arrays
import Scattering

/// What one part of a pattern says by itself, the geometry that all of it shares held fast.
struct Witness: Sendable {
  let thickness: Double
  /// Standard deviation.
  let spread: Double

  /// Farther apart than three deviations of both, and than what physics that no table holds does to either.
  /// `share` of that is asked for.
  func contradicts(_ other: Witness, share: Double = 1) -> Bool {
    let joint = (spread * spread + other.spread * other.spread).squareRoot()
    let apart = abs(thickness - other.thickness) / share
    return apart > 3 * joint && apart > 0.03 * max(thickness, other.thickness) && apart > 0.3
  }
}

extension PatternMatcher {
  /// The bright disc and what lies outside of it, answering separately. They err together, so that agreement proves
  /// nothing; but a wrong minimum, or a crystal that is another one, rarely deceives both alike.
  func witnesses(of best: PatternFit.Result, _ fit: PatternFit, isQuick: Bool) -> (
    disc: Witness, rest: Witness
  )? {
    // Quickly, on a quarter of the pixels: near the minimum these say the same.
    let image = isQuick ? fit.image.halved : fit.image
    let p = isQuick ? best.parameters.halved : best.parameters
    let radius = p.convergence / (image.pitch * p.scale)
    let size = image.edge
    let middle = Double(size - 1) / 2
    func part(_ holds: (Double) -> Bool) -> FitImage {
      image.limited { index in
        let at = Vector2(Double(index / size) - middle - p.shift.x, Double(index % size) - middle - p.shift.y)
        return holds(at.length / radius)
      }
    }
    // Pixels at the rim belong to neither: there the smallest error of the angle counts most.
    let parts = [part { $0 < 0.96 }, part { $0 > 1.04 }]
    guard parts.allSatisfy({ $0.counted.count > (isQuick ? 50 : 200) }) else { return nil }
    let fits = parts.map { image in
      var fit = fit
      fit.image = image
      fit.fixed = Set(PatternFit.Quantity.allCases).subtracting([.thickness, .tiltX, .tiltY])
      return fit
    }
    let answers = parallelMap(2) { number in
      let result = fits[number].run(from: p, steps: isQuick ? 4 : 6)
      return Witness(thickness: result.parameters.thickness, spread: result.thicknessSpread)
    }
    return (answers[0], answers[1])
  }
}
