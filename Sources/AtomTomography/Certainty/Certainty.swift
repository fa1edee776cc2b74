import Arrays
import Glibc

/// How well each atom is known.
package struct AtomCertainty: Sendable, Equatable {
  /// Why an atom is not determined.
  package enum Doubt: String, Sendable, CaseIterable {
    /// It can move, others following, and the projections stay what they are within their noise.
    case free
    /// Two atoms can exchange a coordinate without any change.
    case exchange
    /// Restarts that fit as well have it elsewhere.
    case restarts
    /// Nothing that was found explains the projections.
    case notConverged = "not_converged"
  }

  /// Half of the 95 % interval along x and y.
  package var interval: SIMD2<Double>
  package var doubts: [Doubt]
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

  func judge(isCancelled: @Sendable () -> Bool) -> (atoms: [AtomCertainty], exchanges: [CoordinateExchange]) {
    let exchanges = exchanges()
    let intervals = intervals()
    let free = freeAtoms(isCancelled)
    let bond = objective.bond
    let others = rivals.map { rival in
      (AtomMatching(atoms.points, rival.atoms.points, limit: 0.5 * bond), rival.isAsLow)
    }
    var result: [AtomCertainty] = []
    for index in 0..<atoms.count {
      var doubts: [AtomCertainty.Doubt] = []
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

  /// The estimate errs by the noise and by forces that hold the true atoms although the potential has none there.
  /// How strong those are the misfit's own gradient says, which balances them.
  private func intervals() -> [SIMD2<Double>] {
    let curvature = Curvature(objective, at: atoms)
    let size = curvature.size
    let alpha = objective.alpha
    var total = DoubleMatrix(rows: size, columns: size)
    for i in 0..<size {
      for j in 0..<size { total[i, j] = curvature.misfit[i, j] + alpha * curvature.energy[i, j] }
    }
    // Directions that hardly anything holds are bounded by where the next atom is.
    let least = 2 * unit / pow(0.25 * objective.bond, 2)
    guard let eigen = try? total.symmetricEigen() else {
      return [SIMD2<Double>](repeating: SIMD2(repeating: objective.bond), count: atoms.count)
    }
    var scaled = eigen.vectors
    for column in 0..<size {
      let factor = 1 / max(least, eigen.values[column])
      for row in 0..<size { scaled[row, column] *= factor }
    }
    let inverse = DoubleMatrix.product(scaled, eigen.vectors, right: .transposed)
    let left = inverse * curvature.misfit
    // Of the measured gradient of the misfit: what noise leaves in it, and what a force of unit strength does.
    let byNoise = DoubleMatrix.product(inverse * curvature.misfit, inverse, right: .transposed)
    let held = alpha == 0 ? nil : curvature.energy * byNoise * curvature.energy
    var gradient: [Double] = []
    let plain = AtomObjective(
      objective.projections, objective.blob, potential: objective.potential, alpha: 0, bond: objective.bond,
      mass: objective.mass)
    _ = plain.value(atoms.coordinates, gradient: &gradient)
    let measured = gradient.reduce(0) { $0 + $1 * $1 }
    let fromNoise =
      held.map { held in (0..<size).reduce(0) { $0 + held[$1, $1] } * 2 * unit * alpha * alpha } ?? 0
    let perForce = left.values.reduce(0) { $0 + $1 * $1 }
    let force = perForce > 0 ? max(0, measured - fromNoise) / perForce : 0
    let byForce = DoubleMatrix.product(inverse, inverse, right: .transposed)
    return (0..<atoms.count).map { atom in
      var interval = SIMD2<Double>.zero
      for axis in 0..<2 {
        let at = 2 * atom + axis
        interval[axis] = 1.96 * max(0, 2 * unit * byNoise[at, at] + force * byForce[at, at]).squareRoot()
      }
      return interval
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
          let held = HeldDescent(atom: atom, limit: limit)
          var moved = atoms
          moved[atom] += distance * SIMD2(cos(angle), sin(angle))
          if held.reaches(objective, from: moved) {
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

/// A few steps of all atoms but one, to see whether the others can make up for it: conjugate gradients.
private struct HeldDescent {
  let atom: Int
  let limit: Double

  func reaches(_ objective: AtomObjective, from start: AtomPlane) -> Bool {
    var x = start.coordinates
    var gradient: [Double] = []
    var value = objective.value(x, gradient: &gradient)
    var direction = [Double](repeating: 0, count: x.count)
    var last = 0.0
    var length = 2e-3
    for _ in 0..<40 {
      if value.misfit < limit { return true }
      gradient[2 * atom] = 0
      gradient[2 * atom + 1] = 0
      let square = gradient.reduce(0) { $0 + $1 * $1 }
      guard square > 0 else { return false }
      let share = last > 0 ? min(1, square / last) : 0
      var slope = 0.0
      for i in x.indices {
        direction[i] = share * direction[i] - gradient[i]
        slope += direction[i] * gradient[i]
      }
      if slope >= 0 {
        for i in x.indices { direction[i] = -gradient[i] }
        slope = -square
      }
      last = square
      var next = x
      var isLower = false
      for _ in 0..<8 {
        for i in x.indices { next[i] = x[i] + length * direction[i] }
        var after: [Double] = []
        let trial = objective.value(next, gradient: &after)
        if trial.misfit < value.misfit + 1e-4 * length * slope {
          x = next
          gradient = after
          value = trial
          isLower = true
          length *= 1.6
          break
        }
        length *= 0.35
      }
      if !isLower { return value.misfit < limit }
    }
    return value.misfit < limit
  }
}
