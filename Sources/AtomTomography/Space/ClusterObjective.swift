/// What is minimised in space: the misfit to all images plus alpha times the energy of the pairs, with its gradient.
///
/// As `AtomObjective` does it keeps work space and neighbours between evaluations, so each thread has its own.
package final class ClusterObjective: StructureObjective {
  package let images: ProjectionImages
  package let blob: AtomBlob
  package let potential: PairPotential
  package let alpha: Double
  /// The distance of nearest neighbours.
  package let bond: Double
  /// What an atom of weight 1 weighs.
  package let mass: Double
  /// Of each atom, where they are of several types.
  package var weights: [Double] = []
  private let directions: [Direction]
  private var residual: [Double]
  private let stamp: BlobStamp
  private var list = NeighbourList(dimension: 3)

  package init(
    _ images: ProjectionImages, _ blob: AtomBlob, potential: PairPotential = .lennardJones, alpha: Double = 0,
    bond: Double = 1, mass: Double = 1
  ) {
    self.images = images
    self.blob = blob
    self.potential = potential
    self.alpha = alpha
    self.bond = bond
    self.mass = mass
    directions = images.directions
    residual = images.values
    stamp = BlobStamp(blob, images)
  }

  /// Model less measurement of the last evaluation.
  package var lastResidual: [Double] { residual }

  package func weight(_ atom: Int) -> Double { atom < weights.count ? weights[atom] : 1 }

  package func value(_ cluster: AtomCluster) -> AtomObjective.Value {
    var gradient: [Double] = []
    return value(cluster.coordinates, gradient: &gradient)
  }

  /// The gradient is by the coordinates, in their order.
  package func value(_ coordinates: [Double], gradient: inout [Double]) -> AtomObjective.Value {
    gradient = [Double](repeating: 0, count: coordinates.count)
    var value = AtomObjective.Value()
    value.misfit = misfit(coordinates, &gradient)
    if alpha != 0 { value.energy = energy(coordinates, scale: alpha, &gradient) }
    value.total = value.misfit + alpha * value.energy
    return value
  }

  /// The energy alone with its gradient, whatever alpha is.
  package func energy(_ coordinates: [Double], gradient: inout [Double]) -> Double {
    gradient = [Double](repeating: 0, count: coordinates.count)
    return energy(coordinates, scale: 1, &gradient)
  }

  private func misfit(_ coordinates: [Double], _ gradient: inout [Double]) -> Double {
    let (pixels, count) = (images.pixels, coordinates.count / 3)
    var sum = 0.0
    residual.withUnsafeMutableBufferPointer { residual in
      images.values.withUnsafeBufferPointer { measured in
        guard let residual = residual.baseAddress, let measured = measured.baseAddress else { return }
        for (index, direction) in directions.enumerated() {
          let image = residual + index * pixels
          for at in 0..<pixels { image[at] = -measured[index * pixels + at] }
          for atom in 0..<count {
            let u = direction.coordinate(coordinates[3 * atom], coordinates[3 * atom + 2])
            stamp.place(u, coordinates[3 * atom + 1])
            stamp.add(mass * weight(atom), to: image)
          }
          for at in 0..<pixels { sum += image[at] * image[at] }
          for atom in 0..<count {
            let u = direction.coordinate(coordinates[3 * atom], coordinates[3 * atom + 2])
            stamp.place(u, coordinates[3 * atom + 1])
            let slope = 2 * mass * weight(atom) * images.area * stamp.product(image).slope
            gradient[3 * atom] += slope.x * direction.cosine
            gradient[3 * atom + 1] += slope.y
            gradient[3 * atom + 2] += slope.x * direction.sine
          }
        }
      }
    }
    return sum * images.area
  }

  /// Adds to the gradient.
  private func energy(_ coordinates: [Double], scale: Double, _ gradient: inout [Double]) -> Double {
    let reach = PairPotential.cutoff * bond
    let inverse = 1 / (bond * bond)
    var sum = 0.0
    coordinates.withUnsafeBufferPointer { list.follow($0, reach: reach, skin: 0.4 * bond) }
    gradient.withUnsafeMutableBufferPointer { gradient in
      coordinates.withUnsafeBufferPointer { coordinates in
        for pair in list.firsts.indices {
          let (i, j) = (3 * Int(list.firsts[pair]), 3 * Int(list.seconds[pair]))
          let dx = coordinates[i] - coordinates[j]
          let dy = coordinates[i + 1] - coordinates[j + 1]
          let dz = coordinates[i + 2] - coordinates[j + 2]
          let square = dx * dx + dy * dy + dz * dz
          guard square < reach * reach else { continue }
          let (value, pull) = potential.pair(square: square * inverse)
          sum += value
          let along = scale * pull * inverse
          gradient[i] += along * dx
          gradient[i + 1] += along * dy
          gradient[i + 2] += along * dz
          gradient[j] -= along * dx
          gradient[j + 1] -= along * dy
          gradient[j + 2] -= along * dz
        }
      }
    }
    return sum
  }
}

extension ProjectionImages {
  /// What atoms of unit mass look like; the values are replaced. Weights are one an atom, or none.
  package func projecting(_ cluster: AtomCluster, _ blob: AtomBlob, weights: [Double] = [])
    -> ProjectionImages
  {
    var projected = self
    projected.values = [Double](repeating: 0, count: values.count)
    let stamp = BlobStamp(blob, self)
    projected.values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for (index, direction) in directions.enumerated() {
        for atom in 0..<cluster.count {
          let place = Self.place(cluster[atom], direction)
          stamp.place(place.x, place.y)
          stamp.add(atom < weights.count ? weights[atom] : 1, to: base + index * pixels)
        }
      }
    }
    return projected
  }
}
