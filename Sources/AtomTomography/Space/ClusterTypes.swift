import Arrays

/// Which of some weights each atom of a cluster has, by the misfit alone: the type of one atom is changed, or those of
/// two are exchanged, as long as that explains the images better.
struct ClusterTypes {
  let images: ProjectionImages
  let blob: AtomBlob
  let mass: Double
  let types: [Double]

  /// Another type for one atom, or an exchange of types between two, and what that adds to the misfit.
  private struct Change {
    var cost: Double
    var atoms: [(atom: Int, weight: Double)]
  }

  func improved(_ weights: [Double], of cluster: AtomCluster, isCancelled: () -> Bool) -> [Double] {
    var weights = weights
    for _ in 0..<4 * cluster.count where !isCancelled() {
      var best = Change(cost: -1e-9, atoms: [])
      eachChange(weights, of: cluster) { change in
        if change.cost < best.cost { best = change }
        return best.cost
      }
      guard !best.atoms.isEmpty else { break }
      for (atom, weight) in best.atoms { weights[atom] = weight }
    }
    return weights
  }

  /// Atoms that can have another type for less misfit than `limit`.
  func open(_ weights: [Double], of cluster: AtomCluster, limit: Double) -> Set<Int> {
    var found = Set<Int>()
    guard types.count > 1 else { return found }
    eachChange(weights, of: cluster) { change in
      if change.cost < limit { found.formUnion(change.atoms.map(\.atom)) }
      return limit
    }
    return found
  }

  /// Every change that may cost less than what `body` answers to the one before.
  private func eachChange(_ weights: [Double], of cluster: AtomCluster, _ body: (Change) -> Double) {
    let places = images.directions.map { direction in
      cluster.points.map { ProjectionImages.place($0, direction) }
    }
    let products = products(weights, cluster, places)
    let overlap = Overlap(blob, pitch: images.pitch)
    let own = overlap.own * overlap.own * Double(images.angles.count)
    func cost(_ atom: Int, by step: Double) -> Double {
      images.area * mass * step * (2 * products[atom] + mass * step * own)
    }
    var limit = Double.infinity
    for atom in weights.indices {
      for type in types where type != weights[atom] {
        limit = body(Change(cost: cost(atom, by: type - weights[atom]), atoms: [(atom, type)]))
      }
    }
    for i in weights.indices {
      for j in 0..<i where weights[i] != weights[j] {
        let step = weights[j] - weights[i]
        let apart = cost(i, by: step) + cost(j, by: -step)
        let shared = 2 * images.area * mass * mass * step * step
        // What atoms on top of each other share is asked for only where it can matter.
        guard apart - shared * own < limit else { continue }
        let common = places.reduce(0) { sum, place in
          let away = place[i] - place[j]
          return sum + overlap.value(away.x) * overlap.value(away.y)
        }
        limit = body(Change(cost: apart - shared * common, atoms: [(i, weights[j]), (j, weights[i])]))
      }
    }
  }

  /// Of every atom with model less measurement, over all images.
  private func products(
    _ weights: [Double], _ cluster: AtomCluster, _ places: [[SIMD2<Double>]]
  ) -> [Double] {
    let model = images.projecting(cluster, blob, weights: weights)
    let residual = zip(model.values, images.values).map { mass * $0 - $1 }
    let stamp = BlobStamp(blob, images)
    var products = [Double](repeating: 0, count: cluster.count)
    residual.withUnsafeBufferPointer { residual in
      guard let base = residual.baseAddress else { return }
      for index in places.indices {
        for atom in products.indices {
          stamp.place(places[index][atom].x, places[index][atom].y)
          products[atom] += stamp.product(base + index * images.pixels).value
        }
      }
    }
    return products
  }
}
