import Arrays
import Diffraction
import Glibc  // sin, cos

/// The Bloch wave solution for a crystal slab, from the zero-order Laue zone: an independent check of the
/// multislice method, and quick where few beams matter.
///
/// With psi_g(t) the amplitudes relative to the incident wave, d psi / dt = i M psi, where
/// M_gg = -pi lambda (|g|² + 2 g.k) and M_gg' = sigma V_{g-g'} / period (Bethe 1928; Humphreys 1979).
/// The potential is the mean along the beam.
package struct BlochWaves: Sendable {
  package let beam: ElectronBeam
  /// Reciprocal lattice indices of the beams, the incident one first.
  package let beams: [SIMD2<Int>]
  private let vectors: [Vector2]
  private let coupling: ComplexMatrix

  /// All beams up to `radius` in 1/Å.
  package init(
    crystal: OrientedCrystal, beam: ElectronBeam, radius: Double, settings: MultisliceSettings = .init()
  ) throws(ScatteringError) {
    self.beam = beam
    // Differences of two beams reach twice as far; a square grid of that size holds them all.
    var settings = settings
    settings.spacing = min(settings.spacing, 0.24 / radius)
    settings.imitation = nil
    let potential = try SlicedPotential(crystal: crystal, settings: settings)
    let grid = potential.grid
    var beams: [(index: SIMD2<Int>, vector: Vector2)] = []
    for h in -grid.rows / 4...grid.rows / 4 {
      for k in -grid.columns / 4...grid.columns / 4 {
        let g = grid.frequency(h: h, k: k)
        if g.length <= radius { beams.append(([h, k], g)) }
      }
    }
    guard beams.count <= 2000 else { throw .parameter("\(beams.count) beams are too many to couple") }
    beams.sort { ($0.vector.length, $0.index.x, $0.index.y) < ($1.vector.length, $1.index.x, $1.index.y) }
    self.beams = beams.map(\.index)
    vectors = beams.map(\.vector)
    let scale = beam.interactionConstant / crystal.period
    var coupling = ComplexMatrix(rows: beams.count, columns: beams.count)
    for (r, a) in beams.enumerated() {
      for (c, b) in beams.enumerated() where r != c {
        guard let at = grid.position(h: a.index.x - b.index.x, k: a.index.y - b.index.y) else { continue }
        coupling[r, c] = potential.slices.reduce(ComplexDouble.zero) { $0 + $1.coefficients[at] } * scale
      }
    }
    self.coupling = coupling
  }

  /// Intensities of all beams for an incidence (transverse frequency in 1/Å) behind each thickness in Å.
  package func intensities(incidence: Vector2, thicknesses: [Double]) throws(LinearAlgebraError) -> [[Double]]
  {
    var matrix = coupling
    for (i, g) in vectors.enumerated() {
      matrix[i, i] = ComplexDouble(-.pi * beam.wavelength * (g.dot(g) + 2 * g.dot(incidence)))
    }
    let eigen = try matrix.hermitianEigen()
    let count = vectors.count
    return thicknesses.map { t in
      var amplitudes = [ComplexDouble](repeating: .zero, count: count)
      for j in 0..<count {
        let phase = eigen.values[j] * t
        let excitation = eigen.vectors[0, j].conjugate * ComplexDouble(cos(phase), sin(phase))
        for g in 0..<count { amplitudes[g] += eigen.vectors[g, j] * excitation }
      }
      return amplitudes.map(\.squaredModulus)
    }
  }
}
