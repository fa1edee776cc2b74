import Glibc

/// Exchange and correlation of the homogeneous electron gas without spin, in Hartree: Dirac's exchange and
/// the correlation of Vosko, Wilk and Nusair (1980).
enum LocalDensity {
  static func energyAndPotential(_ density: Double) -> (energy: Double, potential: Double) {
    guard density > 1e-30 else { return (0, 0) }
    let exchange = -0.75 * cbrt(3 * density / .pi)
    let x = sqrt(cbrt(3 / (4 * .pi * density)))
    let (a, x0, b, c) = (0.0310907, -0.10498, 3.72744, 12.9352)
    func quadratic(_ x: Double) -> Double { x * x + b * x + c }
    let q = sqrt(4 * c - b * b)
    let slope = 2 * x + b
    let angle = atan(q / slope)
    let weight = b * x0 / quadratic(x0)
    let correlation =
      a
      * (log(x * x / quadratic(x)) + 2 * b / q * angle - weight
        * (log((x - x0) * (x - x0) / quadratic(x)) + 2 * (b + 2 * x0) / q * angle))
    let round = q * q + slope * slope
    let derivative =
      a
      * (2 / x - slope / quadratic(x) - 4 * b / round - weight
        * (2 / (x - x0) - slope / quadratic(x) - 4 * (b + 2 * x0) / round))
    return (exchange + correlation, 4.0 / 3 * exchange + correlation - x / 6 * derivative)
  }
}
