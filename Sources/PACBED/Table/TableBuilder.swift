import Arrays
import Glibc  // sin, cos
import Scattering
import Synchronization

extension PACBEDTable {
  /// The table of a request, averaged over pixels where it asks for that.
  package static func make(
    _ request: TableRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> PACBEDTable {
    var exact = request
    exact.pixel = 0
    let table = try PACBEDTable(computing: exact, isCancelled: isCancelled, progress: progress)
    return request.pixel > 0 ? try table.averaged(over: request.pixel) : table
  }

  /// Computes a table on all cores; `request.pixel` does not count.
  ///
  /// `progress` is told the fraction done, `isCancelled` is asked for every incidence; both from several
  /// threads.
  package convenience init(
    computing request: TableRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) {
    try request.check()
    let multislice: PlaneWaveMultislice
    do {
      multislice = try PlaneWaveMultislice(
        crystal: request.crystal, beam: request.beam, settings: request.multislice)
    } catch {
      throw .crystal(error)
    }
    let step: Double
    switch request.step {
    case .fixed(let value): step = value
    case .adaptive(let error):
      step = try StepFinder(multislice: multislice, request: request).step(
        error: error, isCancelled: isCancelled)
    }
    let plan = try TablePlan(request: request, step: step)
    let exact = TableMemory<Int16>(count: plan.rows * plan.thicknesses.stride)
    let scales = TableMemory<Float>(count: plan.rows)
    let done = Atomic<Int>(0)
    let stopped = Atomic<Bool>(false)
    let incidences = plan.grid.representatives.count
    parallelChunks(incidences, size: 8) { range in
      let worker = TableWorker(plan: plan, multislice: multislice)
      for i in range {
        if stopped.load(ordering: .relaxed) || isCancelled() {
          stopped.store(true, ordering: .relaxed)
          return
        }
        worker.fill(incidence: i, intensities: exact, scales: scales)
      }
      let finished = done.add(range.count, ordering: .relaxed).newValue
      progress(Double(finished) / Double(incidences))
    }
    if stopped.load(ordering: .relaxed) { throw .cancelled }
    let places = plan.places()
    let spline = LinearSpline(plan: plan, places: places, intensities: exact, rowScales: scales)
    self.init(plan: plan, places: places, coefficients: spline.coefficients, scales: spline.scales)
  }
}

/// One thread's share of the table.
private final class TableWorker {
  let plan: TablePlan
  let multislice: PlaneWaveMultislice
  let workspace: PlaneWaveMultislice.Workspace
  /// Where each reflection stands in the wave; nil for those beyond the multislice grid.
  let places: [Int?]
  var curves: [Float]
  var kept: [(row: Int, place: Int?)] = []

  init(plan: TablePlan, multislice: PlaneWaveMultislice) {
    self.plan = plan
    self.multislice = multislice
    workspace = .init(for: multislice)
    places = plan.reflections.indices.map { multislice.grid.position(h: $0.x, k: $0.y) }
    curves = Array(repeating: 0, count: plan.reflections.count * plan.thicknesses.count)
  }

