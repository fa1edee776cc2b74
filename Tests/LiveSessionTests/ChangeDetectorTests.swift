import Diffraction
import System
import Testing

import LiveSession

@Suite struct ChangeDetectorTests {
  /// Values about 0.5 with a spread of a quarter of a per cent, and now and then one that is far off.
  private func values(_ count: Int, seed: UInt64, shift: (from: Int, by: Double)? = nil) -> [Double] {
    var random = RandomNumbers(seed: seed)
    return (0..<count).map { number in
      let outlier = random.uniform() < 0.01 ? 0.02 * random.normal() : 0
      let level = shift.map { number >= $0.from ? 1 + $0.by : 1 } ?? 1
      return 0.5 * level * (1 + 0.0025 * random.normal() + outlier)
    }
  }

  @Test func `a change of half a per cent is seen within 50 frames`() {
    var (early, seen) = (0, 0)
    for seed in 1...200 as ClosedRange<UInt64> {
      var detector = ChangeDetector(tolerance: 0.005)
      let by = seed % 2 == 0 ? 0.005 : -0.005
      for (number, value) in values(150, seed: seed, shift: (100, by)).enumerated() {
        guard let change = detector.take(value) else { continue }
        if number < 100 { early += 1 }
        if number >= 100, abs(change.after / change.before - 1 - by) < 0.005, change.age < 50 { seen += 1 }
      }
    }
    #expect(early <= 1 && seen >= 197)
  }

  @Test func `of 500,000 values that rest hardly any is a change`() {
    var changes = 0
    for seed in 1...50 as ClosedRange<UInt64> {
      var detector = ChangeDetector(tolerance: 0.005)
      for value in values(10_000, seed: seed) where detector.take(value) != nil { changes += 1 }
    }
    // One in 10,000 would be 50.
    #expect(changes <= 25)
  }

  @Test func `less than what matters is no change, and the new level is learned`() {
    var detector = ChangeDetector(tolerance: 0.005)
    var changes: [Int] = []
    // Exact values: a thousandth more, then two per cent more for good.
    for number in 0..<600 {
      let value = number < 100 ? 2 : number < 200 ? 2.002 : 2.04
      if detector.take(value) != nil { changes.append(number) }
    }
    #expect(changes.count == 1 && (200..<210).contains(changes.first ?? 0))
  }

  @Test func `nothing and infinity are taken for nothing`() {
    var detector = ChangeDetector(tolerance: 0.005)
    for value in [0, .nan, 0, .infinity] + [Double](repeating: 0, count: 60) {
      #expect(detector.take(value) == nil)
    }
  }

  /// What an engine of this kind says of the instrument, each with its scatter (a share), and now and then far off.
  private struct Instrument: AnalysisEngine {
    let name = "instrument"
    let label = "INST"
    let parameters: [Parameter] = []
    let scatter = ["pixel": 0.001, "match": 0.0006, "blur": 0.004, "dose": 0.003]
    let levels = ["pixel": 0.125, "match": 0.9975, "blur": 0.42, "dose": 3.2e6]
    let outputs = [
      Output(name: "pixel", unit: "mrad", symbol: "px", decimals: 4, rests: 0.005),
      Output(name: "match", unit: "1", symbol: "R", decimals: 4, rests: 0.002),
      Output(name: "blur", unit: "px", symbol: "blur", decimals: 2, rests: 0.005),
      Output(name: "dose", unit: "counts", symbol: "dose", decimals: 0, rests: 0.005),
      Output(name: "thickness", unit: "nm", symbol: "t", decimals: 1),
    ]

    func suitability(for file: FileSummary) -> Int { 1 }
    func analyze(
      _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
    ) throws(AnalysisError) -> Finding { Finding(values: []) }

    /// `moved`: which one is by how much of itself.
    func finding(_ random: inout RandomNumbers, moved: (name: String, by: Double)? = nil) -> Finding {
      let values = outputs.map { output in
        // The specimen's own may do as it likes.
        guard let level = levels[output.name], let scatter = scatter[output.name] else {
          return Quantity(output.name, random.uniform(in: 5...90), unit: output.unit)
        }
        let outlier = random.uniform() < 0.005 ? 8 * random.normal() : 0
        let shift = moved?.name == output.name ? moved?.by ?? 0 : 0
        return Quantity(
          output.name, level * (1 + shift) * (1 + scatter * (random.normal() + outlier)), unit: output.unit)
      }
      return Finding(values: values)
    }
  }

  @Test(arguments: ["pixel", "blur", "dose"], [0.005, -0.005])
  func `of an instrument, half a per cent of anything is seen within 50 frames`(_ name: String, _ by: Double)
  {
    let engine = Instrument()
    var seen = 0
    for seed in 1...100 as ClosedRange<UInt64> {
      var random = RandomNumbers(seed: seed)
      var resting = RestingQuantities()
      for _ in 0..<200 { _ = resting.take(engine.finding(&random), of: engine) }
      let isSeen = (0..<50).contains { _ in
        resting.take(engine.finding(&random, moved: (name, by)), of: engine).contains {
          $0.contains(": \(name) was")
        }
      }
      if isSeen { seen += 1 }
    }
    #expect(seen >= 98)
  }

  @Test func `of an instrument at rest one alarm in 10,000 frames would be too many`() {
    let engine = Instrument()
    var alarms = 0
    for seed in 1...20 as ClosedRange<UInt64> {
      var random = RandomNumbers(seed: 1000 + seed)
      var resting = RestingQuantities()
      for _ in 0..<10_000 { alarms += resting.take(engine.finding(&random), of: engine).count }
    }
    #expect(alarms < 20)
  }

  @Test func `what is not accepted says nothing of the instrument, and from nothing no share is told`() {
    let engine = Instrument()
    var resting = RestingQuantities()
    func finding(_ blur: Double, _ verdict: Verdict = .accept) -> Finding {
      Finding(values: [Quantity("blur", blur, unit: "px")], verdict: verdict)
    }
    for _ in 0..<40 { #expect(resting.take(finding(0), of: engine).isEmpty) }
    for _ in 0..<40 { #expect(resting.take(finding(3, .doubtful), of: engine).isEmpty) }
    let said = (0..<10).flatMap { _ in resting.take(finding(0.5), of: engine) }
    #expect(said == ["instrument: blur was 0 and is 0.5 px for 5 frames"])
  }
}
