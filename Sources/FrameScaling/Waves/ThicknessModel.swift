import Arrays

/// What the crystal's thickness is taken to be. The data may demand a spread and yet not fix its shape: the model is
/// told with the number.
package enum ThicknessModel: String, Sendable, CaseIterable {
  /// One value everywhere.
  case single
  /// Evenly from nothing to a limit.
  case uniform
  /// Falling evenly from nothing to a limit.
  case triangle

  /// The parameter times these are the thicknesses, with these weights.
  package var quadrature: [(share: Double, weight: Double)] {
    switch self {
    case .single: return [(1, 1)]
    case .uniform: return Self.gauss
    case .triangle: return Self.gauss.map { ($0.share, 2 * (1 - $0.share) * $0.weight) }
    }
  }

  /// The mean thickness over the parameter.
  package var mean: Double {
    switch self {
    case .single: 1
    case .uniform: 0.5
    case .triangle: 1.0 / 3
    }
  }

  /// Fourteen points on 0 to 1.
  private static let gauss: [(share: Double, weight: Double)] = {
    let (nodes, weights) = gaussLegendre(14)
    return zip(nodes, weights).map { (0.5 * (1 + $0), 0.5 * $1) }
  }()
}
