import Arrays
import Glibc

/// The potential of an atom in its crystal inside a sphere, by superposing the atoms around it
/// (Mattheiss 1964) with Slater's exchange; Hartree and Bohr, zero at the mean between the spheres.
package struct MuffinTin: Sendable {
  package let radius: Double
  package let radii: [Double]
  package let potential: [Double]
  /// The mean potential between the spheres before it became the zero, in Hartree.
  package let zero: Double
  private let grid: RadialGrid

  /// An atom around the one in the middle.
  package struct Neighbour: Sendable {
    package var distance: Double
    package var atom: LDAAtom

    package init(distance: Double, atom: LDAAtom) {
      self.distance = distance
      self.atom = atom
    }
  }

  /// - Parameters:
  ///   - radius: of the sphere.
  ///   - cellRadius: of the sphere that holds an atom's share of the crystal.
  package init(atom: LDAAtom, neighbours: [Neighbour], exchange: Double, radius: Double, cellRadius: Double) {
    let grid = RadialGrid(start: 1e-6 / Double(atom.nuclearCharge), end: cellRadius * 1.05, step: 0.01)
    let spheres = Dictionary(grouping: neighbours) { ShellKey($0) }.values.map { same in
      (same[0].distance, Double(same.count), Superposition(same[0].atom))
    }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    let potential = grid.radii.map { r in
      var coulomb = atom.grid.value(zip(atom.coulomb, atom.radii).map(*), at: r) / r
      var density = atom.grid.value(atom.density, at: r) / (4 * .pi * r * r)
      for (distance, number, tail) in spheres {
        let mean = tail.mean(at: r, distance: distance)
        coulomb += number * mean.coulomb
        density += number * mean.density
      }
      return coulomb - 3 * exchange * cbrt(3 * max(density, 0) / (8 * .pi))
    }
    // Mean over the shell between the two spheres, weighted by volume.
    let (nodes, weights) = gaussLegendre(24)
    var mean = 0.0
    var volume = 0.0
    for (x, weight) in zip(nodes, weights) {
      let r = radius + (cellRadius - radius) * (x + 1) / 2
      mean += weight * r * r * grid.value(potential, at: r)
      volume += weight * r * r
    }
    let zero = mean / volume
    self.grid = grid
    self.radius = radius
    self.zero = zero
    radii = grid.radii
    self.potential = potential.map { $0 - zero }
  }

  private struct ShellKey: Hashable {
    var distance: Int
    var charge: Int

    init(_ neighbour: Neighbour) {
      distance = Int((neighbour.distance * 1e6).rounded())
      charge = neighbour.atom.nuclearCharge
    }
  }

  /// V - V_mtz at a radius; r V is smooth, V is not.
  func value(at r: Double) -> Double { grid.value(scaled, at: r) / r }
  private var scaled: [Double] { zip(potential, radii).map(*) }

  /// The table of `value` on other radii.
  func values(at other: [Double]) -> [Double] {
    let scaled = scaled
    return other.map { grid.value(scaled, at: $0) / $0 }
  }
}

/// Mean of a spherical function over a sphere that does not hold its centre:
/// (1 / 2 R r) times the integral of f(t) t dt from R - r to R + r.
private struct Superposition {
  private let grid: RadialGrid
  private let coulomb: [Double]
  private let density: [Double]

  init(_ atom: LDAAtom) {
    let grid = atom.grid
    self.grid = grid
    // Integrals from t to infinity, so that tables may end where the atom does.
    func tail(_ f: [Double]) -> [Double] {
      let running = grid.runningIntegral(zip(f, grid.radii).map(*))
      let total = running.last ?? 0
      return running.map { total - $0 }
    }
    coulomb = tail(atom.coulomb)
    density = tail(zip(atom.density, atom.radii).map { $0 / (4 * .pi * $1 * $1) })
  }

  func mean(at r: Double, distance: Double) -> (coulomb: Double, density: Double) {
    let (near, far) = (abs(distance - r), distance + r)
    func mean(_ tail: [Double]) -> Double {
      (grid.value(tail, at: near) - grid.value(tail, at: far)) / (2 * distance * r)
    }
    return (mean(coulomb), mean(density))
  }
}
