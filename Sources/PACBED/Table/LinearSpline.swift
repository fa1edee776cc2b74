import Arrays

/// Turns intensities at incidences into the coefficients of the linear spline that is right on the average.
///
/// A line between two points of a bent curve f lies off by h² f'' / 12 on the average. Taking that from the
/// nodes, c = f - (f₊ - 2 f + f₋) / 12 along both directions, leaves 1/√6 of the root mean square error
/// (the first order of a least squares fit), and costs nothing when patterns are made.
struct LinearSpline {
  /// Row after row, in units of the reflection's scale.
  let coefficients: TableMemory<Int16>
  /// One a reflection; equal for reflections that symmetry makes equal.
  let scales: [Float]

  init(plan: TablePlan, places: [Int32], intensities: TableMemory<Int16>, rowScales: TableMemory<Float>) {
    let count = plan.thicknesses.count
    let stride = plan.thicknesses.stride
    let reflections = plan.reflections.count
    let coefficients = TableMemory<Int16>(count: intensities.count)
    // |c| <= (1 + 1/3) |f|: four twelfths come from the neighbours and four from the node itself.
    let scales = Self.largest(plan: plan, rowScales: rowScales).map { $0 * 5 / 3 }
    let grid = plan.grid
    parallelChunks(grid.representatives.count, size: 16) { range in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { curve in
        func add(_ row: Int, _ weight: Float) {
          let factor = weight * rowScales[row]
          let from = intensities.pointer + row * stride
          for t in 0..<count { curve[t] += factor * Float(from[t]) }
        }
        func place(_ i: Int, _ j: Int, _ g: Int) -> Int? {
          guard i >= 0, j >= 0, i < grid.height, j < grid.width else { return nil }
          let row = places[(g * grid.height + i) * grid.width + j]
          return row < 0 ? nil : Int(row)
        }
        for r in range {
          let i = grid.representatives[r].x - grid.low.x
          let j = grid.representatives[r].y - grid.low.y
          for g in 0..<reflections {
            let row = Int(plan.rowIndex[r * reflections + g])
            guard row >= 0 else { continue }
            curve.initialize(repeating: 0)
            var own: Float = 1
            for (di, dj) in [(1, 0), (0, 1)] {
              // At the rim of the table a neighbour may be missing; then this direction stays as it is.
              guard let before = place(i - di, j - dj, g), let after = place(i + di, j + dj, g) else {
                continue
              }
              add(before, -1 / 12)
              add(after, -1 / 12)
              own += 1 / 6
            }
            add(row, own)
            let into = coefficients.pointer + row * stride
            let factor = scales[g] > 0 ? 1 / scales[g] : 0
            for t in 0..<count { into[t] = Int16((curve[t] * factor).rounded(.toNearestOrEven)) }
            for t in count..<stride { into[t] = 0 }
          }
        }
      }
    }
    self.coefficients = coefficients
    self.scales = scales
  }

  /// The largest row scale of each reflection and of those equal to it by symmetry.
  private static func largest(plan: TablePlan, rowScales: TableMemory<Float>) -> [Float] {
    let count = plan.reflections.count
    var largest = [Float](repeating: 0, count: count)
    for r in plan.grid.representatives.indices {
      for g in 0..<count {
        let row = Int(plan.rowIndex[r * count + g])
        if row >= 0 { largest[g] = max(largest[g], rowScales[row]) }
      }
    }
    var shared = largest
    for operation in plan.grid.operations.indices {
      for g in 0..<count {
        let image = Int(plan.reflections.undone[operation * count + g])
        if image >= 0 { shared[g] = max(shared[g], largest[image]) }
      }
    }
    return shared
  }
}
