import Glibc

extension PhaseShifts {
  /// The phase shifts of a muffin-tin sphere: the radial equation is integrated to its surface and the
  /// slope there matched to free waves. Branches are followed from the lowest energy, where they lie in
  /// (-pi/2, pi/2].
  package init(muffinTin: MuffinTin, energies: [Double] = standardEnergies, maximum: Int = 10) {
    let steps = 2400
    // Runge and Kutta look at the middle of every step, so the table has twice as many points.
    let start = muffinTin.radii[0]
    let half = log(muffinTin.radius / start) / Double(2 * steps)
    let radii = (0...2 * steps).map { start * exp(Double($0) * half) }
    let potential = muffinTin.values(at: radii)
    var rows: [[Double]] = []
    for energy in energies {
      let hartree = energy / Physics.hartree
      let k = (2 * hartree).squareRoot()
      let free = SphericalBessel(maximum: maximum, x: k * muffinTin.radius)
      rows.append(
        (0...maximum).map { l in
          let slope = logarithmicSlope(l, hartree, radii, potential, 2 * half) / k
          var delta = atan(
            (free.slopes[l] - slope * free.values[l]) / (free.irregularSlopes[l] - slope * free.irregular[l]))
          if let before = rows.last?[l] { delta += .pi * ((before - delta) / .pi).rounded() }
          return delta
        })
    }
    self.init(energies: energies, values: rows)
  }

  /// 10 to 140 eV, close enough for straight lines in between.
  package static let standardEnergies = stride(from: 10.0, through: 140, by: 2.5).map { $0 }
}

/// R'/R at the last radius, for y = u / sqrt(r), y'' = ((l + 1/2)^2 + 2 r^2 (V - E)) y in ln r.
private func logarithmicSlope(
  _ l: Int, _ energy: Double, _ radii: [Double], _ potential: [Double], _ h: Double
) -> Double {
  let power = Double(l) + 0.5
  func g(_ i: Int) -> Double { power * power + 2 * radii[i] * radii[i] * (potential[i] - energy) }
  var y = 1.0
  var slope = power
  for i in stride(from: 0, to: radii.count - 1, by: 2) {
    let (g0, g1, g2) = (g(i), g(i + 1), g(i + 2))
    let (a1, b1) = (slope, g0 * y)
    let (a2, b2) = (slope + h / 2 * b1, g1 * (y + h / 2 * a1))
    let (a3, b3) = (slope + h / 2 * b2, g1 * (y + h / 2 * a2))
    let (a4, b4) = (slope + h * b3, g2 * (y + h * a3))
    y += h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
    slope += h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
    if abs(y) > 1e100 {
      y *= 1e-100
      slope *= 1e-100
    }
  }
  // u = sqrt(r) y and R = u / r.
  return (slope / y - 0.5) / (radii.last ?? 1)
}

/// j_l and n_l and their derivatives.
struct SphericalBessel {
  var values: [Double]
  var irregular: [Double]
  var slopes: [Double]
  var irregularSlopes: [Double]

  init(maximum: Int, x: Double) {
    // j shrinks with l: downwards from far above (Miller), scaled by the larger of j_0 and j_1.
    let top = max(maximum, Int(x)) + 40
    var j = [Double](repeating: 0, count: top + 2)
    j[top] = 1e-250
    for l in stride(from: top, to: 0, by: -1) { j[l - 1] = Double(2 * l + 1) / x * j[l] - j[l + 1] }
    let (j0, j1) = (sin(x) / x, sin(x) / (x * x) - cos(x) / x)
    let scale = abs(j0) > abs(j1) ? j0 / j[0] : j1 / j[1]
    j = j.map { $0 * scale }
    var n = [-cos(x) / x, -cos(x) / (x * x) - sin(x) / x]
    for l in 1..<max(maximum + 1, 2) { n.append(Double(2 * l + 1) / x * n[l] - n[l - 1]) }
    // f_l' = l/x f_l - f_(l+1)
    func derivatives(_ f: [Double]) -> [Double] { (0...maximum).map { Double($0) / x * f[$0] - f[$0 + 1] } }
    values = Array(j[...maximum])
    irregular = Array(n[...maximum])
    slopes = derivatives(j)
    irregularSlopes = derivatives(n)
  }
}
