import Glibc

/// Radii r_i = start exp(i step): fine at the nucleus, coarse outside.
struct RadialGrid: Sendable, Equatable {
  let start: Double
  let step: Double
  let radii: [Double]

  var count: Int { radii.count }

  init(start: Double, end: Double, step: Double) {
    self.init(start: start, step: step, count: Int((log(end / start) / step).rounded(.up)) + 1)
  }

  init(start: Double, step: Double, count: Int) {
    self.start = start
    self.step = step
    radii = (0..<count).map { start * exp(Double($0) * step) }
  }

  /// Integral of f dr from the first point to every point, by the cubic through four points around each
  /// interval; what lies inside the first radius is left out.
  func runningIntegral(_ f: [Double]) -> [Double] {
    let g = zip(f, radii).map { $0 * $1 }
    var sums = [Double](repeating: 0, count: count)
    for i in 1..<count {
      // Beyond the ends the integrand is taken as constant; it is negligible at both.
      let (a, d) = (g[max(i - 2, 0)], g[min(i + 1, count - 1)])
      sums[i] = sums[i - 1] + step / 24 * (13 * (g[i - 1] + g[i]) - a - d)
    }
    return sums
  }

  func integral(_ f: [Double]) -> Double { runningIntegral(f).last ?? 0 }

  /// A tabulated function at `r`, by the cubic through four points in ln r; nothing beyond the last point.
  func value(_ f: [Double], at r: Double) -> Double {
    let x = log(r / start) / step
    guard x < Double(count - 1) else { return 0 }
    let i = min(max(Int(x) - 1, 0), count - 4)
    let t = x - Double(i)
    let (a, b, c, d) = (t, t - 1, t - 2, t - 3)
    return -b * c * d / 6 * f[i] + a * c * d / 2 * f[i + 1] - a * b * d / 2 * f[i + 2] + a * b * c / 6
      * f[i + 3]
  }
}
