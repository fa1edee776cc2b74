import Arrays
import Glibc

/// One energy and structure, prepared for many pixels of one beam after the other.
///
/// Atoms of one kind at one height differ by exp(-i g.rho) only, which a beam fixes: they are summed once
/// a beam. Where they cancel (half-order beams and planes of the bulk) nothing is left to do a pixel.
struct KinematicScatterer {
  private struct Plane {
    var element: Int
    var z: Double
    var halfMeanSquare: Double
    var atoms: [PlaneVector]
  }

  /// A plane's contribution to the beam at hand.
  private struct Term {
    var element: Int
    var z: Double
    var halfMeanSquare: Double
    var factor: ComplexDouble
  }

  /// g of the beam at hand.
  var order = PlaneVector(.nan, .nan) {
    didSet { if order != oldValue { selectTerms() } }
  }

  private let surface: [Plane]
  private let bulk: [Plane]
  private var surfaceTerms: [Term] = []
  private var bulkTerms: [Term] = []
  private let repeatVector: Position
  private let area: Double
  private let squaredVacuum: Double
  private let squaredReal: Double
  private let squaredInside: ComplexDouble
  /// (2l+1) exp(i delta) sin(delta) of every element.
  private let partial: [[ComplexDouble]]
  private var factors: [ComplexDouble]

  init(model: KinematicModel, energy: Double, structure: SurfaceStructure) {
    let unit = Physics.halfSquaredPlanckOverMass
    squaredVacuum = energy / unit
    squaredReal = (energy + model.potential.real) / unit
    squaredInside = ComplexDouble(squaredReal, model.potential.absorptive / unit)
    partial = model.phaseShifts.map { shifts in
      shifts.at(energy + model.potential.real, maximum: model.maximumDegree).enumerated().map { l, delta in
        Double(2 * l + 1) * sin(delta) * ComplexDouble(phase: delta)
      }
    }
    factors = [ComplexDouble](repeating: .zero, count: partial.count)
    surface = Self.planes(structure.layers.flatMap(\.atoms), copies: [.zero])
    bulk = Self.planes(
      structure.bulk.flatMap(\.atoms), copies: structure.cell.cosets(of: structure.bulkCell))
    repeatVector = structure.bulkRepeat
    area = structure.cell.area
  }

  private static func planes(_ atoms: [SurfaceAtom], copies: [PlaneVector]) -> [Plane] {
    var planes: [Plane] = []
    for atom in atoms {
      let places = copies.map { atom.position.plane + $0 }
      let half = atom.meanSquare / 2
      if let known = planes.firstIndex(where: {
        $0.element == atom.element && $0.z == atom.position.z && $0.halfMeanSquare == half
      }) {
        planes[known].atoms += places
      } else {
        planes.append(Plane(element: atom.element, z: atom.position.z, halfMeanSquare: half, atoms: places))
      }
    }
    return planes
  }

  private mutating func selectTerms() {
    func terms(_ planes: [Plane]) -> [Term] {
      planes.compactMap { plane in
        let factor = plane.atoms.reduce(ComplexDouble.zero) { $0 + ComplexDouble(phase: -order.dot($1)) }
        guard factor.modulus > 1e-12 else { return nil }
        return Term(element: plane.element, z: plane.z, halfMeanSquare: plane.halfMeanSquare, factor: factor)
      }
    }
    surfaceTerms = terms(surface)
    bulkTerms = terms(bulk)
  }

  mutating func reflection(kappa: PlaneVector) -> (amplitude: ComplexDouble, intensity: Double) {
    let incident = kappa.squaredLength
    let outgoing = (kappa + order).squaredLength
    let realIn = (squaredReal - incident).squareRoot()
    let realOut = (squaredReal - outgoing).squareRoot()
    let normalIn = (squaredInside - ComplexDouble(incident)).upperSquareRoot
    let normalOut = (squaredInside - ComplexDouble(outgoing)).upperSquareRoot
    let transfer = order.squaredLength + (realIn + realOut) * (realIn + realOut)
    fillFactors(cosine: (kappa.dot(kappa + order) - realIn * realOut) / squaredReal)
    let across = normalIn + normalOut
    var total = sum(surfaceTerms, across, transfer)
    if !bulkTerms.isEmpty {
      let step = (ComplexDouble(-order.dot(repeatVector.plane)) - repeatVector.z * across).wave
      total += sum(bulkTerms, across, transfer) / (ComplexDouble(1) - step)
    }
    let amplitude = (ComplexDouble(2 * .pi / area) / normalOut) * total
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
  private func sum(_ terms: [Term], _ across: ComplexDouble, _ transfer: Double) -> ComplexDouble {
    var total = ComplexDouble.zero
    for term in terms {
      let damping = across.im * term.z - term.halfMeanSquare * transfer
      let wave = ComplexDouble(modulus: exp(damping), phase: -across.re * term.z)
      total += factors[term.element] * term.factor * wave
    }
    return total
  }
}
