import AtomTomography
import Testing

@Suite struct DescentTests {
  @Test func `From the truth the descent ends where the reference's did`() {
    #expect(ReferenceCase.all.count == 12)
    for known in ReferenceCase.all {
      let objective = AtomObjective(
        known.projections, AtomBlob(sigma: known.sigma), potential: known.kind.potential, alpha: 0.1)
      let outcome = Descent().run(objective, from: AtomPlane(points: known.truth))
      #expect(outcome.isConverged)
      #expect(abs(outcome.value.total - known.objectiveAtTruth) < 2e-6, "\(known)")
    }
  }

  @Test func `Atoms are matched at least total distance`() {
    let truth: [SIMD2<Double>] = [SIMD2(0, 0), SIMD2(1, 0), SIMD2(2, 0)]
    // The nearest pair first would leave a far one: 0.35 takes 0 or 1.
    let found: [SIMD2<Double>] = [SIMD2(0.45, 0), SIMD2(0.7, 0), SIMD2(5, 0)]
    let matching = AtomMatching(found, truth, limit: 0.5)
    #expect(matching.pairs.map { [$0.found, $0.truth] } == [[0, 0], [1, 1]])
    #expect(matching.extra == [2] && matching.missing == [2])
    #expect(abs(matching.meanError - 0.375) < 1e-12 && abs(matching.largestError - 0.45) < 1e-12)
    let none = AtomMatching([], truth, limit: 0.5)
    #expect(none.pairs.isEmpty && none.missing == [0, 1, 2] && none.meanError == 0)
  }

  /// Against all orders of five.
  @Test func `The assignment is the best of all`() {
    var crystal = Crystallite()
    for seed in 1...20 {
      crystal.seed = UInt64(seed)
      crystal.halfWidth = 1.05
      crystal.thermal = 0.3
      let found = Array(crystal.atoms().points.prefix(5))
      crystal.seed += 100
      let truth = Array(crystal.atoms().points.prefix(5))
      guard found.count == 5, truth.count == 5 else { continue }
      let matching = AtomMatching(found, truth, limit: 100)
      var least = Double.infinity
      func permute(_ chosen: [Int]) {
        if chosen.count == 5 {
          least = min(least, zip(found, chosen).reduce(0) { $0 + ($1.0 - truth[$1.1]).length })
          return
        }
        for next in 0..<5 where !chosen.contains(next) { permute(chosen + [next]) }
      }
      permute([])
      #expect(abs(matching.pairs.reduce(0) { $0 + $1.distance } - least) < 1e-9)
    }
  }
}
