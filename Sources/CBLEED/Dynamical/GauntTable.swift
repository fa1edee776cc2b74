import Arrays

/// G_LL' = sum over L'' of 4 pi i^(l+l''-l') (integral of Y_L' Y_L* Y_L''*) D_L'': the spherical wave h_L'
/// from a source, seen as waves j_L around a point at D's distance (Pendry 1974, appendix).
///
/// l + l' + l'' is even wherever the integral is not zero, so that the factors are real.
package struct GauntTable: Sendable {
  let basis: AngularBasis
  /// Terms of element (L, L'), at `starts[L count + L']`.
  private var starts: [Int32] = [0]
  private var sources: [Int32] = []
  private var factors: [Double] = []

  package init(maximum: Int) {
    basis = AngularBasis(maximum: maximum)
    let wide = SphericalHarmonics(maximum: 2 * maximum)
    // The integrand is a polynomial of degree <= 4 maximum in cos theta whenever the m add up.
    let (nodes, weights) = gaussLegendre(2 * maximum + 1)
    let tables = nodes.map { x in
      [Double](unsafeUninitializedCapacity: wide.basis.count) { buffer, initialized in
        var row = [ComplexDouble](repeating: .zero, count: wide.basis.count)
        row.withUnsafeMutableBufferPointer {
          guard let base = $0.baseAddress else { return }
          wide.fill(
            base, cosine: ComplexDouble(x), sine: ComplexDouble((1 - x * x).squareRoot()),
            turn: ComplexDouble(1))
        }
        for i in row.indices { buffer.initializeElement(at: i, to: row[i].re) }
        initialized = row.count
      }
    }
    for l in 0...maximum {
      for m in -l...l {
        for lp in 0...maximum {
          for mp in -lp...lp {
            for lpp in stride(from: abs(l - lp), through: l + lp, by: 2) where abs(mp - m) <= lpp {
              let (a, b) = (AngularBasis.index(l, m), AngularBasis.index(lp, mp))
              let c = AngularBasis.index(lpp, mp - m)
              var integral = 0.0
              for (table, weight) in zip(tables, weights) {
                integral += weight * table[a] * table[b] * table[c]
              }
              // Integrals that vanish for a reason of symmetry come out as rounding noise.
              guard abs(integral) > 1e-14 else { continue }
              let sign: Double = (l + lpp - lp) & 3 == 0 ? 1 : -1
              sources.append(Int32(c))
              factors.append(8 * .pi * .pi * integral * sign)
            }
            starts.append(Int32(sources.count))
          }
        }
      }
    }
  }

  /// Writes scale[L'] G_LL' into a block of a larger matrix whose rows are `stride` apart.
  func fill(
    _ block: UnsafeMutablePointer<ComplexDouble>, stride: Int, sums: UnsafePointer<ComplexDouble>,
    scale: UnsafePointer<ComplexDouble>
  ) {
    let size = basis.count
    starts.withUnsafeBufferPointer { starts in
      sources.withUnsafeBufferPointer { sources in
        factors.withUnsafeBufferPointer { factors in
          var element = 0
          for row in 0..<size {
            let out = block + row * stride
            for column in 0..<size {
              var re = 0.0
              var im = 0.0
              for term in Int(starts[element])..<Int(starts[element + 1]) {
                let d = sums[Int(sources[term])]
                re += factors[term] * d.re
                im += factors[term] * d.im
              }
              out[column] = ComplexDouble(re, im) * scale[column]
              element += 1
            }
          }
        }
      }
    }
  }

  /// The propagator alone.
  package func propagator(_ sums: [ComplexDouble]) -> ComplexMatrix {
    let ones = [ComplexDouble](repeating: ComplexDouble(1), count: basis.count)
    return ComplexMatrix(rows: basis.count, columns: basis.count) { out in
      guard let block = out.baseAddress else { return }
      fill(block, stride: basis.count, sums: sums, scale: ones)
    }
  }
}
