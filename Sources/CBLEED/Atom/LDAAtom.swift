import Glibc

/// A free atom in the local density approximation, without relativity and spin; Hartree and Bohr.
package struct LDAAtom: Sendable {
  package let nuclearCharge: Int
  package let radii: [Double]
  /// 4 pi r^2 rho.
  package let density: [Double]
  /// -Z/r + V_H.
  package let coulomb: [Double]
  /// One for each shell, in the order they were given.
  package let eigenvalues: [Double]
  package let totalEnergy: Double
  let grid: RadialGrid

  package init(nuclearCharge: Int, shells: [AtomicShell]) throws(CBLEEDError) {
    let z = Double(nuclearCharge)
    let electrons = shells.reduce(0) { $0 + $1.electrons }
    guard abs(electrons - z) < 1e-9 else {
      throw .request("an atom of charge \(nuclearCharge) needs as many electrons, not \(electrons)")
    }
    let grid = RadialGrid(start: 1e-6 / z, end: 60, step: 0.01)
    let count = grid.count
    // The first guess is a nucleus behind the Thomas-Fermi screening; what follows does not depend on it.
    var density = [Double](repeating: 0, count: count)
    var potential = grid.radii.map { r in
      let x = r * cbrt(z) / 0.8853
      return -max(z / pow(1 + 0.6 * x.squareRoot() + 0.25 * x, 3), 1) / r
    }
    var eigenvalues = shells.map { -0.5 * z * z / Double($0.n * $0.n) }
    var energy = 0.0
    for iteration in 0..<300 {
      var next = [Double](repeating: 0, count: count)
      for (s, shell) in shells.enumerated() {
        let state = try BoundState(
          n: shell.n, l: shell.l, potential: potential, grid: grid, guess: eigenvalues[s])
        eigenvalues[s] = state.energy
        for i in 0..<count { next[i] += shell.electrons * state.density[i] }
      }
      let change = iteration == 0 ? 1 : grid.integral(zip(next, density).map { abs($0 - $1) })
      // Plain mixing: a third of the step damps the sloshing of the outer shells in every atom.
      let part = iteration == 0 ? 1 : 0.35
      for i in 0..<count { density[i] += part * (next[i] - density[i]) }
      let field = AtomicField(density: density, charge: z, grid: grid)
      potential = zip(field.coulomb, field.exchangeCorrelation).map(+)
      energy = zip(shells, eigenvalues).reduce(0) { $0 + $1.0.electrons * $1.1 } + field.doubleCounting
      if change < 1e-9 * z {
        self.nuclearCharge = nuclearCharge
        self.grid = grid
        radii = grid.radii
        self.density = density
        coulomb = field.coulomb
        self.eigenvalues = eigenvalues
        totalEnergy = energy
        return
      }
    }
    throw .notConverged("the atom of charge \(nuclearCharge)")
  }
}

/// What a density makes: its potentials and the energy counted twice in a sum of eigenvalues.
private struct AtomicField {
  var coulomb: [Double]
  var exchangeCorrelation: [Double]
  var doubleCounting: Double

  init(density: [Double], charge z: Double, grid: RadialGrid) {
    let r = grid.radii
    let inside = grid.runningIntegral(density)
    let outside = grid.runningIntegral(zip(density, r).map { $0 / $1 })
    let total = outside.last ?? 0
    let hartree = r.indices.map { inside[$0] / r[$0] + total - outside[$0] }
    coulomb = r.indices.map { hartree[$0] - z / r[$0] }
    let gas = r.indices.map { LocalDensity.energyAndPotential(density[$0] / (4 * .pi * r[$0] * r[$0])) }
    exchangeCorrelation = gas.map(\.potential)
    doubleCounting = grid.integral(
      r.indices.map { density[$0] * (gas[$0].energy - gas[$0].potential - hartree[$0] / 2) })
  }
}
