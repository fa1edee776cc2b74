import Arrays
import Glibc  // atan2, cos, sin
import Scattering

/// Which other convergence angle or mistilt would halve the interval of the thickness, from the table: the same dose on
/// the same specimen. Nothing where none would, or where most of the interval is what no pattern tells.
struct ThicknessAdvice: Sendable {
  /// mrad; the angle nearest to the present one.
  private(set) var convergence: Double?
  /// In the crystal's frame, mrad; the one that is fewest mrad away.
  private(set) var mistilt: Vector2?

  init?(_ answer: FrameAnswer) {
    guard let fit = answer.chosen?.fit, answer.ambiguous.isEmpty,
      // What other surfaces and physics may do remains.
      answer.systematic(fit.parameters.thickness) < answer.halfWidth / 2
    else { return nil }
    let matcher = answer.matcher
    // One table tells how patterns change as well as three.
    let judge = PatternFit(
      table: matcher.table, image: answer.output.image, statedConvergence: fit.parameters.convergence)
    guard let now = judge.foresight(of: fit.parameters, like: fit), now.noise > 0 else { return nil }
    let options = Self.options(fit.parameters, matcher.domain)
    let halves = parallelMap(options.count) { number -> Bool in
      guard let then = judge.foresight(of: options[number], like: fit) else { return false }
      let half = answer.halfWidth(
        spread: fit.thicknessSpread * then.noise / now.noise,
        bias: now.bias > 0 ? fit.thicknessBias * then.bias / now.bias : 0)
      return half < answer.halfWidth / 2
    }
    let good = zip(options, halves).filter(\.1).map(\.0)
    let p = fit.parameters
    convergence = good.map(\.convergence).filter { $0 != p.convergence }.min {
      abs($0 - p.convergence) < abs($1 - p.convergence)
    }
    mistilt = good.filter { $0.convergence == p.convergence }.map(\.mistilt).min {
      ($0 - p.mistilt).length < ($1 - p.mistilt).length
    }
    if convergence == nil, mistilt == nil { return nil }
  }

  /// Angles that the model knows, and mistilts about the present one as far as the table goes.
  private static func options(_ p: PatternParameters, _ domain: ModelDomain) -> [PatternParameters] {
    var options: [PatternParameters] = []
    let angles = 6
    for number in 0...angles {
      let span = domain.convergence.upperBound - domain.convergence.lowerBound
      let angle = domain.convergence.lowerBound + span * Double(number) / Double(angles)
      guard abs(angle / p.convergence - 1) > 0.05 else { continue }
      var q = p
      q.convergence = angle
      options.append(q)
    }
    let (limit, directions) = (domain.mistilt.upperBound, 8)
    for ring in [0.2, 0.4] {
      for number in 0..<directions {
        let angle = 2 * Double.pi * Double(number) / Double(directions)
        var q = p
        q.mistilt += Vector2(cos(angle), sin(angle)) * (ring * limit)
        if q.mistilt.length < 0.95 * limit { options.append(q) }
      }
    }
    return options
  }

  /// `half as wide at 22 mrad, or tilted 3.1 mrad towards [110], 4° off`.
  func said(_ direction: (Vector2) -> String?) -> String {
    var ways: [String] = []
    if let convergence { ways.append("at \(((convergence * 10).rounded() / 10).short) mrad") }
    if let mistilt {
      let size = ((mistilt.length * 10).rounded() / 10).short
      ways.append("tilted \(size) mrad" + (direction(mistilt).map { " \($0)" } ?? ""))
    }
    return "half as wide " + ways.joined(separator: ", or ")
  }
}
