import Arrays
import Glibc

/// Second derivatives of misfit and energy by the coordinates in space. Those of the misfit are where the images are
/// explained: products of the atoms' derivatives, which are Gaussians again.
package struct ClusterCurvature {
  package private(set) var misfit: DoubleMatrix
  /// Without alpha.
  package private(set) var energy: DoubleMatrix

  package init(_ objective: ClusterObjective, at cluster: AtomCluster) {
    let size = 3 * cluster.count
    misfit = DoubleMatrix(rows: size, columns: size)
    energy = DoubleMatrix(rows: size, columns: size)
    addMisfit(objective, cluster)
    addEnergy(objective, cluster)
  }

  private mutating func addMisfit(_ objective: ClusterObjective, _ cluster: AtomCluster) {
    let variance = objective.blob.sigma * objective.blob.sigma
    let reach = 80 * variance
    for direction in objective.images.directions {
      // What moves an atom in the image: u by x and z, v by y.
      let moves = [SIMD2(direction.cosine, 0), SIMD2(0, 1), SIMD2(direction.sine, 0)]
      let places = cluster.points.map { ProjectionImages.place($0, direction) }
      for i in 0..<cluster.count {
        for j in 0...i {
          let apart = places[i] - places[j]
          let square = (apart * apart).sum()
          guard square < reach else { continue }
          let overlap = exp(-square / (4 * variance)) / (4 * Double.pi * variance)
          let factor =
            2 * objective.mass * objective.mass * objective.weight(i) * objective.weight(j) * overlap
          for a in 0..<3 {
            for b in 0..<3 {
              let along = (moves[a] * moves[b]).sum() / (2 * variance)
              let across =
                (moves[a] * apart).sum() * (moves[b] * apart).sum() / (4 * variance * variance)
              let value = factor * (along - across)
              misfit[3 * i + a, 3 * j + b] += value
              if i != j { misfit[3 * j + b, 3 * i + a] += value }
            }
          }
        }
      }
    }
  }

  private mutating func addEnergy(_ objective: ClusterObjective, _ cluster: AtomCluster) {
    let bond = objective.bond
    let step = 1e-4
    for i in 0..<cluster.count {
      for j in 0..<i {
        let from = (cluster[i] - cluster[j]) / bond
        let distance = from.length
        guard distance > 1e-6, distance < PairPotential.cutoff + step else { continue }
        let direction = from / distance
        let slope = objective.potential.pair(distance).slope
        let bend =
          (objective.potential.pair(distance + step).slope - objective.potential.pair(distance - step).slope)
          / (2 * step)
        for a in 0..<3 {
          for b in 0..<3 {
            let along = direction[a] * direction[b]
            let value = (bend * along + slope / distance * ((a == b ? 1 : 0) - along)) / (bond * bond)
            energy[3 * i + a, 3 * i + b] += value
            energy[3 * j + a, 3 * j + b] += value
            energy[3 * i + a, 3 * j + b] -= value
            energy[3 * j + a, 3 * i + b] -= value
          }
        }
      }
    }
  }
}
