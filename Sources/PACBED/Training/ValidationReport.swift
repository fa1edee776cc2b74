import JSON
import Arrays
import Glibc  // log
import Learning
import Scattering

/// What a trained model is worth, on patterns it has not seen: errors by noise, thickness, mistilt and
/// convergence angle, and the temperatures that make its probabilities honest.
package struct ValidationReport: Sendable {
  package struct Row: Sendable {
    /// What the row is about: `noise 0.1`, `thickness 10-20 nm`.
    package var name: String
    package var score: PatternScore
    /// Expected calibration error of the best summit's probability, before and after the temperature.
    package var calibrationBefore: Double
    package var calibration: Double

    package var line: String {
      func short(_ x: Double) -> String { String((x * 1000).rounded() / 1000) }
      var text = "\(name): thickness error \(short(score.mean)) % (median \(short(score.median)) %), "
      text += "within 1 nm \(short(score.withinNanometre)), among three \(short(score.amongThree)), "
      text += "mistilt \(short(score.mistilt)) mrad, scale \(short(score.scale)) %, "
      return text + "calibration error \(short(calibration)) (raw \(short(calibrationBefore)))"
    }
  }

  package var rows: [Row] = []
  package var temperatures = Temperatures.none

  static let noises = [0, 0.05, 0.1, 0.2, 0.3, 0.5]

  /// `count` patterns a noise level for the temperatures and as many others for the errors: with 400 the
  /// calibration error of perfect probabilities would be 0.04, by chance alone.
  package init(
    _ domain: ModelDomain, _ model: TrainedNetwork, table: PACBEDTable, seed: UInt64, count: Int = 2000,
    isCancelled: () -> Bool = { false }, progress: (Double) -> Void = { _ in }
  ) throws(PACBEDError) {
    let heads = try PatternNetwork(domain)
    let reader = try PatternReader(domain, model, temperatures: .none)
    var done = 0.0
    func cases(_ noise: Double, _ offset: UInt64) throws(PACBEDError) -> [Case] {
      if isCancelled() { throw .cancelled }
      progress(done / Double(2 * Self.noises.count))
      done += 1
      return try Case.draw(
        domain, tables: [table], count: count, noise: noise, seed: seed &+ offset, reader: reader)
    }
    var measured: [Double] = []
    var sets: [Temperatures.Set] = []
    for (number, noise) in Self.noises.enumerated() {
      let fitting = try cases(noise, 1000 + UInt64(number))
      var set = Temperatures.Set(values: [:])
      for head in PatternNetwork.Head.allCases where heads.axis(head) != nil {
        set.values[head] = Case.temperature(fitting, heads, head)
      }
      // What the screen shows of the thickness is the probability of a summit: that must be honest.
      set.values[.thickness] = Case.calibratedTemperature(fitting, heads)
      // Higher measured noise must come later, or there is nothing to interpolate.
      let level = fitting.map(\.image.noise).reduce(0, +) / Double(max(1, fitting.count))
      measured.append(max(level, (measured.last ?? -1) + 1e-4))
      sets.append(set)
    }
    temperatures = Temperatures(noises: measured, sets: sets)
    var all: [Case] = []
    for (number, noise) in Self.noises.enumerated() {
      let fresh = try cases(noise, 2000 + UInt64(number))
      rows.append(row("noise \(noise)", fresh, heads))
      if noise > 0, noise <= 0.2 { all += fresh }
    }
    func part(_ name: String, _ range: ClosedRange<Double>, _ value: (TrainingPatterns.Truth) -> Double) {
      let chosen = all.filter { range.contains(value($0.truth)) }
      if chosen.count > 20 { rows.append(row(name, chosen, heads)) }
    }
    let t = domain.thickness
    for (low, high) in [(2.0, 5.0), (5, 10), (10, 20), (20, 50), (50, 100)] where high <= t.upperBound {
      part("thickness \(Int(low))-\(Int(high)) nm", low...high) { $0.thickness }
    }
    func thirds(_ range: ClosedRange<Double>) -> [ClosedRange<Double>] {
      let width = (range.upperBound - range.lowerBound) / 3
      return (0..<3).map {
        range.lowerBound + width * Double($0)...range.lowerBound + width * Double($0 + 1)
      }
    }
    func short(_ x: Double) -> String { String((x * 10).rounded() / 10) }
    for range in thirds(domain.mistilt) {
      part("mistilt \(short(range.lowerBound))-\(short(range.upperBound)) mrad", range) { $0.mistilt.length }
    }
    for range in thirds(domain.convergence) {
      part("convergence \(short(range.lowerBound))-\(short(range.upperBound)) mrad", range) { $0.convergence }
    }
  }

  private func row(_ name: String, _ cases: [Case], _ heads: PatternNetwork) -> Row {
    Row(
      name: name, score: Case.score(cases, heads, temperatures),
      calibrationBefore: Case.calibrationError(cases, heads, .none),
      calibration: Case.calibrationError(cases, heads, temperatures))
  }

  package var json: JSONValue {
    func number(_ x: Double) -> JSONValue { .number((x * 1e4).rounded() / 1e4) }
    return .list(
      rows.map { row in
        .object([
          "of": .text(row.name), "patterns": .integer(row.score.count),
          "thickness_error_mean_percent": number(row.score.mean),
          "thickness_error_median_percent": number(row.score.median),
          "within_1_nm": number(row.score.withinNanometre), "among_three": number(row.score.amongThree),
          "mistilt_error_mrad": number(row.score.mistilt), "scale_error_percent": number(row.score.scale),
          "calibration_error_raw": number(row.calibrationBefore),
          "calibration_error": number(row.calibration),
        ])
      })
  }
}

