import Scattering

/// What a table will hold, known before anything is computed.
struct TablePlan: Sendable {
  let request: TableRequest
  let thicknesses: ThicknessAxis
  let step: Double
  let grid: IncidenceGrid
  let reflections: ReflectionList
  /// Row of (representative, reflection), -1 where no pattern needs it.
  let rowIndex: [Int32]
  let rows: Int

  init(request: TableRequest, step: Double) throws(PACBEDError) {
    self.request = request
    self.step = step
    let perMilliradian = 1 / (1e3 * request.beam.wavelength)
    let convergence = request.convergence * 1.001 * perMilliradian
    let mistilt = request.mistilt * 1.001 * perMilliradian
    let angle = request.angle * perMilliradian
    // An imitated grid does not share the crystal's symmetry, nor does its aperture when it moves.
    let operations = request.crystal.symmetry(request.multislice.imitation == nil ? request.symmetry : .none)
    thicknesses = ThicknessAxis(period: request.crystal.period, limit: request.thickness)

    let nodes = (convergence + mistilt) / (step * perMilliradian)
    let estimate = 3.2 * nodes * nodes
    guard estimate < 4e6 else { throw .parameter("a table of \(Int(estimate)) incidences is too large") }
    grid = IncidenceGrid(
      crystal: request.crystal, radius: convergence + mistilt, step: step * perMilliradian,
      operations: operations)
    reflections = ReflectionList(
      crystal: request.crystal, radius: angle + convergence, operations: operations)

    // A reflection is needed for an incidence if some pixel within `angle` may see it: K = k + g - k_t.
    let u = request.crystal.firstReciprocal / Double(grid.parts.x)
    let v = request.crystal.secondReciprocal / Double(grid.parts.y)
    let reach = angle + mistilt + u.length + v.length
    let count = reflections.count
    var rowIndex = [Int32](repeating: -1, count: grid.representatives.count * count)
    var rows = 0
    for (r, node) in grid.representatives.enumerated() {
      let k = grid.incidence(node, request.crystal)
      for (i, g) in reflections.vectors.enumerated() where (k + g).length <= reach {
        rowIndex[r * count + i] = Int32(rows)
        rows += 1
      }
    }
    self.rowIndex = rowIndex
    self.rows = rows
    // The intensities and the spline made from them exist side by side for a moment.
    let bytes = rows * 4 * thicknesses.stride + grid.code.count * count * 4
    guard bytes <= request.memoryLimit else {
      throw .parameter(
        "the table takes \(bytes >> 20) MiB, more than the limit of \(request.memoryLimit >> 20) MiB: "
          + "lower the thickness, the angles or the precision")
    }
  }

  /// For every reflection and every node of the grid's rectangle, the row of the table that symmetry makes
  /// theirs: I_g(k) = I_{R⁻¹g}(R⁻¹k). -1 where there is none. Neighbouring nodes lie side by side, as pixels need them.
  func places() -> [Int32] {
    let count = reflections.count
    let nodes = grid.code.count
    var places = [Int32](repeating: -1, count: nodes * count)
    for g in 0..<count {
      for (node, code) in grid.code.enumerated() where code >= 0 {
        let image = Int(reflections.undone[Int(code & 15) * count + g])
        if image >= 0 { places[g * nodes + node] = rowIndex[Int(code >> 4) * count + image] }
      }
    }
    return places
  }
}
