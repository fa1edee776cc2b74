import System
import Arrays
import Learning

extension ModelTraining {
  /// Asks a model about the first `held` patterns, which it has not seen, as cameras might show them.
  func calibrate(_ model: PatternModel, held: Int) throws -> ReaderCalibration {
    var calibration = ReaderCalibration()
    let random = RandomNumbers(seed: options.seed).stream(21)
    let (patterns, aligner, noise) = (patterns, aligner, options.noise)
    let likelihood = model.likelihood.emulator
    var rows: [(row: Int, pattern: AlignedPattern)] = []
    for row in 0..<held {
      var numbers = random.stream(row)
      // Not the ends of the domain, which lie beyond what is promised.
      guard likelihood.scaled(Array(patterns.parameters.row(row))).allSatisfy({ abs($0) < 0.95 }),
        let pattern = noise.aligned(patterns.images[row], patterns.detector, aligner, &numbers)
      else { continue }
      rows.append((row, pattern))
    }
    guard !rows.isEmpty else { return calibration }
    let asked = rows
    for kind in RegressorKind.allCases {
      // The regressor is fitted before threads ask for it.
      _ = try model.read(asked[0].pattern, regressor: kind)
      let answers = parallelMap(asked.count) { try? model.read(asked[$0].pattern, regressor: kind) }
      var scores = model.targets.map { _ in [Double]() }
      var quiet = scores
      var errors = model.targets.map { _ in 0.0 }
      for (number, answer) in answers.enumerated() {
        guard let answer else { continue }
        for target in model.targets.indices {
          let error = abs(answer.values[target] - patterns.parameters[asked[number].row, target])
          // An uncalibrated model gives intervals of two deviations.
          let deviation = (answer.high[target] - answer.low[target]) / 4
          let score = deviation > 0 ? error / deviation : .infinity
          if asked[number].pattern.noise < ReaderCalibration.quiet {
            quiet[target].append(score)
          } else {
            scores[target].append(score)
          }
          errors[target] += error / Double(answers.count)
        }
      }
      calibration.factors[kind.rawValue] = scores.map { Self.quantile($0, 0.95) }
      // A quantile of a handful says nothing.
      if quiet[0].count >= 20 {
        calibration.quietFactors[kind.rawValue] = quiet.map { Self.quantile($0, 0.95) }
      }
      calibration.errors[kind.rawValue] = errors
      if kind == .likelihood {
        calibration.misfitLimit = 1.5 * Self.quantile(answers.compactMap { $0?.misfit }, 0.99)
        calibration.residualLimit = 1.5 * Self.quantile(answers.compactMap { $0?.residual }, 0.99)
        let distances = answers.compactMap { $0?.latentDistance }
        calibration.latentUnit = max(1e-6, Self.quantile(distances, 0.5))
        calibration.latentLimit = max(2, 1.3 * Self.quantile(distances, 0.99) / calibration.latentUnit)
      }
    }
    return calibration
  }

  /// The smallest value that this share of `values` stays at or below, with one value more at infinity.
  static func quantile(_ values: [Double], _ share: Double) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.last else { return 2 }
    let rank = Int((share * Double(sorted.count + 1)).rounded(.up)) - 1
    let value = rank < sorted.count ? sorted[max(0, rank)] : last
    return value.isFinite ? value : sorted.last(where: \.isFinite) ?? 2
  }
}
