import Learning
import Scattering

/// How well a network reads patterns whose thickness is known, down to 2 nm: what is thinner shows
/// nothing to any network.
package struct PatternScore: Sendable, Equatable {
  package var count = 0
  /// Relative errors of the most probable thickness, in percent.
  package var mean = 0.0
  package var median = 0.0
  /// Shares.
  package var withinNanometre = 0.0
  /// The truth lies within 1.5 nm of one of the three best.
  package var amongThree = 0.0
  /// mrad.
  package var mistilt = 0.0
  /// Mean relative error of the scale, in percent.
  package var scale = 0.0
  /// Pixels of 64.
  package var centre = 0.0

  package init(_ cases: [(truth: TrainingPatterns.Truth, reading: NetworkReading)], _ heads: PatternNetwork) {
    guard !cases.isEmpty else { return }
    var errors: [Double] = []
    for (truth, reading) in cases {
      let peaks = heads.thickness.peaks(reading.thickness, limit: 3)
      let best = peaks.first?.value ?? 0
      errors.append(abs(best - truth.thickness) / truth.thickness * 100)
      if abs(best - truth.thickness) <= 1 { withinNanometre += 1 }
      if peaks.contains(where: { abs($0.value - truth.thickness) <= 1.5 }) { amongThree += 1 }
      let tilt = heads.mistilt.peaks(reading.mistilt, limit: 1).first?.value ?? 0
      mistilt += abs(tilt - truth.mistilt.length)
      let scale = heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 0
      self.scale += abs(scale / truth.scale - 1) * 100
      centre += (reading.shift - truth.shift).length
    }
    let n = Double(cases.count)
    count = cases.count
    mean = errors.reduce(0, +) / n
    median = errors.sorted()[errors.count / 2]
    withinNanometre /= n
    amongThree /= n
    mistilt /= n
    scale /= n
    centre /= n
  }

  /// Patterns with one strength of Gaussian noise, kept aside.
  package struct Set: Sendable {
    let heads: PatternNetwork
    package let samples: Samples
    package let truths: [TrainingPatterns.Truth]

    package init(
      _ domain: ModelDomain, tables: [PACBEDTable], count: Int, noise: Double, seed: UInt64
    ) throws(PACBEDError) {
      let patterns = try TrainingPatterns(domain, tables: tables, disturbances: .noise(noise), seed: seed)
      let chosen = patterns.independent(count)
      var samples = Samples(inputs: [:], targets: [:])
      var truths: [TrainingPatterns.Truth] = []
      for at in chosen {
        let (one, truth) = patterns.samples(at..<at + 1)
        truths += truth
        samples.inputs.merge(one.inputs) { $0 + $1 }
        samples.targets.merge(one.targets) { $0 + $1 }
      }
      self.samples = samples
      self.truths = truths
      heads = patterns.heads
    }

    package func score(_ model: TrainedNetwork) throws(PACBEDError) -> PatternScore {
      let logits: [String: [Float]]
      do {
        let predictor = try Predictor(model.network, weights: model.weights, batch: 32)
        logits = try predictor.predict(samples.inputs)
      } catch {
        throw .training("\(error)")
      }
      let none = Temperatures.none.at(noise: 0)
      return PatternScore(
        truths.indices.map { number in
          (truths[number], NetworkReading(heads, logits, at: number, quarterTurns: 1, temperatures: none))
        }, heads)
    }
  }
}

extension TrainingPatterns {
  /// Numbers of patterns that share no geometry and are at least 2 nm thick.
  package func independent(_ count: Int) -> [Int] {
    var chosen: [Int] = []
    var group = 0
    while chosen.count < count {
      let at = group * Self.group + group % Self.group
      if thickness(at) >= min(2, domain.thickness.upperBound / 2) { chosen.append(at) }
      group += 1
    }
    return chosen
  }
}
