import Arrays
import Glibc  // madvise
import Scattering

/// The rocking curves I_g(k, t) of a crystal: the intensity of reflection g behind thickness t for a plane
/// wave of incidence k.
///
/// For a perfect crystal the average over probe positions removes the interference between overlapping
/// discs, so that a position-averaged pattern is P(K) = sum over g of W(|K - g|) I_g(K - g + k_t, t), with
/// the aperture W and k_t = tan(mistilt) / lambda. One table serves every thickness, convergence angle,
/// mistilt, rotation, scale and centre.
package final class PACBEDTable: Sendable {
  package let request: TableRequest
  package let thicknesses: ThicknessAxis
  /// The step of incidences in mrad.
  package let step: Double

  let grid: IncidenceGrid
  let reflections: ReflectionList
  /// For every reflection and every node of the grid's rectangle, a row of `coefficients`; -1 outside.
  let places: TableMemory<Int32>
  /// Row after row, `thicknesses.stride` coefficients each (the last few are zero), in units of the reflection's scale: a linear
  /// spline over the incidences, see `LinearSpline`.
  let coefficients: TableMemory<Int16>
  let scales: [Float]

  init(plan: TablePlan, places: [Int32], coefficients: TableMemory<Int16>, scales: [Float]) {
    request = plan.request
    thicknesses = plan.thicknesses
    step = plan.step
    grid = plan.grid
    reflections = plan.reflections
    self.places = TableMemory(places)
    self.coefficients = coefficients
    self.scales = scales
  }

  package var rows: Int { coefficients.count / thicknesses.stride }
  package var byteCount: Int { coefficients.count * 2 + places.count * 4 }
  /// Incidences that were computed; symmetry gives the others.
  package var incidences: Int { grid.representatives.count }

  /// Intensity of reflection (h, k) for an incidence in mrad across the beam at a thickness in nm,
  /// interpolated; nil outside of the table.
  package func intensity(h: Int, k: Int, incidence: Vector2, thickness: Double) -> Double? {
    let nh = h - reflections.low.x
    let nk = k - reflections.low.y
    guard nh >= 0, nk >= 0, nh < reflections.height, nk < reflections.width else { return nil }
    let g = Int(reflections.number[nh * reflections.width + nk])
    guard g >= 0 else { return nil }
    let q = incidence / (1e3 * request.beam.wavelength)
    let x = q.dot(request.crystal.first) * Double(grid.parts.x) - Double(grid.low.x)
    let y = q.dot(request.crystal.second) * Double(grid.parts.y) - Double(grid.low.y)
    let i = Int(bounded: x.rounded(.down))
    let j = Int(bounded: y.rounded(.down))
    guard i >= 0, j >= 0, i + 1 < grid.height, j + 1 < grid.width else { return nil }
    let fx = x - Double(i)
    let fy = y - Double(j)
    let (first, weights) = thicknesses.window(for: thickness)
    var sum = 0.0
    for (di, dj, w) in [
      (0, 0, (1 - fx) * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 0, fx * (1 - fy)), (1, 1, fx * fy),
    ] where w > 0 {
      let row = Int(places[(g * grid.height + i + di) * grid.width + j + dj])
      guard row >= 0 else { return nil }
      for n in 0..<4 {
        sum += w * Double(weights[n] * scales[g] * Float(coefficients[row * thicknesses.stride + first + n]))
      }
    }
    return sum
  }
}

/// Memory that is written once, in parallel, and then only read.
final class TableMemory<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Sendable: nobody writes after the table was made.
  let pointer: UnsafeMutablePointer<Element>
  let count: Int

  init(count: Int) {
    self.count = count
    let bytes = max(1, count) * MemoryLayout<Element>.stride
    // Rows are read from all over a table: with large pages the processor finds every one of them at once.
    let page = bytes < Self.hugePage ? MemoryLayout<Element>.alignment : Self.hugePage
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: page)
    if page == Self.hugePage { madvise(memory, bytes / page * page, MADV_HUGEPAGE) }
    pointer = memory.bindMemory(to: Element.self, capacity: max(1, count))
  }

  convenience init(_ elements: [Element]) {
    self.init(count: elements.count)
    elements.withUnsafeBufferPointer { buffer in
      if let base = buffer.baseAddress { pointer.initialize(from: base, count: buffer.count) }
    }
  }

  private static var hugePage: Int { 1 << 21 }

  deinit { pointer.deallocate() }

  subscript(index: Int) -> Element { pointer[index] }
  var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: pointer, count: count * MemoryLayout<Element>.stride)
  }
}
