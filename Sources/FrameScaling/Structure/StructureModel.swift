import Arrays
import Diffraction
import Glibc
import Scattering

/// The wave behind the numbers: its wave number in 1/Å and the relativistic mass ratio.
package struct ElectronWave: Sendable {
  package let wavenumber: Double
  package let massRatio: Double

  package init(wavenumber: Double, massRatio: Double) {
    self.wavenumber = wavenumber
    self.massRatio = massRatio
  }

  /// Nil for a wavelength that no microscope has.
  package init?(wavelength: Double) {
    guard let beam = ElectronBeam(wavelength: wavelength) else { return nil }
    self.init(wavenumber: 1 / wavelength, massRatio: beam.massRatio)
  }
}

/// The electron scattering factor of an element, in Å, at the square of a spatial frequency in 1/Å².
package typealias ScatteringFactor = @Sendable (Double) -> Double

/// Which of the two crystals that are each other's mirror image the indices mean.
package enum Hand: Sendable, CaseIterable {
  /// The structure as the file gives it; F = sum of f exp(-2 pi i g.r).
  case given
  /// Its inverse.
  case other

  var phaseSign: Double { self == .given ? -1 : 1 }
  package var opposite: Hand { self == .given ? .other : .given }
}

/// A structure with the numbers that symmetry leaves free.
package struct StructureModel: Sendable {
  package enum Kind: Sendable, Equatable { case coordinate, displacement, absorption }

  package struct Parameter: Sendable, Equatable {
    package let name: String
    package let kind: Kind
    package let atom: Int
    /// Which of x, y, z, or of U11, U22, U33, U12, U13, U23.
    package let place: Int
  }

  struct Atom: Sendable {
    let label: String
    let element: Element
    let occupancy: Double
    let isAnisotropic: Bool
    let coordinates: FreeDirections
    let displacements: FreeDirections
    /// What the free coordinates are added to.
    let position: Vector3
    /// Operations that leave it in its place: it would be counted so many times.
    let multiplicity: Int
    let factor: ScatteringFactor
  }

  package let unit: AsymmetricUnit
  package private(set) var parameters: [Parameter]
  /// The values that the file gives.
  package private(set) var start: [Double]
  /// What thermal scattering takes from the elastic waves, as a share of the potential, where that is known.
  private var absorption = 0.0
  let atoms: [Atom]

  /// What an atom's displacements are where the file states none, in Å².
  private static let usualDisplacement = 0.006
  /// Numbers of a structure that one refinement may have.
  package static let mostParameters = 400

  package init(
    _ unit: AsymmetricUnit, factor: (Element) -> ScatteringFactor = StructureModel.standardFactor
  ) throws(ScatteringError) {
    self.unit = unit
    let (ra, rb, rc) = unit.cell.reciprocal
    let lengths = Vector3(ra.length, rb.length, rc.length)
    var atoms: [Atom] = []
    var parameters: [Parameter] = []
    var start: [Double] = []
    guard unit.atoms.count <= Self.mostParameters else {
      throw .parameter("\(unit.atoms.count) independent atoms are more than are refined")
    }
    for (index, atom) in unit.atoms.enumerated() {
      let symmetry = SiteSymmetry(of: atom.site.position, under: unit.operations, cell: unit.cell)
      let displacement = atom.site.displacement ?? Displacement(isotropic: Self.usualDisplacement)
      let tensor = DisplacementTensor(cartesian: displacement.tensor, cell: unit.cell).components
      let coordinates = symmetry.coordinates
      var displacements = symmetry.displacements(reciprocalLengths: lengths)
      if !atom.isAnisotropic {
        displacements = FreeDirections(
          single: DisplacementTensor(cartesian: .identity, cell: unit.cell).components)
      }
      for place in coordinates.owners {
        parameters.append(
          Parameter(
            name: "\(atom.label) \(["x", "y", "z"][place])", kind: .coordinate, atom: index, place: place))
        start.append(symmetry.position[place])
      }
      for place in displacements.owners {
        parameters.append(
          Parameter(
            name: "\(atom.label) \(atom.isAnisotropic ? DisplacementTensor.names[place] : "Uiso")",
            kind: .displacement, atom: index, place: place))
        start.append(tensor[place])
      }
      var position = symmetry.position
      for (owner, vector) in zip(coordinates.owners, coordinates.vectors) {
        position -= symmetry.position[owner] * Vector3(vector[0], vector[1], vector[2])
      }
      // A tensor that contradicts the site is what its free numbers make of it.
      atoms.append(
        Atom(
          label: atom.label, element: atom.site.element, occupancy: atom.site.occupancy,
          isAnisotropic: atom.isAnisotropic, coordinates: coordinates, displacements: displacements,
          position: position,
          multiplicity: symmetry.rotations.count, factor: factor(atom.site.element)))
    }
    guard parameters.count <= Self.mostParameters else {
      throw .parameter("\(parameters.count) numbers of the structure are more than are refined")
    }
    self.atoms = atoms
    self.parameters = parameters
    self.start = start
  }

  /// Where a refined absorption begins, and how far it may go.
  private static let usualAbsorption = 0.05
  private static let mostAbsorption = 0.5

  /// With absorption, or with one more number for it.
  package func with(absorption: Double, isRefined: Bool) -> StructureModel {
    var model = self
    model.absorption = absorption
    if isRefined {
      model.parameters.append(Parameter(name: "absorption", kind: .absorption, atom: atoms.count, place: 0))
      model.start.append(absorption > 0 ? absorption : Self.usualAbsorption)
    }
    return model
  }

  /// Where a refined absorption stands among the numbers.
  var absorptionPlace: Int? { parameters.firstIndex { $0.kind == .absorption } }

  package func absorption(_ values: [Double]) -> Double {
    guard let place = absorptionPlace, values.indices.contains(place) else { return absorption }
    return min(max(values[place], 0), Self.mostAbsorption)
  }

  /// By the fits of Lobato and Van Dyck.
  package static func standardFactor(_ element: Element) -> ScatteringFactor {
    let factor = FormFactor(element, family: .lobato)
    return { factor(squaredFrequency: $0) }
  }

  /// The position of an atom for values of all parameters.
  package func position(of atom: Int, _ values: [Double]) -> Vector3 {
    var position = atoms[atom].position
    for (index, parameter) in parameters.enumerated()
    where parameter.atom == atom && parameter.kind == .coordinate {
      let vector = vector(of: parameter)
      position += values[index] * Vector3(vector[0], vector[1], vector[2])
    }
    return position
  }

  /// U11, U22, U33, U12, U13, U23 of an atom for values of all parameters.
  package func displacements(of atom: Int, _ values: [Double]) -> [Double] {
    var tensor = [Double](repeating: 0, count: 6)
    for (index, parameter) in parameters.enumerated()
    where parameter.atom == atom && parameter.kind == .displacement {
      let vector = vector(of: parameter)
      for i in 0..<6 { tensor[i] += values[index] * vector[i] }
    }
    return tensor
  }

  func vector(of parameter: Parameter) -> [Double] {
    guard atoms.indices.contains(parameter.atom) else { return [] }
    let atom = atoms[parameter.atom]
    let directions = parameter.kind == .coordinate ? atom.coordinates : atom.displacements
    return directions.owners.firstIndex(of: parameter.place).map { directions.vectors[$0] } ?? []
  }

  /// What each parameter moves, along which direction.
  private var directions: [[Double]] { parameters.map { vector(of: $0) } }

  /// U_g = gamma F_g / (pi V) in 1/Å² for each of `indices`, and its derivatives (parameters x indices).
  package func potentials(
    _ values: [Double], indices: [SIMD3<Int>], wave: ElectronWave, hand: Hand, withDerivatives: Bool
  ) -> (potentials: [ComplexDouble], derivatives: ComplexMatrix) {
    let (ra, rb, rc) = unit.cell.reciprocal
    let lengths = [ra.length, rb.length, rc.length]
    let scale = wave.massRatio / (.pi * unit.cell.volume)
    let sign = hand.phaseSign
    let positions = atoms.indices.map { position(of: $0, values) }
    let tensors = atoms.indices.map { displacements(of: $0, values) }
    let directions = directions
    let count = indices.count
    let columns = parameters.count
    let blocks = parallelChunkMap(count, size: 256) { range -> ([ComplexDouble], [ComplexDouble]) in
      var potentials: [ComplexDouble] = []
      var derivatives = [ComplexDouble](
        repeating: .zero, count: withDerivatives ? range.count * columns : 0)
      for (row, at) in range.enumerated() {
        let index = Vector3(Double(indices[at].x), Double(indices[at].y), Double(indices[at].z))
        let g = ra * index.x + rb * index.y + rc * index.z
        var sum = ComplexDouble.zero
        for (number, atom) in atoms.enumerated() {
          let weight = atom.occupancy * atom.factor(g.dot(g)) / Double(atom.multiplicity) * scale
          var atomSum = ComplexDouble.zero
          var toPosition = (ComplexDouble.zero, ComplexDouble.zero, ComplexDouble.zero)
          var toTensor = [ComplexDouble](repeating: .zero, count: 6)
          for operation in unit.operations {
            let turned = operation.rotation.transposed * index
            let phase =
              sign * 2 * .pi * (turned.dot(positions[number]) + index.dot(operation.translation))
            var exponent = 0.0
            var products = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
            withUnsafeMutableBytes(of: &products) { raw in
              let products = raw.bindMemory(to: Double.self)
              for (i, place) in DisplacementTensor.places.enumerated() {
                let product =
                  (i < 3 ? 1.0 : 2.0) * turned[place.0] * turned[place.1] * lengths[place.0]
                  * lengths[place.1]
                products[i] = -2 * .pi * .pi * product
                exponent += products[i] * tensors[number][i]
              }
            }
            let size = weight * exp(exponent)
            let term = ComplexDouble(size * cos(phase), size * sin(phase))
            atomSum += term
            guard withDerivatives else { continue }
            let turnedTerm = ComplexDouble(-term.im, term.re) * (sign * 2 * .pi)
            toPosition.0 += turnedTerm * turned.x
            toPosition.1 += turnedTerm * turned.y
            toPosition.2 += turnedTerm * turned.z
            withUnsafeBytes(of: products) { raw in
              let products = raw.bindMemory(to: Double.self)
              for i in 0..<6 { toTensor[i] += term * products[i] }
            }
          }
          sum += atomSum
          guard withDerivatives else { continue }
          for (column, parameter) in parameters.enumerated() where parameter.atom == number {
            let direction = directions[column]
            var value = ComplexDouble.zero
            if parameter.kind == .coordinate {
              value = toPosition.0 * direction[0] + toPosition.1 * direction[1] + toPosition.2 * direction[2]
            } else {
              for i in 0..<6 { value += toTensor[i] * direction[i] }
            }
            derivatives[row * columns + column] = value
          }
        }
        potentials.append(sum)
      }
      return (potentials, derivatives)
    }
    var potentials: [ComplexDouble] = []
    potentials.reserveCapacity(count)
    var derivatives = ComplexMatrix(
      rows: withDerivatives ? columns : 0, columns: withDerivatives ? count : 0)
    var at = 0
    for (values, slopes) in blocks {
      potentials += values
      if withDerivatives {
        for row in 0..<values.count {
          for column in 0..<columns { derivatives[column, at + row] = slopes[row * columns + column] }
        }
      }
      at += values.count
    }
    return (potentials, derivatives)
  }
}
