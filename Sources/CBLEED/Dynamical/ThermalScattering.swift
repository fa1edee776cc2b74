import Arrays
import Glibc

/// T_l of an atom that vibrates: f(theta) = sum (2l+1) i sin(d_l) exp(i d_l) P_l, damped by
/// exp(-u2 q^2 / 2) with q^2 = 2 k^2 (1 - cos theta), and expanded again.
///
/// k is the real wave number: absorption between atoms is no part of an atom.
package func thermalScattering(
  _ phaseShifts: [Double], meanSquare: Double, squaredWaveNumber: Double, maximum: Int
) -> [ComplexDouble] {
  let rigid = phaseShifts.map { ComplexDouble(phase: $0) * ComplexDouble(0, sin($0)) }
  // The exponential is entire and its exponent at most a few units: 48 nodes are exact to rounding.
  let (nodes, weights) = gaussLegendre(48)
  var damped = [ComplexDouble](repeating: .zero, count: maximum + 1)
  for (x, weight) in zip(nodes, weights) {
    let legendre = legendrePolynomials(max(maximum, rigid.count - 1), x)
    var amplitude = ComplexDouble.zero
    for l in rigid.indices { amplitude += (Double(2 * l + 1) * legendre[l]) * rigid[l] }
    amplitude *= weight * exp(-meanSquare * squaredWaveNumber * (1 - x)) / 2
    for l in 0...maximum { damped[l] += legendre[l] * amplitude }
  }
  return damped
}
