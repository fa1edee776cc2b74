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
}
