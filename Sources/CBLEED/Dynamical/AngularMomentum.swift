import Glibc

/// The order of spherical waves everywhere: (0,0), (1,-1), (1,0), (1,1), (2,-2) …
struct AngularBasis: Sendable {
  let maximum: Int

  var count: Int { (maximum + 1) * (maximum + 1) }

  static func index(_ l: Int, _ m: Int) -> Int { l * l + l + m }

  /// l of every basis function.
  var degrees: [Int] { (0...maximum).flatMap { l in Array(repeating: l, count: 2 * l + 1) } }

  /// sqrt((2l+1)/4pi (l-m)!/(l+m)!) for m >= 0, at `index(l, m)`.
  var norms: [Double] {
    var norms = [Double](repeating: 0, count: count)
    for l in 0...maximum {
      var ratio = 1.0
      for m in 0...l {
        if m > 0 { ratio /= Double((l - m + 1) * (l + m)) }
        norms[Self.index(l, m)] = (Double(2 * l + 1) / (4 * .pi) * ratio).squareRoot()
      }
    }
    return norms
  }
}

/// P_0(x) … P_maximum(x).
func legendrePolynomials(_ maximum: Int, _ x: Double) -> [Double] {
  var values = [1.0, x]
  for l in 1..<max(maximum, 2) {
    values.append((Double(2 * l + 1) * x * values[l] - Double(l) * values[l - 1]) / Double(l + 1))
  }
  return Array(values[...maximum])
}
