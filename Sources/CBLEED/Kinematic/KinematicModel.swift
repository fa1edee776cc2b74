import Arrays
import Glibc

/// Single scattering: A = 2 pi f / (A_c kzg) [S_surface + S_bulk / (1 - exp(i (kz + kzg) a))].
///
/// The geometric series over bulk repeats converges by absorption. Atoms vibrate independently, so each
/// carries exp(-u2 s / 2) with s the squared momentum transfer between real waves.
package struct KinematicModel: Sendable {
  package let surface: SurfaceModel
  package let phaseShifts: [PhaseShifts]
  package var potential: InnerPotential
  /// The highest l of the atomic scattering factors.
  package var maximumDegree: Int

  package init(
    surface: SurfaceModel, phaseShifts: [PhaseShifts], potential: InnerPotential = .init(),
    maximumDegree: Int = 7
  ) {
    precondition(phaseShifts.count == surface.elements.count, "phase shifts for every element")
    self.surface = surface
    self.phaseShifts = phaseShifts
    self.potential = potential
    self.maximumDegree = maximumDegree
  }

  /// The absolute reflected intensity on every pixel; where discs overlap intensities add.
  package func pattern(energy: Double, structure: SurfaceStructure, detector: Detector) -> Matrix {
    var sums = [Double](repeating: 0, count: detector.size * detector.size)
    var scatterer = KinematicScatterer(model: self, energy: energy, structure: structure)
    for lit in detector.litPixels(cell: structure.cell, energy: energy) {
      scatterer.order = lit.order
      sums[lit.pixel] += lit.coverage * scatterer.reflection(kappa: lit.kappa).intensity
    }
    return Matrix(rows: detector.size, columns: detector.size, values: sums.map(Float.init))
  }

  /// One beam; nil where the vacuum does not let it in or out.
  package func reflection(
    energy: Double, structure: SurfaceStructure, kappa: PlaneVector, beam: BeamIndex
  ) -> ReflectedBeam? {
    let squared = energy / Physics.halfSquaredPlanckOverMass
    let order = structure.cell.beam(beam.h, beam.k)
    guard kappa.squaredLength < squared, (kappa + order).squaredLength < squared else { return nil }
    var scatterer = KinematicScatterer(model: self, energy: energy, structure: structure)
    scatterer.order = order
    let found = scatterer.reflection(kappa: kappa)
    return ReflectedBeam(beam: beam, amplitude: found.amplitude, intensity: found.intensity)
  }
}
