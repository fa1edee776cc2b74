import Glibc

/// What a descent of all atoms minimises, in a plane or in space.
package protocol StructureObjective: AnyObject {
  /// The gradient is by the coordinates, in their order.
  func value(_ coordinates: [Double], gradient: inout [Double]) -> AtomObjective.Value
}

/// What is minimised: the misfit to the projections plus alpha times the energy of the pairs, with its gradient.
///
/// One evaluation grows with the number of atoms. It keeps work space and neighbours between evaluations, so each
/// thread has its own.
package final class AtomObjective: StructureObjective {
  package struct Value: Sendable, Equatable {
    /// Sum of squared differences times the pitch.
    package var misfit = 0.0
    package var energy = 0.0
    package var total = 0.0
  }

  package let projections: Projections
  package let blob: AtomBlob
  package let potential: PairPotential
  package let alpha: Double
  /// The distance of nearest neighbours.
  package let bond: Double
  /// What one atom weighs.
  package let mass: Double
  /// In the pairs' place.
  package let network: HarmonicNetwork?
  private let row: BlobRow
  private let directions: [Direction]
  private var residual: [Double]
  private var places: [BlobRow.Place] = []
  private var list = NeighbourList()

  package init(
    _ projections: Projections, _ blob: AtomBlob, potential: PairPotential = .lennardJones, alpha: Double = 0,
    bond: Double = 1, mass: Double = 1, network: HarmonicNetwork? = nil
  ) {
    self.projections = projections
    self.blob = blob
    self.potential = potential
    self.alpha = alpha
    self.bond = bond
    self.mass = mass
    self.network = network
    row = BlobRow(blob, projections)
    directions = projections.directions
    residual = projections.values
  }

  /// The gradient is by the coordinates, in their order.
  package func value(_ coordinates: [Double], gradient: inout [Double]) -> Value {
    if gradient.count != coordinates.count { gradient = [Double](repeating: 0, count: coordinates.count) }
    guard !coordinates.isEmpty else {
      let misfit = projections.values.reduce(0) { $0 + $1 * $1 } * projections.pitch
      return Value(misfit: misfit, energy: 0, total: misfit)
    }
    var value = Value()
    coordinates.withUnsafeBufferPointer { coordinates in
      gradient.withUnsafeMutableBufferPointer { gradient in
        guard let gradient = gradient.baseAddress, let base = coordinates.baseAddress else { return }
        value.misfit = misfit(base, count: coordinates.count / 2, gradient)
        if alpha != 0 { value.energy = energy(coordinates, scale: alpha, gradient) }
      }
    }
    value.total = value.misfit + alpha * value.energy
    return value
  }

  package func value(_ atoms: AtomPlane) -> Value {
    var gradient: [Double] = []
    return value(atoms.coordinates, gradient: &gradient)
  }

  /// The energy alone with its gradient, whatever alpha is.
  package func energy(_ coordinates: [Double], gradient: inout [Double]) -> Double {
    gradient = [Double](repeating: 0, count: coordinates.count)
    return coordinates.withUnsafeBufferPointer { coordinates in
      gradient.withUnsafeMutableBufferPointer { gradient in
        guard let gradient = gradient.baseAddress else { return 0 }
        return energy(coordinates, scale: 1, gradient)
      }
    }
  }

  /// Model less measurement of the last evaluation.
  package var lastResidual: [Double] { residual }

  /// Sets the gradient.
  private func misfit(
    _ coordinates: UnsafePointer<Double>, count: Int, _ gradient: UnsafeMutablePointer<Double>
  ) -> Double {
    let pixels = projections.pixels
    for at in 0..<2 * count { gradient[at] = 0 }
    var sum = 0.0
    let factor = 2 * mass * projections.pitch
    residual.withUnsafeMutableBufferPointer { residual in
      projections.values.withUnsafeBufferPointer { measured in
        guard let residual = residual.baseAddress, let measured = measured.baseAddress else { return }
        for (index, direction) in directions.enumerated() {
          let line = residual + index * pixels
          for at in 0..<pixels { line[at] = -measured[index * pixels + at] }
          places.removeAll(keepingCapacity: true)
          for atom in 0..<count {
            let place = row.place(direction.coordinate(coordinates[2 * atom], coordinates[2 * atom + 1]))
            row.add(place, mass, to: line)
            places.append(place)
          }
          for at in 0..<pixels { sum += line[at] * line[at] }
          places.withUnsafeBufferPointer { places in
            for atom in 0..<count {
              let slope = factor * row.product(places[atom], line).slope
              gradient[2 * atom] += slope * direction.cosine
              gradient[2 * atom + 1] += slope * direction.sine
            }
          }
        }
      }
    }
    return sum * projections.pitch
  }

  /// Adds to the gradient.
  private func energy(
    _ coordinates: UnsafeBufferPointer<Double>, scale: Double, _ gradient: UnsafeMutablePointer<Double>
  ) -> Double {
    if let network, let base = coordinates.baseAddress {
      return network.energy(base, scale: scale, gradient: gradient)
    }
    let reach = PairPotential.cutoff * bond
    list.follow(coordinates, reach: reach, skin: 0.4 * bond)
    let limit = reach * reach
    let inverse = 1 / (bond * bond)
    let potential = potential
    var sum = 0.0
    list.firsts.withUnsafeBufferPointer { firsts in
      list.seconds.withUnsafeBufferPointer { seconds in
        for pair in 0..<firsts.count {
          let (i, j) = (2 * Int(firsts[pair]), 2 * Int(seconds[pair]))
          let dx = coordinates[i] - coordinates[j]
          let dy = coordinates[i + 1] - coordinates[j + 1]
          let square = dx * dx + dy * dy
          guard square < limit else { continue }
          let (value, pull) = potential.pair(square: square * inverse)
          sum += value
          let along = scale * pull * inverse
          gradient[i] += along * dx
          gradient[i + 1] += along * dy
          gradient[j] -= along * dx
          gradient[j + 1] -= along * dy
        }
      }
    }
    return sum
  }
}
