import Glibc

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

  /// Gauss and Legendre's fourteen points on 0 to 1.
  private static let gauss: [(share: Double, weight: Double)] = {
    let count = 14
    return (0..<count).map { i in
      var x = cos(.pi * (Double(i) + 0.75) / (Double(count) + 0.5))
      var slope = 1.0
      for _ in 0..<50 {
        var (p, q) = (1.0, 0.0)
        for n in 1...count {
          (p, q) = ((Double(2 * n - 1) * x * p - Double(n - 1) * q) / Double(n), p)
        }
        slope = Double(count) * (x * p - q) / (x * x - 1)
        let step = p / slope
        x -= step
        if step.magnitude < 1e-15 { break }
      }
      return (0.5 * (1 + x), 1 / ((1 - x * x) * slope * slope))
    }
  }()
}
