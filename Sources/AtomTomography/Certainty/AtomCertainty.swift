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

/// Another restart that explains the projections as well.
struct Rival: Sendable {
  var matching: AtomMatching
  /// Its objective is as low, too.
  var isAsLow: Bool
}

/// What curvature, null space, restarts and neighbours say of each atom, put together.
struct Verdicts<Place: SIMD & Sendable> where Place.Scalar == Double {
  let points: [Place]
  let bond: Double
  let potential: PairPotential
  let isConverged: Bool
  /// Half of the 95 % interval of every coordinate by curvature; nil where there is none.
  let halfWidths: [Double]?
  /// The doubts that the projections give by themselves, with the atoms that they are of.
  let doubted: [(doubt: AtomDoubt, atoms: Set<Int>)]
  let rivals: [Rival]

  /// A move by this much of a bond is another place.
  static var move: Double { 0.2 }
  /// What the noise cannot tell: three standard deviations.
  static var threshold: Double { 9 }

  func certainty() -> [AtomCertainty<Place>] { points.indices.map(certainty) }

  private func certainty(of atom: Int) -> AtomCertainty<Place> {
    var doubts: [AtomDoubt] = isConverged ? [] : [.notConverged]
    for (doubt, atoms) in doubted where atoms.contains(atom) { doubts.append(doubt) }
    var (spread, width) = (0.0, 0.0)
    for rival in rivals {
      let distance = rival.matching.pairs.first { $0.found == atom }?.distance ?? 0.5 * bond
      spread = max(spread, distance)
      if rival.isAsLow { width = max(width, distance) }
    }
    if spread > 0.5 * Self.move * bond { doubts.append(.restarts) }
    var energy = 0.0
    for other in points.indices where other != atom {
      let apart = points[other] - points[atom]
      energy += 0.5 * potential.pair((apart * apart).sum().squareRoot() / bond).value
    }
    var interval = Place()
    let axes = interval.scalarCount
    for axis in 0..<axes {
      let own = halfWidths?[axes * atom + axis] ?? bond
      interval[axis] = (own * own + width * width).squareRoot()
    }
    return AtomCertainty(interval: interval, doubts: doubts, energy: energy, spread: spread)
  }
}
