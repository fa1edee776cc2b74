import Arrays
import Glibc

/// The intensities of a frame's measured reflections from Bloch waves, averaged over its rocking.
///
/// A_gg = 2 K s_g, A_gh = U_(g-h), psi(t) = exp(i pi t A / K) e_0. One eigenvalue problem a step serves all
/// thicknesses and all derivatives.
package struct FrameWaves {
  package let beams: FrameBeams
  /// U of every difference of two beams, in the beams' order.
  private let coupling: ComplexMatrix

  /// `potentials`: one for each of `beams.differences`.
  package init(_ beams: FrameBeams, potentials: [ComplexDouble]) {
    self.beams = beams
    let count = beams.indices.count
    coupling = ComplexMatrix(
      rows: count, columns: count, values: beams.pairs.map { potentials[Int($0)] })
  }

  private func eigen(step: Int) throws(LinearAlgebraError) -> HermitianEigen {
    var matrix = coupling
    let count = matrix.rows
    for beam in 0..<count {
      // What U_0 adds to all is a phase common to all.
      matrix[beam, beam] = ComplexDouble(beams.diagonals[step, beam])
    }
    return try matrix.hermitianEigen()
  }

  /// Of all measured reflections behind every thickness: measured x thicknesses.
  package func intensities(thicknesses: [Double]) throws(LinearAlgebraError) -> DoubleMatrix {
    let count = beams.indices.count
    var sum = DoubleMatrix(rows: beams.measured.count, columns: thicknesses.count)
    guard !beams.measured.isEmpty, !thicknesses.isEmpty, beams.diagonals.rows > 0 else { return sum }
    for step in 0..<beams.diagonals.rows {
      let eigen = try eigen(step: step)
      var exits = ComplexMatrix(rows: beams.measured.count, columns: count)
      for (row, place) in beams.measured.enumerated() {
        for j in 0..<count { exits[row, j] = eigen.vectors[place, j] * eigen.vectors[0, j].conjugate }
      }
      var phases = ComplexMatrix(rows: count, columns: thicknesses.count)
      for j in 0..<count {
        for (column, thickness) in thicknesses.enumerated() {
          phases[j, column] = ComplexDouble(
            phase: .pi * eigen.values[j] * thickness / beams.wavenumber)
        }
      }
      let amplitudes = exits * phases
      for i in sum.values.indices { sum.values[i] += amplitudes.values[i].squaredModulus }
    }
    let share = 1 / Double(beams.diagonals.rows)
    for i in sum.values.indices { sum.values[i] *= share }
    return sum
  }

  /// Of all measured reflections at every step of the rocking: measured x steps.
  package func rocking(
    thickness: Double, model: ThicknessModel
  ) throws(LinearAlgebraError) -> DoubleMatrix {
    let quadrature = model.quadrature
    var curves = DoubleMatrix(rows: beams.measured.count, columns: beams.diagonals.rows)
    for step in 0..<beams.diagonals.rows {
      let eigen = try eigen(step: step)
      for (share, weight) in quadrature {
        let excitations = eigen.values.indices.map {
          eigen.vectors[0, $0].conjugate
            * ComplexDouble(phase: .pi * eigen.values[$0] * thickness * share / beams.wavenumber)
        }
        for (row, place) in beams.measured.enumerated() {
          let amplitude = excitations.indices.reduce(ComplexDouble.zero) {
            $0 + eigen.vectors[place, $1] * excitations[$1]
          }
          curves[row, step] += weight * amplitude.squaredModulus
        }
      }
    }
    return curves
  }

  /// Amplitudes of all beams at one step behind one thickness.
  package func amplitudes(step: Int, thickness: Double) throws(LinearAlgebraError) -> [ComplexDouble] {
    let eigen = try eigen(step: step)
    let count = beams.indices.count
    var amplitudes = [ComplexDouble](repeating: .zero, count: count)
    for j in 0..<count {
      let excitation =
        eigen.vectors[0, j].conjugate
        * ComplexDouble(phase: .pi * eigen.values[j] * thickness / beams.wavenumber)
      for g in 0..<count { amplitudes[g] += eigen.vectors[g, j] * excitation }
    }
    return amplitudes
  }

  package struct Response: Sendable {
    /// One a measured reflection.
    package var intensities: [Double]
    /// By the thickness parameter.
    package var thickness: [Double]
    /// By a turn of the crystal about x and about y, per radian.
    package var turnX: [Double]
    package var turnY: [Double]
    /// measured x differences: dI = 2 Re of its product with dU, summed over the differences.
    var potentials: ComplexMatrix
  }

  /// Intensities and what they answer to, for a distribution of thicknesses. `every`: only so many of the steps, which
  /// is enough to compare.
  package func response(
    thickness: Double, model: ThicknessModel, every: Int = 1
  ) throws(LinearAlgebraError) -> Response {
    let quadrature = model.quadrature
    let points = quadrature.count
    let (count, measured) = (beams.indices.count, beams.measured.count)
    let zeros = [Double](repeating: 0, count: measured)
    var response = Response(
      intensities: zeros, thickness: zeros, turnX: zeros, turnY: zeros,
      potentials: ComplexMatrix(rows: measured, columns: beams.differences.count))
    guard measured > 0 else { return response }
    // Sum over the steps of conj(V) N V^T, row k, then reflection and column l.
    var sum = ComplexMatrix(rows: count, columns: measured * count)
    let depth = .pi / beams.wavenumber
    let near = 1e-5
    let steps = stride(from: 0, to: beams.diagonals.rows, by: max(1, every))
    for step in steps {
      let eigen = try eigen(step: step)
      let vectors = eigen.vectors
      let entry = (0..<count).map { vectors[0, $0].conjugate }
      let phases = (0..<points).map { point in
        eigen.values.map { ComplexDouble(phase: depth * $0 * thickness * quadrature[point].share) }
      }
      // N of every reflection, row i, then reflection and column j.
      var kernels = ComplexMatrix(rows: count * measured, columns: count)
      for (row, place) in beams.measured.enumerated() {
        let exit = (0..<count).map { vectors[place, $0] }
        // Sums over the thicknesses of w conj(psi) e_i, and the same with i pi t / K.
        var levels = [ComplexDouble](repeating: .zero, count: count)
        var slopes = levels
        for point in 0..<points {
          let (share, weight) = quadrature[point]
          var amplitude = ComplexDouble.zero
          var change = ComplexDouble.zero
          for j in 0..<count {
            let part = exit[j] * entry[j] * phases[point][j]
            amplitude += part
            change += part * eigen.values[j]
          }
          response.intensities[row] += weight * amplitude.squaredModulus
          // d psi / dt = i pi / K sum of lambda parts.
          let turned = ComplexDouble(-change.im, change.re) * (depth * share)
          response.thickness[row] +=
            2 * weight * (amplitude.re * turned.re + amplitude.im * turned.im)
          let conjugate = amplitude.conjugate * weight
          let path = depth * thickness * share
          for j in 0..<count {
            let level = conjugate * phases[point][j]
            levels[j] += level
            slopes[j] += ComplexDouble(-level.im * path, level.re * path)
          }
        }
        kernels.values.withUnsafeMutableBufferPointer { kernels in
          for i in 0..<count {
            let base = (i * measured + row) * count
            for j in 0..<count {
              let gap = eigen.values[i] - eigen.values[j]
              let quotient =
                (gap * depth * thickness).magnitude > near
                ? (levels[i] - levels[j]) / gap : (slopes[i] + slopes[j]) * 0.5
              kernels[base + j] = exit[i] * quotient * entry[j]
            }
          }
        }
      }
      let half = ComplexMatrix.product(kernels, vectors, right: .transposed)
      let conjugates = vectors.mapValues(\.conjugate)
      conjugates.withElements { a in
        half.withElements { b in
          sum.withMutableElements { c in
            ComplexDouble.gemm(
              .asIs, .asIs, m: count, n: measured * count, k: count, alpha: .one, a: a, strideA: count, b: b,
              strideB: measured * count, beta: .one, c: c, strideC: measured * count)
          }
        }
      }
      // The crystal's turn changes the diagonal alone, and differently at every step.
      for row in 0..<measured {
        var (x, y) = (0.0, 0.0)
        for k in 0..<count {
          var diagonal = ComplexDouble.zero
          for i in 0..<count { diagonal += conjugates[k, i] * half[i * measured + row, k] }
          x += diagonal.re * beams.slopesX[step, k]
          y += diagonal.re * beams.slopesY[step, k]
        }
        response.turnX[row] += 2 * x
        response.turnY[row] += 2 * y
      }
    }
    let share = 1 / Double(max(1, steps.underestimatedCount))
    for row in 0..<measured {
      response.intensities[row] *= share
      response.thickness[row] *= share
      response.turnX[row] *= share
      response.turnY[row] *= share
      for k in 0..<count {
        for l in 0..<count {
          response.potentials[row, Int(beams.pairs[k * count + l])] += sum[k, row * count + l] * share
        }
      }
    }
    return response
  }
}
