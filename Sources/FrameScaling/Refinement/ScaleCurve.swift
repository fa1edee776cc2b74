import Arrays

/// The scales of all frames as a spline, and how the nodes' values are found for given intensities.
package struct ScaleCurve: Sendable {
  package let spline: SplineWeights
  private let matrix: DoubleMatrix

  package init(_ spline: SplineWeights) {
    self.spline = spline
    matrix = spline.matrix
  }

  package var nodes: Int { matrix.columns }

  /// Nothing is brighter than a scale of nothing.
  private static let floor = 1e-6

  /// One scale a frame; a spline may swing below zero, a scale may not.
  package func scales(_ values: [Double]) -> [Double] {
    let typical = values.reduce(0) { $0 + $1.magnitude } / Double(max(1, values.count))
    return spline.values(values).map { max($0, Self.floor * typical, 1e-300) }
  }

  /// The nodes' values that minimise sum w (Fo - sqrt(s I))² over the rows that are used, by Gauss and Newton's
  /// iteration; the sums over a frame's rows are all that it needs.
  package func fit(
    _ problem: ScalingProblem, intensities: [Double], uses: (Int) -> Bool, start: [Double]? = nil
  ) -> [Double] {
    let frames = problem.frames.count
    var values = start ?? first(problem, intensities, uses)
    for _ in 0..<12 {
      let scales = scales(values)
      var curvature = [Double](repeating: 0, count: frames)
      var slope = curvature
      for (row, measured) in problem.rows.enumerated() where uses(row) {
        let intensity = max(intensities[row], 0)
        let scale = scales[measured.frame]
        let change = 0.5 * (intensity / scale).squareRoot()
        curvature[measured.frame] += measured.weight * change * change
        slope[measured.frame] +=
          measured.weight * change * (measured.amplitude - (scale * intensity).squareRoot())
      }
      guard let step = solve(curvature, slope) else { return values }
      var largest = 0.0
      for node in values.indices {
        largest = max(largest, step[node].magnitude / max(values[node].magnitude, 1e-300))
        values[node] += step[node]
      }
      if largest < 1e-9 { break }
    }
    return values
  }

  /// From the scale of every frame by itself.
  private func first(
    _ problem: ScalingProblem, _ intensities: [Double], _ uses: (Int) -> Bool
  ) -> [Double] {
    let frames = problem.frames.count
    var (products, squares) = ([Double](repeating: 0, count: frames), [Double](repeating: 0, count: frames))
    for (row, measured) in problem.rows.enumerated() where uses(row) {
      let intensity = max(intensities[row], 0)
      products[measured.frame] += measured.weight * measured.amplitude * intensity.squareRoot()
      squares[measured.frame] += measured.weight * intensity
    }
    let known = (0..<frames).filter { squares[$0] > 0 && products[$0] > 0 }
    let scales = known.map { (products[$0] / squares[$0]) * (products[$0] / squares[$0]) }
    let sorted = scales.sorted()
    let typical = sorted.isEmpty ? 1 : sorted[sorted.count / 2]
    var curvature = [Double](repeating: 1e-6, count: frames)
    var slope = [Double](repeating: 0, count: frames)
    // About the typical scale, so that a node that no frame determines stays there.
    for (frame, scale) in zip(known, scales) {
      curvature[frame] = 1
      slope[frame] = scale - typical
    }
    let step = solve(curvature, slope) ?? [Double](repeating: 0, count: nodes)
    return step.map { typical + $0 }
  }

  /// (W^T diag(curvature) W) x = W^T slope, held where the frames determine nothing.
  private func solve(_ curvature: [Double], _ slope: [Double]) -> [Double]? {
    var normal = DoubleMatrix(rows: nodes, columns: nodes)
    var side = [Double](repeating: 0, count: nodes)
    for frame in curvature.indices {
      let weights = (0..<nodes).filter { matrix[frame, $0] != 0 }
      for i in weights {
        side[i] += matrix[frame, i] * slope[frame]
        let product = matrix[frame, i] * curvature[frame]
        for j in weights { normal[i, j] += product * matrix[frame, j] }
      }
    }
    let largest = (0..<nodes).map { normal[$0, $0] }.max() ?? 0
    guard largest > 0, largest.isFinite else { return nil }
    for node in 0..<nodes { normal[node, node] += 1e-10 * largest }
    return (try? Cholesky(normal))?.solve(side)
  }

  /// How a row's calculated amplitude answers to the nodes' values.
  func slopes(frame: Int, scale: Double, intensity: Double, _ body: (Int, Double) -> Void) {
    let change = 0.5 * (max(intensity, 0) / scale).squareRoot()
    for node in 0..<nodes where matrix[frame, node] != 0 { body(node, change * matrix[frame, node]) }
  }
}
