import Arrays
import Scattering

extension PACBEDTable {
  /// A smaller table for coarse pixels: rocking curves averaged over squares of `pixel` mrad, as a pixel of
  /// that size averages them, at incidences as far apart.
  ///
  /// Patterns from it need no finer sampling than their own pixels, neighbouring pixels share its rows, and
  /// it fits into the processor's cache: several times faster than the table it comes from.
  package func averaged(over pixel: Double) throws(PACBEDError) -> PACBEDTable {
    var request = request
    request.pixel = pixel
    let plan = try TablePlan(request: request, step: max(step, pixel))
    let count = plan.thicknesses.count
    let stride = plan.thicknesses.stride
    let exact = TableMemory<Int16>(count: plan.rows * stride)
    let rowScales = TableMemory<Float>(count: plan.rows)
    let reflections = plan.reflections.count
    // Simpson's rule for the mean over the pixel, along both directions of the grid.
    let first = 1e-3 * pixel / (2 * self.request.beam.wavelength)
    let crystal = self.request.crystal
    let reach = Vector2(
      first / crystal.firstReciprocal.length * Double(grid.parts.x),
      first / crystal.secondReciprocal.length * Double(grid.parts.y))
    let ratio = Vector2(grid.parts) / Vector2(plan.grid.parts)
    parallelChunks(plan.grid.representatives.count, size: 16) { range in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { curve in
        for r in range {
          let node = Vector2(plan.grid.representatives[r]) * ratio
          let taps = Self.taps(node, reach)
          for g in 0..<reflections {
            let row = Int(plan.rowIndex[r * reflections + g])
            guard row >= 0 else { continue }
            curve.initialize(repeating: 0)
            var total: Float = 0
            for tap in taps {
              guard let from = self.row(at: tap.node, reflection: g) else { continue }
              total += tap.weight
              let weight = tap.weight * self.scales[g]
              for t in 0..<count { curve[t] += weight * Float(from[t]) }
            }
            // At the rim some squares are cut off.
            if total > 0 { for t in 0..<count { curve[t] /= total } }
            let into = exact.pointer + row * stride
            rowScales.pointer[row] = quantise(UnsafeBufferPointer(curve), into: into)
            for t in count..<stride { into[t] = 0 }
          }
        }
      }
    }
    let places = plan.places()
    let spline = LinearSpline(plan: plan, places: places, intensities: exact, rowScales: rowScales)
    return PACBEDTable(plan: plan, places: places, coefficients: spline.coefficients, scales: spline.scales)
  }

  private func row(at node: SIMD2<Int>, reflection: Int) -> UnsafePointer<Int16>? {
    let i = node.x - grid.low.x
    let j = node.y - grid.low.y
    guard i >= 0, j >= 0, i < grid.height, j < grid.width else { return nil }
    let row = places[(reflection * grid.height + i) * grid.width + j]
    return row < 0 ? nil : UnsafePointer(coefficients.pointer + Int(row) * thicknesses.stride)
  }

  /// The nodes of this grid that make the mean around a place between them.
  private static func taps(_ place: Vector2, _ reach: Vector2) -> [(node: SIMD2<Int>, weight: Float)] {
    func line(_ x: Double, _ reach: Double) -> [Int: Double] {
      var weights: [Int: Double] = [:]
      for (offset, weight) in [(-reach, 1.0 / 6), (0, 4.0 / 6), (reach, 1.0 / 6)] {
        let below = (x + offset).rounded(.down)
        let part = x + offset - below
        weights[Int(below), default: 0] += weight * (1 - part)
        weights[Int(below) + 1, default: 0] += weight * part
      }
      return weights
    }
    let rows = line(place.x, reach.x).sorted { $0.key < $1.key }
    let columns = line(place.y, reach.y).sorted { $0.key < $1.key }
    return rows.flatMap { row in
      columns.map { (SIMD2(row.key, $0.key), Float(row.value * $0.value)) }
    }.filter { $0.1 > 0 }
  }
}
