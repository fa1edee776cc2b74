import Arrays

/// The geometry of D_lm(d) = sum over P of exp(i kappa.P) h_l(k |d - P|) Y_lm(d - P), P = d left out.
///
/// Only the phases know kappa: h_l Y_lm are tabulated once for an energy and a distance d, and the sums
/// for all kappa are one matrix product. Sums run over |P| <= radius, which is symmetric in P, so that
/// D_lm(-d, kappa) = (-1)^l D_lm(d, -kappa) and reciprocity hold exactly.
package struct LatticeTable: Sendable {
  /// (2 maximum + 1)^2 rows, a column for every lattice point.
  let waves: ComplexMatrix

  package init(maximum: Int, waveNumber k: ComplexDouble, points: [PlaneVector], distance d: Position) {
    let basis = AngularBasis(maximum: 2 * maximum)
    let norms = basis.norms
    let count = points.count
    waves = ComplexMatrix(rows: basis.count, columns: count) { out in
      guard let w = out.baseAddress else { return }
      let rows = WaveRows(degree: basis.maximum, waveNumber: k, points: points, distance: d)
      rows.withPointers { hankel, cosine, sine, turn in
        var diagonal = [Double](repeating: 1, count: count)
        var phase = [ComplexDouble](repeating: ComplexDouble(1), count: count)
        var (before, now, next) = (diagonal, diagonal, diagonal)
        for m in 0...basis.maximum {
          if m > 0 {
            let factor = -Double(2 * m - 1)
            for p in 0..<count {
              diagonal[p] *= factor * sine[p]
              phase[p] *= turn[p]
            }
          }
          now = diagonal
          let sign: Double = m & 1 == 0 ? 1 : -1
          for l in m...basis.maximum {
            let norm = norms[AngularBasis.index(l, m)]
            let h = hankel + l * count
            let positive = w + AngularBasis.index(l, m) * count
            let negative = w + AngularBasis.index(l, -m) * count
            now.withUnsafeBufferPointer { legendre in
              phase.withUnsafeBufferPointer { phase in
                for p in 0..<count {
                  let value = h[p] * (norm * legendre[p])
                  (positive + p).initialize(to: value * phase[p])
                  if m > 0 { (negative + p).initialize(to: (sign * value) * phase[p].conjugate) }
                }
              }
            }
            // (l-m+1) P_(l+1)m = (2l+1) x P_lm - (l+m) P_(l-1)m
            let up = Double(2 * l + 1) / Double(l - m + 1)
            let down = l == m ? 0 : Double(l + m) / Double(l - m + 1)
            for p in 0..<count { next[p] = up * cosine[p] * now[p] - down * before[p] }
            (before, now, next) = (now, next, before)
          }
        }
      }
    }
  }

  /// Sums for every row of `phases`: a row for each kappa, in basis order.
  package func sums(_ phases: ComplexMatrix) -> ComplexMatrix {
    .product(phases, waves, right: .transposed)
  }
}

/// h_l(k r), cos theta, sin theta and exp(i phi) of d - P, a row for each, over the lattice points.
private struct WaveRows {
  private var hankel: [ComplexDouble]
  private var cosine: [Double]
  private var sine: [Double]
  private var turn: [ComplexDouble]

  init(degree: Int, waveNumber k: ComplexDouble, points: [PlaneVector], distance d: Position) {
    let count = points.count
    cosine = [Double](repeating: 1, count: count)
    sine = [Double](repeating: 0, count: count)
    turn = [ComplexDouble](repeating: ComplexDouble(1), count: count)
    hankel = [ComplexDouble](repeating: .zero, count: (degree + 1) * count)
    for p in 0..<count {
      let v = d.plane - points[p]
      let rho = v.length
      let r = (v.squaredLength + d.z * d.z).squareRoot()
      // An atom does not scatter its own wave back to itself: the row stays zero.
      guard r > 1e-6 else { continue }
      cosine[p] = d.z / r
      sine[p] = rho / r
      if rho > 1e-9 { turn[p] = ComplexDouble(v.x / rho, v.y / rho) }
      let z = k * r
      let inverse = ComplexDouble(1) / z
      // Upward recurrence is stable for outgoing waves: they grow with l.
      var before = z.wave * inverse * ComplexDouble(0, -1)
      var now = before * (inverse - .i)
      hankel[p] = before
      for l in stride(from: 1, through: degree, by: 1) {
        hankel[l * count + p] = now
        (before, now) = (now, Double(2 * l + 1) * (inverse * now) - before)
      }
    }
  }

  func withPointers(
    _ body: (
      UnsafePointer<ComplexDouble>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<ComplexDouble>
    )
      ->
      Void
  ) {
    body(hankel, cosine, sine, turn)
  }
}

/// exp(i kappa.P), a row for every kappa and a column for every lattice point.
package func latticePhases(_ kappas: [PlaneVector], _ points: [PlaneVector]) -> ComplexMatrix {
  ComplexMatrix(rows: kappas.count, columns: points.count) { out in
    var at = 0
    for kappa in kappas {
      for point in points {
        out.initializeElement(at: at, to: ComplexDouble(phase: kappa.dot(point)))
        at += 1
      }
    }
  }
}