  func fill(incidence: Int, intensities: TableMemory<Int16>, scales: TableMemory<Float>) {
    let count = plan.thicknesses.count
    let reflections = plan.reflections.count
    kept.removeAll(keepingCapacity: true)
    for i in 0..<reflections {
      let row = plan.rowIndex[incidence * reflections + i]
      guard row >= 0 else { continue }
      // Before the crystal there is only the incident beam.
      curves[kept.count * count] = plan.reflections.indices[i] == .zero ? 1 : 0
      kept.append((Int(row), places[i]))
    }
    let k = plan.grid.incidence(plan.grid.representatives[incidence], plan.request.crystal)
    let cells = plan.thicknesses.cells
    var node = 1
    curves.withUnsafeMutableBufferPointer { curves in
      kept.withUnsafeBufferPointer { kept in
        multislice.run(incidence: k, cells: cells[count - 1], workspace: workspace) { cell, wave in
          guard cell == cells[node] else { return }
          for i in kept.indices {
            curves[i * count + node] = kept[i].place.map { wave[$0].squaredModulus } ?? 0
          }
          node += 1
        }
        for i in kept.indices {
          let curve = UnsafeBufferPointer(rebasing: curves[i * count..<(i + 1) * count])
          let row = kept[i].row
          scales.pointer[row] = quantise(curve, into: intensities.pointer + row * plan.thicknesses.stride)
        }
      }
    }
  }
}

/// Rounds to 16 bits with the sign; returns the value of one unit.
func quantise(_ values: UnsafeBufferPointer<Float>, into: UnsafeMutablePointer<Int16>) -> Float {
  var top: Float = 0
  for value in values { top = max(top, abs(value)) }
  guard top > 0 else {
    into.update(repeating: 0, count: values.count)
    return 0
  }
  let factor = 32767 / top
  for t in values.indices { into[t] = Int16((values[t] * factor).rounded(.toNearestOrEven)) }
  return top / 32767
}

/// Finds how far apart incidences may lie.
///
/// The error of linear interpolation grows with the square of the step; it is measured in the middle of a
/// few meshes of a probe grid and scaled.
private struct StepFinder {
  let multislice: PlaneWaveMultislice
  let request: TableRequest
  static let probe = 0.6
  static let range = 0.2...1.5
  static let meshes = 12

  func step(error tolerance: Double, isCancelled: @escaping @Sendable () -> Bool) throws(PACBEDError)
    -> Double
  {
    let perMilliradian = 1 / (1e3 * request.beam.wavelength)
    let h = Self.probe * perMilliradian
    let radius = (request.convergence + request.mistilt) * perMilliradian
    let axis = ThicknessAxis(period: request.crystal.period, limit: request.thickness)
    let samples = parallelMap(Self.meshes) { mesh -> (Double, Double) in
      if isCancelled() { return (0, 1) }
      // Evenly spread over the disc: equal areas, golden angle.
      let r = radius * ((Double(mesh) + 0.5) / Double(Self.meshes)).squareRoot()
      let phi = 2.399963229728653 * Double(mesh)
      let centre = Vector2(r * cos(phi), r * sin(phi))
      let workspace = PlaneWaveMultislice.Workspace(for: multislice)
      func curves(_ k: Vector2) -> [[Float]] {
        var curves: [[Float]] = []
        multislice.run(incidence: k, cells: axis.cells[axis.count - 1], workspace: workspace) { cell, wave in
          // Every tenth kept thickness tells enough.
          if cell % 10 == 0 { curves.append(wave.map(\.squaredModulus)) }
        }
        return curves
      }
      let middle = curves(centre)
      let corners = [[0.5, 0.5], [0.5, -0.5], [-0.5, 0.5], [-0.5, -0.5]].map { offset -> [[Float]] in
        curves(centre + Vector2(offset[0], offset[1]) * h)
      }
      var wrong = 0.0
      var right = 0.0
      for t in middle.indices {
        for g in middle[t].indices {
          let mean = (corners[0][t][g] + corners[1][t][g] + corners[2][t][g] + corners[3][t][g]) / 4
          wrong += Double((mean - middle[t][g]) * (mean - middle[t][g]))
          right += Double(middle[t][g] * middle[t][g])
        }
      }
      return (wrong, right)
    }
    if isCancelled() { throw .cancelled }
    let wrong = samples.reduce(0) { $0 + $1.0 }
    let right = samples.reduce(0) { $0 + $1.1 }
    guard right > 0, wrong > 0 else { return Self.probe }
    // The middle of a mesh is where straight interpolation is worst: its root mean square over the mesh is
    // √(8/15) of it, and the spline's 1/√6 of that.
    let error = 0.3 * (wrong / right).squareRoot()
    return min(
      max(Self.probe * (tolerance / error).squareRoot(), Self.range.lowerBound), Self.range.upperBound)
  }
}
