import Arrays
import Glibc

/// Why an atom is not determined.
package enum AtomDoubt: String, Sendable, CaseIterable {
  /// It can move, others following, and the projections stay what they are within their noise.
  case free
  /// Two atoms can exchange a coordinate without any change.
  case exchange
  /// Restarts that fit as well have it elsewhere.
  case restarts
  /// It, or it and another one, can have another type.
  case type
  /// Nothing that was found explains the projections.
  case notConverged = "not_converged"
}

/// How well an atom is known, in a plane or in space.
package struct AtomCertainty<Place: Sendable & Equatable>: Sendable, Equatable {
  /// Half of the 95 % interval along each axis.
  package var interval: Place
  package var doubts: [AtomDoubt]
  /// Its share of the pairs' energy, in bonds.
  package var energy: Double
  /// How far the restarts that fit as well have it from here.
  package var spread: Double

  package var isDetermined: Bool { doubts.isEmpty }
}

/// Exchanges that two projections cannot see: the atoms, and where they would go.
package struct CoordinateExchange: Sendable, Equatable {
  package var first: Int
  package var second: Int
  package var firstTo: SIMD2<Double>
  package var secondTo: SIMD2<Double>
}

struct CertaintyJudge {
  /// Another restart that explains the projections as well.
  struct Rival {
    var atoms: AtomPlane
    /// Its objective is as low, too.
    var isAsLow: Bool
  }

  let objective: AtomObjective
  let atoms: AtomPlane
  let noise: NoiseLevel
  let isConverged: Bool
  let rivals: [Rival]
  let region: Region

  /// A move by this much of a bond is another place.
  static let move = 0.2
  /// What the noise cannot tell: three standard deviations.
  static let threshold = 9.0

  /// The misfit that is one unit of chi squared.
  private var unit: Double { noise.deviation * noise.deviation * objective.projections.pitch }

  func judge(isCancelled: @Sendable () -> Bool) -> (
    atoms: [AtomCertainty<SIMD2<Double>>], exchanges: [CoordinateExchange]
  ) {
    let exchanges = exchanges()
    let intervals = intervals()
    let free = freeAtoms(isCancelled)
    let bond = objective.bond
    let others = rivals.map { rival in
      (AtomMatching(atoms.points, rival.atoms.points, limit: 0.5 * bond), rival.isAsLow)
    }
    var result: [AtomCertainty<SIMD2<Double>>] = []
    for index in 0..<atoms.count {
      var doubts: [AtomDoubt] = []
      if !isConverged { doubts.append(.notConverged) }
      if free.contains(index) { doubts.append(.free) }
      if exchanges.contains(where: { $0.first == index || $0.second == index }) { doubts.append(.exchange) }
      var spread = 0.0
      var width = 0.0
      for (other, isAsLow) in others {
        let distance = other.pairs.first { $0.found == index }?.distance ?? 0.5 * bond
        spread = max(spread, distance)
        if isAsLow { width = max(width, distance) }
      }
      if spread > 0.5 * Self.move * bond { doubts.append(.restarts) }
      var energy = 0.0
      for j in 0..<atoms.count where j != index {
        energy += 0.5 * objective.potential.pair((atoms[j] - atoms[index]).length / bond).value
      }
      var interval = intervals[index]
      interval.x = (interval.x * interval.x + width * width).squareRoot()
      interval.y = (interval.y * interval.y + width * width).squareRoot()
      result.append(AtomCertainty(interval: interval, doubts: doubts, energy: energy, spread: spread))
    }
    return (result, exchanges)
  }

  // MARK: Intervals

  private func intervals() -> [SIMD2<Double>] {
    let curvature = Curvature(objective, at: atoms)
    var gradient: [Double] = []
    let plain = AtomObjective(
      objective.projections, objective.blob, potential: objective.potential, alpha: 0, bond: objective.bond,
      mass: objective.mass)
    _ = plain.value(atoms.coordinates, gradient: &gradient)
    let widths = IntervalEstimate(
      misfit: curvature.misfit, energy: curvature.energy, alpha: objective.alpha,
      measured: gradient.reduce(0) { $0 + $1 * $1 }, unit: unit,
      least: 2 * unit / pow(0.25 * objective.bond, 2)
    ).halfWidths()
    return (0..<atoms.count).map { atom in
      widths.map { SIMD2($0[2 * atom], $0[2 * atom + 1]) } ?? SIMD2(repeating: objective.bond)
    }
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
    let limit = settled.value.misfit + Self.threshold * unit
    let atoms = settled.atoms
    let distance = Self.move * objective.bond
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
