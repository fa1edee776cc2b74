import Arrays
import Glibc
import Learning

/// What a model says about an aligned pattern.
package struct PatternAnswer: Sendable {
  /// In the order of the model's targets.
  package var values: [Double]
  /// Ends of the 95 % intervals.
  package var low: [Double]
  package var high: [Double]
  /// Whether the pattern was read mirrored.
  package var isMirrored: Bool
  /// Standardised latent values.
  package var latent: [Double]
  /// Mean distance to the nearest training patterns, in units of what is usual.
  package var latentDistance: Double
  package var neighbours: [(row: Int, distance: Double)]
  /// The pattern that the answer stands for, on the raster, and what was measured there.
  package var reconstruction: [Double]
  package var measured: [Double]
  /// Root mean square of the difference beyond what counting noise explains, in units of the mean brightness.
  package var residual: Double
  /// Of the likelihood, where it was used: mean squared deviation in units of what is expected.
  package var misfit: Double?
}

extension PatternModel {
  package func read(
    _ pattern: AlignedPattern, regressor kind: RegressorKind = .likelihood
  ) throws(CBLEEDError) -> PatternAnswer {
    let mirror = mirrorTarget == nil ? nil : raster.mirrored
    let views = [pattern.values] + (mirror.map { order in [order.map { pattern.values[$0] }] } ?? [])
    do {
      guard let weighing = likelihood.weighing(noise: pattern.noise) else {
        throw CBLEEDError.notConverged("the weights of this pattern's noise")
      }
      // Which way round: by the likelihood of the first guesses, and of the fits where that is close.
      var guesses: [(values: [Double], coordinates: [Double], start: [Double], misfit: Double)] = []
      for values in views {
        let coordinates = components.project(row(values)).values
        let start = likelihood.emulator.scaled(rootAnswer(values))
          .map { min(1, max(-1, $0)) }
        guesses.append(
          (values, coordinates, start, likelihood.misfit(coordinates, at: start, weighing)))
      }
      var order = Array(guesses.indices)
      order.sort { guesses[$0].misfit < guesses[$1].misfit }
      var best: (view: Int, fit: LikelihoodFit.Answer)?
      for view in order
      where best == nil || guesses[view].misfit < 4 * guesses[order[0]].misfit
        || (best?.fit.misfit ?? 0) > calibration.misfitLimit
      {
        let guess = guesses[view]
        if let fit = likelihood.solve(guess.coordinates, weighing, start: guess.start),
          fit.misfit < best?.fit.misfit ?? .infinity
        {
          best = (view, fit)
        }
      }
      guard let best else { throw CBLEEDError.notConverged("the likelihood fit") }
      return try answer(pattern, guesses[best.view].values, best.fit, isMirrored: best.view == 1, kind)
    } catch let error as CBLEEDError {
      throw error
    } catch {
      throw .notConverged("\(error)")
    }
  }

  private func answer(
    _ pattern: AlignedPattern, _ values: [Double], _ fit: LikelihoodFit.Answer, isMirrored: Bool,
    _ kind: RegressorKind
  ) throws -> PatternAnswer {
    let latent: [Double]
    var reconstruction: [Double]
    var answers: [Double]
    let deviations: [Double]
    if kind.usesLatents {
      let (raw, image) = try autoencoder.reconstruct(values)
      latent = standardised(raw)
      reconstruction = image
    } else {
      latent = standardised(try autoencoder.encode(values))
      reconstruction = components.reconstruct(row(fit.coordinates)).values
    }
    let found = neighbourSearch.nearest(8, to: latent)
    switch kind {
    case .likelihood:
      answers = likelihood.emulator.restored(fit.scaled)
      deviations = targets.indices.map { t in
        let range = likelihood.emulator.domain[t]
        return (range.upperBound - range.lowerBound) / 2 * max(fit.covariance[t, t], 0).squareRoot()
      }
    case .pcaKernelRidge:
      answers = rootAnswer(values)
      deviations = spread(found)
    default:
      let regressor = try regressors.regressor(kind, latents, scaling.scaled(parameters))
      answers = scaling.restored(regressor.predict(row(latent))).values
      deviations = spread(found)
    }
    let factors = calibration.factors(kind, noise: pattern.noise) ?? targets.map { _ in 2 }
    var low = targets.indices.map { answers[$0] - factors[$0] * deviations[$0] }
    var high = targets.indices.map { answers[$0] + factors[$0] * deviations[$0] }
    var squares = 0.0
    for (a, b) in zip(values, reconstruction) { squares += (a - b) * (a - b) }
    let residual = max(0, squares / Double(max(1, values.count)) - pattern.noise * noisePerValue).squareRoot()
    var measured = values
    if isMirrored, let order = raster.mirrored, let target = mirrorTarget {
      (answers[target], low[target], high[target]) = (-answers[target], -high[target], -low[target])
      measured = order.map { values[$0] }
      reconstruction = order.map { reconstruction[$0] }
    }
    // A pattern whose latent values are no numbers has no neighbours.
    let distance =
      found.isEmpty ? .infinity : found.prefix(5).reduce(0) { $0 + $1.squaredDistance.squareRoot() } / 5
    return PatternAnswer(
      values: answers, low: low, high: high, isMirrored: isMirrored, latent: latent,
      latentDistance: distance / calibration.latentUnit,
      neighbours: found.map { ($0.index, $0.squaredDistance.squareRoot() / calibration.latentUnit) },
      reconstruction: reconstruction, measured: measured, residual: residual,
      misfit: kind == .likelihood ? fit.misfit : nil)
  }

  /// The deviation that neighbours suggest: how much their parameters differ.
  private func spread(_ neighbours: [NeighbourSearch.Neighbour]) -> [Double] {
    targets.indices.map { t in
      let values = neighbours.map { parameters[$0.index, t] }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return variance.squareRoot() + 0.02 * scaling.deviation[t]
    }
  }

  func rootAnswer(_ values: [Double]) -> [Double] {
    var coordinates = rootComponents.project(row(DiscFeatures.roots(values)))
    for i in coordinates.values.indices { coordinates.values[i] *= rootScale[i % rootScale.count] }
    return scaling.restored(rootRidge.predict(coordinates)).values
  }

  func standardised(_ latent: [Double]) -> [Double] {
    latent.indices.map { (latent[$0] - latentMean[$0]) / latentDeviation[$0] }
  }

  private func row(_ values: [Double]) -> DoubleMatrix {
    DoubleMatrix(rows: 1, columns: values.count, values: values)
  }
}
