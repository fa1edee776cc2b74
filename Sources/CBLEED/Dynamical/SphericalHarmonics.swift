import Arrays

/// Y_lm of plane waves with complex directions, Condon and Shortley's phase.
package struct SphericalHarmonics: Sendable {
  let basis: AngularBasis
  private let norms: [Double]

  package init(maximum: Int) {
    basis = AngularBasis(maximum: maximum)
    norms = basis.norms
  }

  /// Fills `values` (basis order) for cos theta = `cosine`, sin theta = `sine` and exp(i phi) = `turn`.
  func fill(
    _ values: UnsafeMutablePointer<ComplexDouble>, cosine: ComplexDouble, sine: ComplexDouble,
    turn: ComplexDouble
  ) {
    let maximum = basis.maximum
    // Unnormalised P_lm in place, then the factors: P_mm = -(2m-1) sin P_(m-1)(m-1), up in l from there.
    values[0] = ComplexDouble(1)
    for m in 0...maximum {
      let diagonal = AngularBasis.index(m, m)
      if m > 0 { values[diagonal] = -Double(2 * m - 1) * (sine * values[AngularBasis.index(m - 1, m - 1)]) }
      guard m < maximum else { break }
      values[AngularBasis.index(m + 1, m)] = Double(2 * m + 1) * (cosine * values[diagonal])
      for l in stride(from: m + 2, through: maximum, by: 1) {
        let up = Double(2 * l - 1) * (cosine * values[AngularBasis.index(l - 1, m)])
        values[AngularBasis.index(l, m)] =
          (up - Double(l + m - 1) * values[AngularBasis.index(l - 2, m)]) / Double(l - m)
      }
    }
    var phase = ComplexDouble(1)
    for m in 0...maximum {
      if m > 0 { phase *= turn }
      let sign: Double = m & 1 == 0 ? 1 : -1
      for l in m...maximum {
        let at = AngularBasis.index(l, m)
        let value = norms[at] * values[at]
        values[at] = value * phase
        if m > 0 { values[AngularBasis.index(l, -m)] = sign * (value * phase.conjugate) }
      }
    }
  }
}
