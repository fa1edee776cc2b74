import Arrays
import Scattering

/// What one part of a pattern says by itself, the geometry that all of it shares held fast.
struct Witness: Sendable {
  let thickness: Double
  /// Standard deviation.
  let spread: Double

  /// Farther apart than three deviations of both, and than what physics that no table holds does to either.
  func contradicts(_ other: Witness) -> Bool {
    let joint = (spread * spread + other.spread * other.spread).squareRoot()
    let apart = abs(thickness - other.thickness)
    return apart > 3 * joint && apart > 0.03 * max(thickness, other.thickness) && apart > 0.3
  }
}

extension PatternMatcher {
  /// The bright disc and what lies outside of it, answering separately. They err together, so that agreement proves
  /// nothing; but a wrong minimum, or a crystal that is another one, rarely deceives both alike.
  func witnesses(of best: PatternFit.Result, _ fit: PatternFit) -> (disc: Witness, rest: Witness)? {
    let p = best.parameters
    let radius = p.convergence / (fit.image.pitch * p.scale)
    let size = FitImage.size
    let middle = Double(size - 1) / 2
    func part(_ holds: (Double) -> Bool) -> FitImage {
      fit.image.limited { index in
        let at = Vector2(Double(index / size) - middle - p.shift.x, Double(index % size) - middle - p.shift.y)
        return holds(at.length / radius)
      }
    }
    // Pixels at the rim belong to neither: there the smallest error of the angle counts most.
    let parts = [part { $0 < 0.96 }, part { $0 > 1.04 }]
    guard parts.allSatisfy({ $0.counted.count > 200 }) else { return nil }
    let fits = parts.map { image in
      var fit = fit
      fit.image = image
      fit.fixed = Set(PatternFit.Quantity.allCases).subtracting([.thickness, .tiltX, .tiltY])
      return fit
    }
    let answers = parallelMap(2) { number in
      let result = fits[number].run(from: p, steps: 6)
      return Witness(thickness: result.parameters.thickness, spread: result.thicknessSpread)
    }
    return (answers[0], answers[1])
  }
}
