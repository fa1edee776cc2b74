import Arrays
import Glibc

/// The parameters under which a measured pattern is most probable: differences from the emulator's pattern
/// are weighed by how far the emulator and counting noise may be off, direction by direction.
struct LikelihoodFit: Sendable {
  let emulator: ForwardEmulator
  /// Through the first of the emulator's patterns only: several times quicker, for the way to the answer.
  let coarse: ForwardEmulator
  /// Covariance of what the emulator gets wrong, in the coordinates of the principal components.
  let modelCovariance: DoubleMatrix
  /// Covariance of counting noise of unit strength.
  let noiseCovariance: DoubleMatrix

  struct Answer: Sendable {
    /// -1...1 over the training domain.
    var scaled: [Double]
    /// Of the scaled parameters.
    var covariance: DoubleMatrix
    /// The emulator's pattern there.
    var coordinates: [Double]
    /// Mean squared deviation in units of what is expected: about one.
    var misfit: Double
  }

  /// How differences weigh for a pattern of this noise.
  struct Weighing {
    fileprivate let factor: Cholesky
    fileprivate let count: Int

    func product(_ a: DoubleMatrix) -> DoubleMatrix { factor.solve(a) }

    func misfit(_ difference: [Double]) -> Double {
      zip(difference, factor.solve(difference)).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
    }
  }

  /// - Parameter modelShare: how much of the emulator's own error is expected.
  func weighing(noise: Double, modelShare: Double = 1) -> Weighing? {
    let count = modelCovariance.rows
    var covariance = modelCovariance
    for i in covariance.values.indices {
      covariance.values[i] = modelShare * covariance.values[i] + noise * noiseCovariance.values[i]
    }
    let trace = (0..<count).reduce(0) { $0 + covariance[$1, $1] }
    for i in 0..<count { covariance[i, i] += 1e-7 * trace / Double(count) }
    guard let factor = try? Cholesky(covariance) else { return nil }
    return Weighing(factor: factor, count: count)
  }

  /// Coarsely: good enough to tell a pattern from its mirror image.
  func misfit(_ coordinates: [Double], at scaled: [Double], _ weighing: Weighing) -> Double {
    weighing.misfit(zip(coordinates, coarse.coordinates(scaled)).map { $0 - $1 })
  }

  /// Most of the way with the coarse emulator, the last steps with the whole one.
  func solve(_ coordinates: [Double], _ weighing: Weighing, start: [Double]) -> Answer? {
    let near = solve(coordinates, weighing, start: start, coarse, steps: 12)
    return solve(coordinates, weighing, start: near?.scaled ?? start, emulator, steps: near == nil ? 12 : 1)
  }

  /// Levenberg's and Marquardt's way from a start. Answers stay a little beyond the training domain at most.
  private func solve(
    _ coordinates: [Double], _ weighing: Weighing, start: [Double], _ emulator: ForwardEmulator, steps: Int
  ) -> Answer? {
    let dimensions = emulator.parameterCount
    let limit = 1.04
    var place = start.map { min(limit, max(-limit, $0)) }
    var expansion = emulator.expand(place)
    var misfit = weighing.misfit(difference(coordinates, expansion))
    var damping = 1e-3
    var normal = DoubleMatrix(rows: dimensions, columns: dimensions)
    for _ in 0..<steps {
      let (matrix, gradient) = normalEquations(coordinates, expansion, weighing)
      normal = matrix
      var isImproved = false
      var length = 0.0
      for _ in 0..<6 {
        var damped = matrix
        for d in 0..<dimensions { damped[d, d] *= 1 + damping }
        guard let move = try? Cholesky(damped).solve(gradient) else { return nil }
        let trial = zip(place, move).map { min(limit, max(-limit, $0 + min(0.25, max(-0.25, $1)))) }
        let found = emulator.expand(trial)
        let value = weighing.misfit(difference(coordinates, found))
        if value <= misfit {
          length = zip(place, trial).map { abs($0 - $1) }.max() ?? 0
          (place, expansion, misfit, isImproved) = (trial, found, value, true)
          damping = max(1e-9, damping / 10)
          break
        }
        damping = max(1e-6, damping) * 10
      }
      if !isImproved || length < 1e-3 { break }
    }
    guard let inverse = try? Cholesky(normal).solve(DoubleMatrix.identity(dimensions)) else { return nil }
    guard misfit.isFinite else { return nil }
    return Answer(
      scaled: place, covariance: inverse, coordinates: Array(expansion.row(0)), misfit: misfit)
  }

  private func difference(_ coordinates: [Double], _ expansion: DoubleMatrix) -> [Double] {
    zip(coordinates, expansion.row(0)).map { $0 - $1 }
  }

  private func normalEquations(
    _ coordinates: [Double], _ expansion: DoubleMatrix, _ weighing: Weighing
  ) -> (DoubleMatrix, [Double]) {
    let dimensions = emulator.parameterCount
    let slopes = expansion.selectingRows(1...dimensions).transposed()
    let weighed = weighing.product(slopes)
    let residual = difference(coordinates, expansion)
    let matrix = DoubleMatrix.product(slopes, weighed, left: .transposed)
    let gradient = (0..<dimensions).map { d in
      residual.indices.reduce(0.0) { $0 + residual[$1] * weighed[$1, d] }
    }
    return (matrix, gradient)
  }
}
