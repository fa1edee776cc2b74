import Arrays
import Glibc

/// The intensities of a frame's measured reflections from Bloch waves, averaged over its rocking.
///
/// A_gg = 2 K s_g, A_gh = U_(g-h), psi(t) = exp(i pi t A / K) e_0. One eigenvalue problem a step serves all
/// thicknesses and all derivatives.
///
/// Absorption as a share of the potential is a perturbation: each Bloch wave fades as much as it lies at the atoms.
package struct FrameWaves {
  package let beams: FrameBeams
  /// U of every difference of two beams, in the beams' order.
  private let coupling: ComplexMatrix
  private let absorption: Double

  /// `potentials`: one for each of `beams.differences`.
  package init(_ beams: FrameBeams, potentials: [ComplexDouble], absorption: Double = 0) {
    self.beams = beams
    self.absorption = absorption
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

  /// How much of the potential, in 1/Å², each Bloch wave of a step sees: the mean of U over it.
  private func depths(_ eigen: HermitianEigen, step: Int) -> [Double] {
    let count = eigen.values.count
    let mean = count > 0 ? coupling[0, 0].re : 0
    return (0..<count).map { j in
      (0..<count).reduce(eigen.values[j] + mean) {
        $0 - eigen.vectors[$1, j].squaredModulus * beams.diagonals[step, $1]
      }
    }
  }

  /// exp(i pi t (lambda + i kappa eta) / K) of every Bloch wave.
  private func phases(_ eigen: HermitianEigen, _ depths: [Double]?, thickness: Double) -> [ComplexDouble] {
    let path = .pi * thickness / beams.wavenumber
    return eigen.values.indices.map { j in
      let phase = ComplexDouble(phase: path * eigen.values[j])
      return depths.map { phase * exp(-path * absorption * $0[j]) } ?? phase
    }
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
      let depths = absorption > 0 ? depths(eigen, step: step) : nil
      for (column, thickness) in thicknesses.enumerated() {
        for (j, phase) in self.phases(eigen, depths, thickness: thickness).enumerated() {
          phases[j, column] = phase
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
      let depths = absorption > 0 ? depths(eigen, step: step) : nil
      for (share, weight) in quadrature {
        let excitations = phases(eigen, depths, thickness: thickness * share).enumerated().map {
          eigen.vectors[0, $0.offset].conjugate * $0.element
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
    let phases = phases(eigen, absorption > 0 ? depths(eigen, step: step) : nil, thickness: thickness)
    for j in 0..<count {
      let excitation = eigen.vectors[0, j].conjugate * phases[j]
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
    /// By the share that is absorbed.
    package var absorption: [Double]
    /// measured x differences: dI = 2 Re of its product with dU, summed over the differences.
    var potentials: ComplexMatrix
  }

  /// Intensities and what they answer to, for a distribution of thicknesses. `every`: only so many of the steps, which
  /// is enough to compare. `knowsAbsorption`: also by the absorption. That Bloch waves fade differently is left out of
  /// what potentials and turns do: to first order in the absorption a step of a refinement does not need it.
  package func response(
    thickness: Double, model: ThicknessModel, every: Int = 1, knowsAbsorption: Bool = false
  ) throws(LinearAlgebraError) -> Response {
    let quadrature = model.quadrature
    let points = quadrature.count
    let (count, measured) = (beams.indices.count, beams.measured.count)
    let zeros = [Double](repeating: 0, count: measured)
    var response = Response(
      intensities: zeros, thickness: zeros, turnX: zeros, turnY: zeros, absorption: zeros,
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
      let isAbsorbing = absorption > 0
      let depths = isAbsorbing || knowsAbsorption ? depths(eigen, step: step) : nil
      let phases = (0..<points).map { point in
        self.phases(eigen, nil, thickness: thickness * quadrature[point].share)
      }
      let faded =
        isAbsorbing
        ? (0..<points).map { self.phases(eigen, depths, thickness: thickness * quadrature[$0].share) }
        : phases
      // What all waves lose alike.
      let remains = (0..<points).map { point in
        isAbsorbing
          ? exp(-depth * thickness * quadrature[point].share * absorption * coupling[0, 0].re) : 1
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
          var loss = ComplexDouble.zero
          for j in 0..<count {
            let part = exit[j] * entry[j] * faded[point][j]
            amplitude += part
            change += part * eigen.values[j]
            if let depths { loss += part * depths[j] }
          }
          response.intensities[row] += weight * amplitude.squaredModulus
          // d psi / dt = i pi / K sum of (lambda + i kappa eta) parts.
          let fade = absorption * depth * share
          let turned = ComplexDouble(-change.im, change.re) * (depth * share) - loss * fade
          if knowsAbsorption {
            response.absorption[row] -=
              2 * weight * depth * thickness * share
              * (amplitude.re * loss.re + amplitude.im * loss.im)
          }
          response.thickness[row] +=
            2 * weight * (amplitude.re * turned.re + amplitude.im * turned.im)
          let conjugate = amplitude.conjugate * (weight * remains[point])
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
      response.absorption[row] *= share
      for k in 0..<count {
        for l in 0..<count {
          response.potentials[row, Int(beams.pairs[k * count + l])] += sum[k, row * count + l] * share
        }
      }
    }
    return response
  }
}
