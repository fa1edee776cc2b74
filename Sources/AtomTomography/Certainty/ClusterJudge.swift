import Arrays
import Glibc

/// How well each atom in space is known.
struct ClusterJudge {
  let search: ClusterSearch
  let alpha: Double
  let bond: Double
  let cluster: AtomCluster
  let weights: [Double]
  let noise: NoiseLevel
  let isConverged: Bool
  let rivals: [Rival]

  private typealias Spatial = Verdicts<SIMD3<Double>>

  /// The misfit that is one unit of chi squared.
  private var unit: Double { noise.deviation * noise.deviation * search.images.area }

  func judge(isCancelled: @escaping @Sendable () -> Bool) -> [AtomCertainty<SIMD3<Double>>] {
    let objective = search.objective(alpha: alpha, bond: bond, weights: weights)
    let curvature = ClusterCurvature(objective, at: cluster)
    let least = 2 * max(1e-300, unit) / pow(0.25 * bond, 2)
    var gradient: [Double] = []
    _ = search.objective(alpha: 0, weights: weights).value(cluster.coordinates, gradient: &gradient)
    let widths = IntervalEstimate(
      misfit: curvature.misfit, energy: curvature.energy, alpha: alpha,
      measured: gradient.reduce(0) { $0 + $1 * $1 }, unit: unit, least: least
    ).halfWidths()
    let types = ClusterTypes(
      images: search.images, blob: search.blob, mass: search.mass, types: search.types)
    return Spatial(
      points: cluster.points, bond: bond, potential: objective.potential, isConverged: isConverged,
      halfWidths: widths,
      doubted: [
        (.free, freeAtoms(curvature.misfit, least: least, isCancelled)), (.exchange, exchangedAtoms()),
        (.type, types.open(weights, of: cluster, limit: Spatial.threshold * unit)),
      ], rivals: rivals
    ).certainty()
  }

  /// Atoms that can be moved by a fifth of a bond, all others following so as to undo it in the images, while the misfit
  /// rises by less than noise can tell. The potential is off.
  ///
  /// The curvature says in which direction an atom is held least and how the others follow; where it holds the atom by
  /// far nothing more is asked, elsewhere the others try to make up for the move.
  private func freeAtoms(
    _ misfit: DoubleMatrix, least: Double, _ isCancelled: @escaping @Sendable () -> Bool
  ) -> Set<Int> {
    guard let inverse = IntervalEstimate.inverse(misfit, least: least) else {
      return Set(0..<cluster.count)
    }
    let limit =
      search.objective(alpha: 0, weights: weights).value(cluster).misfit + Spatial.threshold * unit
    let distance = Spatial.move * bond
    let (search, cluster, weights, unit) = (search, cluster, weights, unit)
    let chunks = parallelChunkMap(cluster.count, size: 16) { range -> [Int] in
      let plain = search.objective(alpha: 0, weights: weights)
      return range.filter { atom in
        if isCancelled() { return false }
        var block = DoubleMatrix(rows: 3, columns: 3)
        for a in 0..<3 { for b in 0..<3 { block[a, b] = inverse[3 * atom + a, 3 * atom + b] } }
        guard let eigen = try? block.symmetricEigen(), let softest = eigen.values.last, softest > 0 else {
          return true
        }
        guard 0.5 * distance * distance / softest < 4 * Spatial.threshold * unit else { return false }
        let held = HeldDescent(held: 3 * atom..<3 * atom + 3, limit: limit, steps: 8)
        return [-distance, distance].contains { move in
          var moved = cluster.coordinates
          for at in moved.indices {
            var follows = 0.0
            for a in 0..<3 { follows += inverse[at, 3 * atom + a] * eigen.vectors[a, 2] }
            // Beyond a straight line nothing is known of who follows far.
            moved[at] += max(-distance, min(distance, move * follows / softest))
          }
          return held.reaches(plain, from: moved)
        }
      }
    }
    return Set(chunks.joined())
  }

  /// Two projections do not change when two atoms at one height exchange a coordinate: those whose other corners are
  /// places for atoms.
  private func exchangedAtoms() -> Set<Int> {
    let directions = search.images.directions
    guard directions.count == 2 else { return [] }
    let (a, b) = (directions[0], directions[1])
    let determinant = a.cosine * b.sine - a.sine * b.cosine
    guard determinant.magnitude > 1e-6 else { return [] }
    let points = cluster.points
    func corner(_ first: SIMD3<Double>, _ second: SIMD3<Double>) -> SIMD3<Double> {
      let (u, v) = (a.coordinate(first.x, first.z), b.coordinate(second.x, second.z))
      return SIMD3(
        (u * b.sine - v * a.sine) / determinant, 0.5 * (first.y + second.y),
        (v * a.cosine - u * b.cosine) / determinant)
    }
    func isPlace(_ place: SIMD3<Double>, _ i: Int, _ j: Int) -> Bool {
      var neighbours = 0
      for (index, other) in points.enumerated() where index != i && index != j {
        let distance = (other - place).length
        if distance < 0.7 * bond { return false }
        if distance < 1.5 * bond { neighbours += 1 }
      }
      return neighbours >= 3
    }
    var exchanged = Set<Int>()
    for i in points.indices {
      for j in 0..<i where (points[i].y - points[j].y).magnitude < 0.2 * bond {
        let (first, second) = (corner(points[i], points[j]), corner(points[j], points[i]))
        guard (first - points[i]).length > 0.5 * bond, (first - points[j]).length > 0.5 * bond,
          (first - second).length > 0.7 * bond, isPlace(first, i, j), isPlace(second, i, j)
        else { continue }
        exchanged.formUnion([i, j])
      }
    }
    return exchanged
  }
}
