import Diffraction
import Testing

import SPED

@Suite struct SegmentationTests {
  private func rectangle(_ columns: Range<Int>, _ rows: Range<Int>, width: Int = 40, height: Int = 30)
    -> PointSet
  {
    PointSet(
      width: width, height: height,
      points: (0..<width * height).filter { columns.contains($0 % width) && rows.contains($0 / width) })
  }

  /// A table of even spots in regions, without noise: counts as expected.
  private func table(_ regions: [(PointSet, Float)], spots: Int) -> VDFTable {
    let (width, height) = (regions[0].0.width, regions[0].0.height)
    var vectors: [SpotVector] = []
    for v in 0..<spots { vectors.append(SpotVector(x: Float(10 + 4 * v), y: Float(7 * v % 31), count: 50)) }
    var counts = [Float](repeating: 1, count: width * height * spots)
    for (set, level) in regions {
      for p in set.points { for v in 0..<spots { counts[p * spots + v] += level * Float(1 + v % 3) } }
    }
    return VDFTable(
      scanWidth: width, scanHeight: height, vectors: vectors, counts: counts,
      background: [Float](repeating: 1, count: counts.count),
      isMeasured: [Bool](repeating: true, count: width * height), electronsPerCount: 1)
  }

  @Test func twoFlatCrystalsOfOneOrientationThatOverlapArePartedAndShareTheOverlap() throws {
    let (a, b) = (rectangle(5..<17, 5..<17), rectangle(13..<27, 11..<24))
    let result = Segmenter(
      table([(a, 60), (b, 90)], spots: 8), spotSigma: 1, settings: SegmentationSettings()
    )
    .segmentation()
    try #require(result.crystals.count == 2)
    for truth in [a, b] {
      let best = result.crystals.map { $0.points.agreement(truth) }.max() ?? 0
      #expect(best > 0.85)
    }
    let both = result.crystals[0].points.intersection(result.crystals[1].points)
    #expect(both.part(in: a.intersection(b)) > 0.7)
  }

  @Test func oneFlatCrystalStaysOne() {
    let a = rectangle(5..<20, 5..<18)
    let result = Segmenter(table([(a, 60)], spots: 8), spotSigma: 1, settings: SegmentationSettings())
      .segmentation()
    #expect(result.crystals.count == 1)
    #expect((result.crystals.first?.points.agreement(a) ?? 0) > 0.9)
  }

  @Test func regionsGiveBackThePatternsTheyAreMadeOf() {
    let (a, b) = (rectangle(0..<10, 0..<10), rectangle(6..<16, 0..<10))
    let regions = RegionPatterns([a, b], isMeasured: [Bool](repeating: true, count: 1200))
    let truth: [[Float]] = [[40, 0, 7], [5, 30, 0]]
    var sums: [[Float]] = []
    for (r, members) in regions.members.enumerated() {
      var row: [Float] = []
      for i in 0..<3 {
        var level: Float = 2
        for k in members { level += truth[k][i] }
        row.append(regions.sizes[r] * level)
      }
      sums.append(row)
    }
    let background = regions.members.indices.map { r in [Float](repeating: 2 * regions.sizes[r], count: 3) }
    let patterns = regions.solve(sums, background: background, rounds: 2000)
    for k in 0..<2 { for i in 0..<3 { #expect(abs(patterns[k][i] - truth[k][i]) < 0.3) } }
  }

  @Test func factorsExplainWhatTheyAreMadeOf() {
    let (a, b) = (rectangle(5..<15, 5..<15), rectangle(20..<30, 8..<20))
    let table = table([(a, 50), (b, 20)], spots: 6)
    var factors = LocalFactors(
      windows: [a.grown(2), b.grown(2)],
      patterns: [[Float](repeating: 40, count: 6), [Float](repeating: 40, count: 6)])
    factors.iterate(table, rounds: 60)
    let rest = factors.residual(table)
    let worst = a.points.reduce(Float(0)) { max($0, abs(rest.excess($1, 0))) }
    #expect(worst < 3)
  }

  @Test func setsOfPointsCountGrowAndFall() {
    let a = rectangle(2..<6, 2..<6)
    let b = rectangle(4..<8, 2..<6)
    #expect(a.overlap(b) == 8)
    #expect(abs(a.agreement(b) - 8.0 / 24) < 1e-12)
    #expect(a.grown(1).count == 32 && a.core().count == 4)
    #expect(a.union(rectangle(20..<22, 20..<22)).regions().map(\.count) == [16, 4])
    var ring = a
    ring.remove(3 * 40 + 3)
    #expect(ring.count == 15 && ring.filled() == a)
  }

  @Test func significanceIsThatOfAPoissonNumberAlsoBelowOneCount() {
    #expect(abs(poissonSignificance(100, expected: 100)) < 1e-3)
    #expect(abs(poissonSignificance(1100, expected: 1000) - 3.11) < 0.02)
    #expect(poissonSignificance(1, expected: 0.01) < 3)
    #expect(poissonSignificance(0, expected: 9) < -4)
  }

  @Test func lettersGoOnAfterZ() {
    #expect([0, 25, 26, 51, 52].map(FoundCrystal.letter) == ["A", "Z", "AA", "AZ", "BA"])
  }

  @Test func editsAreReadOrRefused() throws {
    #expect(try CrystalEdit.list("A+B; C/2 -D") == [.merge(["A", "B"]), .split("C", 2), .remove("D")])
    for text in ["A+", "A/1", "a+b", "A", "A/9"] {
      #expect(throws: SPEDError.self) { try CrystalEdit.list(text) }
    }
  }

  @Test func spotsBesideTheDetectorAreLeftOutOfAPattern() throws {
    // The beam of the scan wanders by two pixels: a spot at the edge of one pattern is beyond it in another.
    let scan = SyntheticScan([
      SyntheticScan.Part(
        columns: 3..<20, rows: 3..<16,
        spots: [(12, 3, 120), (-12, -3, 90), (28, 2, 200), (-2, -28, 200), (-28, 1, 200), (1, 29, 200)])
    ])
    let finding = try SPEDEngine().analyze(.scan(scan), ParameterValues(), AnalysisContext())
    #expect(finding["crystals"]?.value == 1)
  }
}
