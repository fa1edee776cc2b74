import Arrays

/// Second derivatives of misfit and energy by the coordinates, by differences of the gradients.
struct Curvature {
  let size: Int
  var misfit: DoubleMatrix
  /// Without alpha.
  var energy: DoubleMatrix

  init(_ objective: AtomObjective, at atoms: AtomPlane) {
    let size = atoms.coordinates.count
    self.size = size
    let plain = AtomObjective(
      objective.projections, objective.blob, potential: objective.potential, alpha: 0, bond: objective.bond,
      mass: objective.mass)
    let step = 1e-4 * objective.bond
    func second(_ gradient: ([Double], inout [Double]) -> Void) -> DoubleMatrix {
      var matrix = DoubleMatrix(rows: size, columns: size)
      var (up, down) = ([Double](), [Double]())
      var moved = atoms.coordinates
      for i in 0..<size {
        moved[i] = atoms.coordinates[i] + step
        gradient(moved, &up)
        moved[i] = atoms.coordinates[i] - step
        gradient(moved, &down)
        moved[i] = atoms.coordinates[i]
        for j in 0..<size {
          let value = (up[j] - down[j]) / (4 * step)
          matrix[i, j] += value
          matrix[j, i] += value
        }
      }
      return matrix
    }
    misfit = second { _ = plain.value($0, gradient: &$1) }
    energy = second { _ = plain.energy($0, gradient: &$1) }
  }
}
