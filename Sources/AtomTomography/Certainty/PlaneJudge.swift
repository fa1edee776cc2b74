import Arrays
import Glibc

/// Exchanges that two projections cannot see: the atoms, and where they would go.
package struct CoordinateExchange: Sendable, Equatable {
  package var first: Int
  package var second: Int
  package var firstTo: SIMD2<Double>
  package var secondTo: SIMD2<Double>
}

/// How well each atom in a plane is known.
struct PlaneJudge {
  let objective: AtomObjective
  let atoms: AtomPlane
  let noise: NoiseLevel
  let isConverged: Bool
  let rivals: [Rival]
  let region: Region

  private typealias Planar = Verdicts<SIMD2<Double>>

  /// The misfit that is one unit of chi squared.
  private var unit: Double { noise.deviation * noise.deviation * objective.projections.pitch }

  func judge(isCancelled: @Sendable () -> Bool) -> (
    atoms: [AtomCertainty<SIMD2<Double>>], exchanges: [CoordinateExchange]
  ) {
    let exchanges = exchanges()
    let verdicts = Planar(
      points: atoms.points, bond: objective.bond, potential: objective.potential, isConverged: isConverged,
      halfWidths: halfWidths(),
      doubted: [
        (.free, freeAtoms(isCancelled)), (.exchange, Set(exchanges.flatMap { [$0.first, $0.second] })),
      ], rivals: rivals)
    return (verdicts.certainty(), exchanges)
  }

  // MARK: Intervals

  private func halfWidths() -> [Double]? {
    let curvature = Curvature(objective, at: atoms)
    var gradient: [Double] = []
    let plain = AtomObjective(
      objective.projections, objective.blob, potential: objective.potential, alpha: 0, bond: objective.bond,
      mass: objective.mass)
    _ = plain.value(atoms.coordinates, gradient: &gradient)
    return IntervalEstimate(
      misfit: curvature.misfit, energy: curvature.energy, alpha: objective.alpha,
      measured: gradient.reduce(0) { $0 + $1 * $1 }, unit: unit,
      least: 2 * unit / pow(0.25 * objective.bond, 2)
    ).halfWidths()
  }

  // MARK: The null space

  /// Atoms that can be moved by a fifth of a bond, all others following so as to undo it in the projections, while
  /// the misfit rises by less than noise can tell. The potential is off.
  private func freeAtoms(_ isCancelled: @Sendable () -> Bool) -> Set<Int> {
    let (projections, blob, bond, mass) = (
      objective.projections, objective.blob, objective.bond, objective.mass
    )
    // Each thread has its own work space.
    let plain: @Sendable () -> AtomObjective = {
      AtomObjective(projections, blob, alpha: 0, bond: bond, mass: mass)
    }
    let settled = Descent(iterations: 30, tolerance: 1e-6, gain: 1e-7).run(plain(), from: atoms)
    let limit = settled.value.misfit + Planar.threshold * unit
    let atoms = settled.atoms
    let distance = Planar.move * objective.bond
    let chunks = parallelChunkMap(atoms.count, size: 4) { range -> [Int] in
      let objective = plain()
      var found: [Int] = []
      for atom in range {
        if isCancelled() { break }
        for turn in 0..<8 {
          let angle = Double(turn) * .pi / 4
          let held = HeldDescent(held: 2 * atom..<2 * atom + 2, limit: limit, steps: 40)
          var moved = atoms
          moved[atom] += distance * SIMD2(cos(angle), sin(angle))
          if held.reaches(objective, from: moved.coordinates) {
            found.append(atom)
            break
          }
        }
      }
      return found
    }
    return Set(chunks.joined())
  }

  /// Two atoms on the corners of a parallelogram along the projections, whose other corners are free.
  private func exchanges() -> [CoordinateExchange] {
    let directions = objective.projections.directions
    guard directions.count == 2 else { return [] }
    let (a, b) = (directions[0], directions[1])
    let determinant = a.cosine * b.sine - a.sine * b.cosine
    guard determinant.magnitude > 1e-6 else { return [] }
    func point(_ u: Double, _ v: Double) -> SIMD2<Double> {
      SIMD2((u * b.sine - v * a.sine) / determinant, (v * a.cosine - u * b.cosine) / determinant)
    }
    let points = atoms.points
    let free = 0.7 * objective.bond
    // A place for an atom is at least a bond from all others and has neighbours.
    func isPlace(_ place: SIMD2<Double>, _ i: Int, _ j: Int) -> Bool {
      guard region.contains(place) else { return false }
      var neighbours = 0
      for (index, other) in points.enumerated() where index != i && index != j {
        let distance = (other - place).length
        if distance < free { return false }
        if distance < 1.5 * objective.bond { neighbours += 1 }
      }
      return neighbours >= 2
    }
    var exchanges: [CoordinateExchange] = []
    for i in points.indices {
      for j in 0..<i {
        let first = point(a.coordinate(points[i].x, points[i].y), b.coordinate(points[j].x, points[j].y))
        let second = point(a.coordinate(points[j].x, points[j].y), b.coordinate(points[i].x, points[i].y))
        // Atoms in one row are only exchanged with each other.
        guard (first - points[i]).length > 0.5 * objective.bond,
          (first - points[j]).length > 0.5 * objective.bond,
          (first - second).length > free, isPlace(first, i, j), isPlace(second, i, j)
        else { continue }
        exchanges.append(CoordinateExchange(first: i, second: j, firstTo: first, secondTo: second))
      }
    }
    return exchanges
  }
}
