import Arrays
import Glibc

/// Single scattering: A = 2 pi f / (A_c kzg) [S_surface + S_bulk / (1 - exp(i (kz + kzg) a))].
///
/// The geometric series over bulk repeats converges by absorption. Atoms vibrate independently, so each
/// carries exp(-u2 s / 2) with s the squared momentum transfer between real waves.
public struct KinematicModel: Sendable {
  public let surface: SurfaceModel
  public let phaseShifts: [PhaseShifts]
  public var potential: InnerPotential
  /// The highest l of the atomic scattering factors.
  public var maximumDegree: Int

  public init(
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
  public func pattern(energy: Double, structure: SurfaceStructure, detector: Detector) -> Matrix {
    var sums = [Double](repeating: 0, count: detector.size * detector.size)
    var scatterer = KinematicScatterer(model: self, energy: energy, structure: structure)
    for lit in detector.litPixels(cell: structure.cell, energy: energy) {
      sums[lit.pixel] += scatterer.reflection(kappa: lit.kappa, order: lit.order).intensity
    }
    return Matrix(rows: detector.size, columns: detector.size, values: sums.map(Float.init))
  }

  /// One beam; nil where the vacuum does not let it in or out.
  public func reflection(
    energy: Double, structure: SurfaceStructure, kappa: PlaneVector, beam: BeamIndex
  ) -> ReflectedBeam? {
    let squared = energy / Physics.halfSquaredPlanckOverMass
    let order = structure.cell.beam(beam.h, beam.k)
    guard kappa.squaredLength < squared, (kappa + order).squaredLength < squared else { return nil }
    var scatterer = KinematicScatterer(model: self, energy: energy, structure: structure)
    let found = scatterer.reflection(kappa: kappa, order: order)
    return ReflectedBeam(beam: beam, amplitude: found.amplitude, intensity: found.intensity)
  }
}

/// One energy and structure, prepared for many pixels.
private struct KinematicScatterer {
  private struct Atom {
    var element: Int
    var position: Position
    var halfMeanSquare: Double
  }

  private let surfaceAtoms: [Atom]
  private let bulkAtoms: [Atom]
  private let repeatVector: Position
  private let area: Double
  private let squaredVacuum: Double
  private let squaredReal: Double
  private let squaredInside: Complex64
  /// (2l+1) exp(i delta) sin(delta) of every element.
  private let partial: [[Complex64]]
  private var factors: [Complex64]

  init(model: KinematicModel, energy: Double, structure: SurfaceStructure) {
    let unit = Physics.halfSquaredPlanckOverMass
    squaredVacuum = energy / unit
    squaredReal = (energy + model.potential.real) / unit
    squaredInside = Complex64(squaredReal, model.potential.absorptive / unit)
    partial = model.phaseShifts.map { shifts in
      shifts.at(energy + model.potential.real, maximum: model.maximumDegree).enumerated().map { l, delta in
        Double(2 * l + 1) * sin(delta) * Complex64(phase: delta)
      }
    }
    factors = [Complex64](repeating: .zero, count: partial.count)
    func atom(_ atom: SurfaceAtom, moved: PlaneVector = .zero) -> Atom {
      Atom(
        element: atom.element, position: Position(atom.position.plane + moved, z: atom.position.z),
        halfMeanSquare: atom.meanSquare / 2)
    }
    surfaceAtoms = structure.layers.flatMap(\.atoms).map { atom($0) }
    let copies = structure.cell.cosets(of: structure.bulkCell)
    bulkAtoms = structure.bulk.flatMap(\.atoms).flatMap { bulk in copies.map { atom(bulk, moved: $0) } }
    repeatVector = structure.bulkRepeat
    area = structure.cell.area
  }

  mutating func reflection(
    kappa: PlaneVector, order: PlaneVector
  ) -> (amplitude: Complex64, intensity: Double) {
    let incident = kappa.squaredLength
    let outgoing = (kappa + order).squaredLength
    let realIn = (squaredReal - incident).squareRoot()
    let realOut = (squaredReal - outgoing).squareRoot()
    let normalIn = (squaredInside - Complex64(incident)).upperSquareRoot
    let normalOut = (squaredInside - Complex64(outgoing)).upperSquareRoot
    let transfer = order.squaredLength + (realIn + realOut) * (realIn + realOut)
    fillFactors(cosine: (kappa.dot(kappa + order) - realIn * realOut) / squaredReal)
    let across = normalIn + normalOut
    let surface = sum(surfaceAtoms, order, across, transfer)
    let bulk = sum(bulkAtoms, order, across, transfer)
    let step = (Complex64(-order.dot(repeatVector.plane)) - repeatVector.z * across).wave
    let total = surface + bulk / (Complex64(1) - step)
    let amplitude = (Complex64(2 * .pi / area) / normalOut) * total
    let ratio = ((squaredVacuum - outgoing) / (squaredVacuum - incident)).squareRoot()
    return (amplitude, ratio * amplitude.squaredModulus)
  }

  /// f of every element at this scattering angle.
  private mutating func fillFactors(cosine x: Double) {
    for element in partial.indices {
      var (before, now) = (1.0, x)
      var f = partial[element][0]
      for l in 1..<partial[element].count {
        f += now * partial[element][l]
        (before, now) = (now, (Double(2 * l + 1) * x * now - Double(l) * before) / Double(l + 1))
      }
      factors[element] = f / squaredReal.squareRoot()
    }
  }

  /// sum over atoms of f exp(-i g.rho - i (kz + kzg) z - u2 s / 2).
  private func sum(
    _ atoms: [Atom], _ order: PlaneVector, _ across: Complex64, _ transfer: Double
  ) -> Complex64 {
    var total = Complex64.zero
    for atom in atoms {
      let phase = -order.dot(atom.position.plane) - across.re * atom.position.z
      let damping = across.im * atom.position.z - atom.halfMeanSquare * transfer
      total += factors[atom.element] * Complex64(modulus: exp(damping), phase: phase)
    }
    return total
  }
}
