import Arrays

/// Refines an answer by simulating patterns around it with the full theory: what the emulator interpolates
/// is computed here, for some seconds a frame.
struct SimulationRefinement: Sendable {
  private let model: PatternModel
  private let surface: SurfaceModel
  private let simulator: Simulator

  private enum Simulator: Sendable {
    case kinematic(KinematicModel)
    case dynamical(DynamicalModel)
  }

  init(_ model: PatternModel) throws(CBLEEDError) {
    self.model = model
    surface = try SurfaceModel(parsing: model.surfaceText)
    let shifts = try surface.phaseShifts()
    simulator =
      model.isDynamical
      ? .dynamical(
        DynamicalModel(
          surface: surface, phaseShifts: shifts, settings: DynamicalSettings(cone: .interpolated(degree: 6))))
      : .kinematic(KinematicModel(surface: surface, phaseShifts: shifts))
  }

  /// Gauss-Newton steps with slopes by differences.
  func refine(
    _ answer: PatternAnswer, _ pattern: AlignedPattern, steps: Int = 2,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(CBLEEDError) -> PatternAnswer {
    // As the model sees it: with the buckling that is not mirrored.
    let order = answer.isMirrored ? model.raster.mirrored : nil
    let measured = order.map { order in order.map { pattern.values[$0] } } ?? pattern.values
    let target = project(measured)
    var place = answer.values
    if answer.isMirrored, let mirror = model.mirrorTarget { place[mirror] = -place[mirror] }
    // What the theory itself gets wrong is far below what the emulator does; some of it stays for safety.
    guard let weighing = model.likelihood.weighing(noise: pattern.noise, modelShare: 0.1) else {
      throw .notConverged("the weights of this pattern's noise")
    }
    var inverse = DoubleMatrix.identity(place.count)
    var misfit = 0.0
    var values: [Double] = measured
    for _ in 0..<steps {
      // Another regressor may start anywhere; beyond the training range the theory has no phase shifts, and
      // atoms may meet.
      let isNear = zip(place, model.targets).allSatisfy { value, target in
        let width = target.range.upperBound - target.range.lowerBound
        return value > target.range.lowerBound - 0.2 * width && value < target.range.upperBound + 0.2 * width
      }
      guard isNear else {
        throw .notConverged("the refinement: the answer lies far beyond the trained range")
      }
      let found = try coordinates(around: place, isCancelled)
      let residual = zip(target, found.centre).map { $0 - $1 }
      misfit = weighing.misfit(residual)
      let slopes = found.slopes
      let weighed = weighing.product(slopes)
      let normal = DoubleMatrix.product(slopes, weighed, left: .transposed)
      let gradient = (0..<place.count).map { d in
        residual.indices.reduce(0.0) { $0 + residual[$1] * weighed[$1, d] }
      }
      guard let factor = try? Cholesky(normal) else { throw .notConverged("the refinement") }
      let move = factor.solve(gradient)
      inverse = factor.solve(DoubleMatrix.identity(place.count))
      for d in place.indices {
        let width = model.targets[d].range.upperBound - model.targets[d].range.lowerBound
        place[d] += min(0.02 * width, max(-0.02 * width, move[d]))
      }
      // The pattern of the refined place, to first order.
      var moved = found.centre
      for i in moved.indices { for d in place.indices { moved[i] += slopes[i, d] * move[d] } }
      values =
        model.components.reconstruct(
          DoubleMatrix(rows: 1, columns: moved.count, values: moved)
        ).values
    }
    var refined = answer
    let factors = model.calibration.factors(.likelihood, noise: pattern.noise) ?? place.map { _ in 2 }
    refined.values = place
    refined.low = place.indices.map { place[$0] - factors[$0] * max(0, inverse[$0, $0]).squareRoot() }
    refined.high = place.indices.map { place[$0] + factors[$0] * max(0, inverse[$0, $0]).squareRoot() }
    refined.misfit = misfit
    var squares = 0.0
    for (a, b) in zip(measured, values) { squares += (a - b) * (a - b) }
    refined.residual = max(0, squares / Double(values.count) - pattern.noise * model.noisePerValue)
      .squareRoot()
    refined.reconstruction = order.map { order in order.map { values[$0] } } ?? values
    if answer.isMirrored, let m = model.mirrorTarget {
      (refined.values[m], refined.low[m], refined.high[m]) = (-place[m], -refined.high[m], -refined.low[m])
    }
    return refined
  }

  private func project(_ values: [Double]) -> [Double] {
    model.components.project(DoubleMatrix(rows: 1, columns: values.count, values: values)).values
  }

  /// Coordinates at a place and their slopes: structures share the energy's lattice sums, energy costs a second run.
  private func coordinates(
    around place: [Double], _ isCancelled: @escaping @Sendable () -> Bool
  ) throws(CBLEEDError) -> (centre: [Double], slopes: DoubleMatrix) {
    let names = model.targets.dropFirst().map(\.name)
    let energyStep = 0.05
    let lengthStep = 0.004
    func structure(moving index: Int?) throws(CBLEEDError) -> SurfaceStructure {
      var values: [String: Double] = [:]
      for (number, name) in names.enumerated() {
        values[name] = place[number + 1] + (index == number ? lengthStep : 0)
      }
      return try surface.structure(values)
    }
    var structures = [try structure(moving: nil)]
    for number in names.indices { structures.append(try structure(moving: number)) }
    let here = try coordinates(energy: place[0], structures, isCancelled)
    let beyond = try coordinates(energy: place[0] + energyStep, [structures[0]], isCancelled)
    var slopes = DoubleMatrix(rows: here[0].count, columns: place.count)
    for i in here[0].indices {
      slopes[i, 0] = (beyond[0][i] - here[0][i]) / energyStep
      for number in names.indices { slopes[i, number + 1] = (here[number + 1][i] - here[0][i]) / lengthStep }
    }
    return (here[0], slopes)
  }

  private func coordinates(
    energy: Double, _ structures: [SurfaceStructure], _ isCancelled: @escaping @Sendable () -> Bool
  ) throws(CBLEEDError) -> [[Double]] {
    let detector = model.raster.detector
    let patterns: [Matrix]
    switch simulator {
    case .kinematic(let kinematic):
      patterns = structures.map { kinematic.pattern(energy: energy, structure: $0, detector: detector) }
    case .dynamical(let dynamical):
      patterns = try dynamical.patterns(
        energy: energy, structures: structures, detector: detector, isCancelled: isCancelled)
    }
    var found: [[Double]] = []
    for pattern in patterns {
      guard let aligned = model.aligner.read(pattern, FrameGeometry(detector)) else {
        throw .notConverged("a simulated pattern is dark")
      }
      found.append(project(aligned.values))
    }
    return found
  }
}