/// A fresh pattern with what the network said to it, all quarter turns.
struct Case: Sendable {
  var truth: TrainingPatterns.Truth
  var image: FitImage
  var logits: [String: [Float]]

  static let quarterTurns = 4

  static func draw(
    _ domain: ModelDomain, tables: [PACBEDTable], count: Int, noise: Double, seed: UInt64,
    reader: PatternReader
  ) throws(PACBEDError) -> [Case] {
    let patterns = try TrainingPatterns(domain, tables: tables, disturbances: .noise(noise), seed: seed)
    var cases: [Case] = []
    for at in patterns.independent(count) {
      let (image, truth) = patterns.image(at)
      let logits = try reader.logits(
        [image], statedConvergence: truth.statedConvergence, quarterTurns: quarterTurns)
      cases.append(Case(truth: truth, image: image, logits: logits))
    }
    return cases
  }

  func reading(_ heads: PatternNetwork, _ temperatures: Temperatures) -> NetworkReading {
    NetworkReading(
      heads, logits, at: 0, quarterTurns: Self.quarterTurns, temperatures: temperatures.at(noise: image.noise)
    )
  }

  /// The temperature with the largest likelihood of the truths.
  static func temperature(_ cases: [Case], _ heads: PatternNetwork, _ head: PatternNetwork.Head) -> Double {
    guard let axis = heads.axis(head) else { return 1 }
    func loss(_ temperature: Double) -> Double {
      let set = Temperatures.Set(values: [head: temperature])
      return cases.reduce(0) { sum, one in
        let reading = NetworkReading(
          heads, [head.rawValue: one.logits[head.rawValue] ?? []], at: 0, quarterTurns: quarterTurns,
          temperatures: set)
        let p = reading[head]
        var log = 0.0
        axis.share(one.truth[head]) { log += Double($1) * Glibc.log(max(p[$0], 1e-9)) }
        return sum - log
      }
    }
    return TemperatureFit.temperature(in: 0.4...3, loss: loss)
  }

  /// The temperature at which the best summit's probability is nearest to how often it holds the truth.
  static func calibratedTemperature(_ cases: [Case], _ heads: PatternNetwork) -> Double {
    let candidates = (0...24).map { 0.4 * pow(7.5, Double($0) / 24) }
    let errors = candidates.map { temperature in
      calibrationError(
        cases, heads, Temperatures(noises: [0], sets: [Temperatures.Set(values: [.thickness: temperature])]))
    }
    return zip(candidates, errors).min { $0.1 < $1.1 }?.0 ?? 1
  }

  /// Of the best summit of the thickness: its probability against how often the truth lies in it.
  static func calibrationError(
    _ cases: [Case], _ heads: PatternNetwork, _ temperatures: Temperatures
  ) -> Double {
    var confidences: [Double] = []
    var correct: [Bool] = []
    for one in cases {
      let reading = one.reading(heads, temperatures)
      guard let peak = heads.thickness.peaks(reading.thickness, limit: 1).first else { continue }
      confidences.append(min(1, peak.probability))
      correct.append(peak.range.contains(one.truth.thickness))
    }
    return ReliabilityCurve(confidences: confidences, correct: correct, bins: 10).expectedCalibrationError
  }

  static func score(
    _ cases: [Case], _ heads: PatternNetwork, _ temperatures: Temperatures
  ) -> PatternScore {
    PatternScore(cases.map { ($0.truth, $0.reading(heads, temperatures)) }, heads)
  }
}

extension TrainingPatterns.Truth {
  subscript(head: PatternNetwork.Head) -> Double {
    switch head {
    case .thickness: thickness
    case .mistilt: mistilt.length
    case .scale: scale
    case .azimuth: azimuthDegrees
    case .rotation: rotationDegrees
    case .centre: 0
    }
  }
}

extension NetworkReading {
  subscript(head: PatternNetwork.Head) -> [Double] {
    switch head {
    case .thickness: thickness
    case .mistilt: mistilt
    case .scale: scale
    case .azimuth: azimuth
    case .rotation: rotation
    case .centre: []
    }
  }
}
