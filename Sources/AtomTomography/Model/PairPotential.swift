import Glibc

/// What atoms do to each other at a distance, in units of a bond's energy. Distances are in those of the nearest
/// neighbours.
package enum PairPotential: String, Sendable, CaseIterable {
  /// Lennard-Jones: -1 at distance 1, 0 from 2.5 on, straight below 0.75. Its lattice is hexagonal.
  case lennardJones = "lj"
  /// With a well at the square root of 2, which holds a square lattice.
  case square

  package static let cutoff = 2.5
  private static let core = 0.75
  private static let shift = lennardJones(square: cutoff * cutoff).value
  private static let atCore = lennardJones(square: core * core)
  private static let diagonal = 2.0.squareRoot()
  private static let depth = 0.7
  private static let width = 0.12

  /// By the squared distance; the pull is the derivative by the distance over the distance.
  @inline(__always)
  private static func lennardJones(square: Double) -> (value: Double, pull: Double) {
    let inverse = 1 / square
    let sixth = inverse * inverse * inverse
    return (sixth * (sixth - 2), 12 * inverse * sixth * (1 - sixth))
  }

  /// The energy of a pair by its squared distance, and its derivative by the distance over the distance, which is
  /// what moves its atoms.
  @inline(__always)
  package func pair(square: Double) -> (value: Double, pull: Double) {
    guard square < Self.cutoff * Self.cutoff else { return (0, 0) }
    var value = 0.0
    var pull = 0.0
    if square < Self.core * Self.core {
      let distance = max(1e-12, square.squareRoot())
      let slope = Self.atCore.pull * Self.core
      value = Self.atCore.value + slope * (distance - Self.core) - Self.shift
      pull = slope / distance
    } else {
      (value, pull) = Self.lennardJones(square: square)
      value -= Self.shift
    }
    if self == .square {
      let distance = max(1e-12, square.squareRoot())
      let x = (distance - Self.diagonal) / Self.width
      // Further away it is nothing to ten digits.
      if x.magnitude < 7 {
        let well = Self.depth * exp(-0.5 * x * x)
        value -= well
        pull += well * x / (Self.width * distance)
      }
    }
    return (value, pull)
  }

  /// The energy of a pair and its derivative by the distance.
  package func pair(_ distance: Double) -> (value: Double, slope: Double) {
    let (value, pull) = pair(square: distance * distance)
    return (value, pull * distance)
  }
}

/// Springs around a lattice that was found: each bond keeps its length, wherever the crystal as a whole is bent to.
package struct HarmonicNetwork: Sendable {
  package struct Bond: Sendable, Equatable {
    package var first: Int
    package var second: Int
    package var length: Double
    package var stiffness: Double

    package init(_ first: Int, _ second: Int, length: Double, stiffness: Double) {
      self.first = first
      self.second = second
      self.length = length
      self.stiffness = stiffness
    }
  }

  package var bonds: [Bond]

  package init(bonds: [Bond]) { self.bonds = bonds }

  /// Between the nearest of found atoms, and along the diagonals of a square lattice, which would shear without. As
  /// stiff as Lennard-Jones bonds, as long as the lattice's.
  package init(_ atoms: AtomPlane, _ kind: LatticeKind, bond: Double) {
    bonds = []
    let stiffness = 72 / (bond * bond)
    for i in 0..<atoms.count {
      for j in 0..<i {
        let distance = (atoms[i] - atoms[j]).length / bond
        if distance < 1.2 {
          bonds.append(Bond(j, i, length: bond, stiffness: stiffness))
        } else if kind == .square, distance < 1.65 {
          bonds.append(Bond(j, i, length: 2.0.squareRoot() * bond, stiffness: 0.5 * stiffness))
        }
      }
    }
  }

  /// The sum of stiffness (r - length)^2 / 2; the gradient is added to times `scale`.
  package func energy(
    _ coordinates: UnsafePointer<Double>, scale: Double, gradient: UnsafeMutablePointer<Double>
  ) -> Double {
    var energy = 0.0
    for bond in bonds {
      let (i, j) = (2 * bond.first, 2 * bond.second)
      let dx = coordinates[i] - coordinates[j]
      let dy = coordinates[i + 1] - coordinates[j + 1]
      let distance = max(1e-9, (dx * dx + dy * dy).squareRoot())
      let stretch = distance - bond.length
      energy += 0.5 * bond.stiffness * stretch * stretch
      let pull = scale * bond.stiffness * stretch / distance
      gradient[i] += pull * dx
      gradient[i + 1] += pull * dy
      gradient[j] -= pull * dx
      gradient[j + 1] -= pull * dy
    }
    return energy
  }
}
