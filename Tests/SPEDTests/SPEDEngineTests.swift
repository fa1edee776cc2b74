import Arrays
import Diffraction
import Synchronization
import Testing

import SPED

@Suite struct SPEDEngineTests {
  private func finding(
    _ scan: SyntheticScan, _ values: [String: ParameterValue] = [:],
    _ context: AnalysisContext = AnalysisContext()
  ) throws -> Finding {
    try SPEDEngine().analyze(.scan(scan), ParameterValues(values), context)
  }

  @Test func everyCrystalOfAScanIsFoundWithItsOverlap() throws {
    let finding = try finding(.threeCrystals())
    #expect(finding["crystals"]?.value == 3)
    #expect(finding["patterns"]?.value == 480)
    #expect((finding["area_A"]?.value ?? 0) > 85)
    // Three by four points are in both.
    #expect((finding["overlap"]?.value ?? 0) > 4)
    #expect(finding.profiles.first?.name == "scree")
    guard case .regions? = finding.exhibits.first else {
      Issue.record("the crystals come first")
      return
    }
  }

  @Test func theSameScanGivesTheSameFindingAlsoFromTheCache() throws {
    let first = try finding(.threeCrystals())
    let again = try finding(.threeCrystals())
    #expect(first.values == again.values)
    #expect(first.profiles == again.profiles)
  }

  @Test func aPartialScanIsSegmentedAndSaysSo() throws {
    let finding = try finding(.threeCrystals(frames: 24 * 12))
    #expect(finding["patterns"]?.value == 288)
    #expect((finding["crystals"]?.value ?? 0) >= 2)
    #expect(finding.reasons.contains { $0.code == "PART" })
  }

  @Test func aScanThatHasGrownGivesWhatItWouldHaveGivenAtOnce() throws {
    // A gain of one is what the engine finds: the same reading under another key, so that it starts anew.
    for descan in ["on", "off"] {
      let values = ["descan": ParameterValue.text(descan)]
      for frames in [270, 330, 410] { _ = try finding(.threeCrystals(frames: frames), values) }
      let grown = try finding(.threeCrystals(), values)
      let atOnce = try finding(
        .threeCrystals(), ["descan": .text(descan), "gain": .number(1)])
      #expect(grown.values == atOnce.values)
      #expect(labels(grown) != nil && labels(grown) == labels(atOnce))
    }
  }

  @Test func portionsOfAScanReadToTheSameTableInAnyOrder() {
    let scan = SyntheticScan.threeCrystals()
    let frames = (0..<480).compactMap { index in
      (try? scan.frame(at: index)).map { (point: index, pixels: $0.pixels) }
    }
    let geometry = DetectorGeometry(width: 64, height: 64)
    func table(_ portions: [Range<Int>]) -> VDFTable {
      var reading = ScanReading(geometry, scanWidth: 24, scanHeight: 20, settings: ReadingSettings())
      for portion in portions {
        reading.add(Array(frames[portion]))
        reading.settleVectors()
        reading.refill(Array(frames[portion]))
      }
      reading.refill(frames.filter { reading.pointsToRefill.contains($0.point) })
      return reading.table()
    }
    let atOnce = table([0..<480])
    let grown = table([200..<480, 0..<77, 77..<200])
    #expect(atOnce.vectors == grown.vectors && !atOnce.vectors.isEmpty)
    #expect(atOnce.counts == grown.counts && atOnce.background == grown.background)
  }

  @Test func aScanWithoutAShapeIsNotGuessed() throws {
    let refused = try finding(.threeCrystals(statesScan: false))
    #expect(refused.verdict == .notAnalysable)
    let told = try finding(.threeCrystals(statesScan: false), ["scan": .text("24x20")])
    #expect(told["crystals"]?.value == 3)
    #expect(throws: AnalysisError.self) {
      try finding(.threeCrystals(statesScan: false), ["scan": .text("24")])
    }
  }

  @Test func editsMergeSplitAndLeaveOut() throws {
    let merged = try finding(.threeCrystals(), ["edits": .text("A+B")])
    #expect(merged["crystals"]?.value == 2)
    let removed = try finding(.threeCrystals(), ["edits": .text("-C")])
    #expect(removed["area_C"] == nil && removed["area_B"] != nil)
    let split = try finding(.threeCrystals(), ["edits": .text("A+B; A/2")])
    #expect(split["crystals"]?.value == 3)
    #expect(throws: AnalysisError.self) { try finding(.threeCrystals(), ["edits": .text("A*B")]) }
  }

  @Test func aChosenSpotIsShownAsItsDarkField() throws {
    let scan = SyntheticScan.threeCrystals()
    let finding = try finding(scan, ["vector": .text("A1")])
    // The largest crystal is the second part; its strongest spot has 110 electrons at (16, 0).
    #expect(abs((finding["vector_x"]?.value ?? 0) - 16) < 0.5)
    #expect(abs((finding["vector_y"]?.value ?? 9)) < 0.5)
    let field = try #require(finding.exhibits.first { $0.title == "Dark field of A1" }?.pixels)
    let values = field.doubles()
    let inside = scan.points(1).core().points.map { values[$0] }
    #expect(abs(inside.reduce(0, +) / Double(inside.count) - 110) < 15)
    let outside = values.indices.filter { p in !(0..<3).contains { scan.points($0).contains(p) } }
    #expect(abs(outside.reduce(0) { $0 + values[$1] } / Double(outside.count)) < 5)
    #expect(finding["crystals"]?.value == 3)
  }

  @Test func aSpotThatIsNotThereIsSaidAndNonsenseIsRefused() throws {
    let finding = try finding(.threeCrystals(), ["vector": .text("A99")])
    #expect(finding.reasons.contains { $0.code == "SPOT" })
    for text in ["3A", "A", "A0", "a1", "A-1"] {
      #expect(throws: AnalysisError.self) {
        try self.finding(.threeCrystals(), ["vector": .text(text)])
      }
    }
  }

  @Test(arguments: ["vdf", "nmf"]) func aPublishedWorkflowFindsTheLargeCrystals(_ method: String) throws {
    let finding = try finding(
      .threeCrystals(),
      [
        "method": .text(method), "components": .number(4), "grain_min_px": .number(20),
        "grain_distance_px": .number(5), "merge_vectors": .number(3), "vector_min_samples": .number(10),
      ])
    #expect((finding["crystals"]?.value ?? 0) >= 2)
  }

  @Test func aHigherThresholdNeverGrowsACrystal() throws {
    let low = try finding(.threeCrystals(), ["significance": .number(3)])
    let high = try finding(.threeCrystals(), ["significance": .number(8)])
    #expect((high["covered"]?.value ?? 0) <= (low["covered"]?.value ?? 0) + 0.5)
  }

  @Test func filesAreWrittenWhereTheyAreAskedFor() throws {
    let written = Mutex<[String: Artifact]>([:])
    let scan = SyntheticScan.threeCrystals()
    let finding = try finding(
      scan, [:],
      AnalysisContext(write: { artifact in
        written.withLock { $0[artifact.role] = artifact }
        return "out/" + artifact.file
      }))
    #expect(finding.artifacts["segments"] == "out/segments.tif")
    let artifacts = written.withLock { $0 }
    guard case .images(let segments, _)? = artifacts["segments"]?.content,
      case .images(let patterns, _)? = artifacts["patterns"]?.content
    else {
      Issue.record("no images")
      return
    }
    #expect(segments.count == 3 && patterns.count == 3)
    guard case .bytes(let header)? = artifacts["hyperspy"]?.content,
      case .bytes(let data)? = artifacts["hyperspy_data"]?.content
    else {
      Issue.record("no Ripple file")
      return
    }
    // Its header is Latin-1 to those who read it: only ASCII is the same everywhere.
    #expect(header.allSatisfy { $0 < 128 })
    #expect(String(decoding: header, as: UTF8.self).contains("width-units\t1/angstrom\n"))
    #expect(data.count == 3 * 64 * 64 * 4)
    let sets = segments.map { page in
      PointSet(
        width: 24, height: 20, points: page.doubles().enumerated().filter { $0.1 >= 0.5 }.map(\.offset))
    }
    for part in 0..<3 {
      let best = sets.map { $0.agreement(scan.points(part)) }.max() ?? 0
      #expect(best > 0.85, "crystal \(part): \(best)")
    }
    // The strongest spot of the second crystal, at 16 pixels to the right: its electrons come back.
    let second =
      sets.indices.max { sets[$0].agreement(scan.points(1)) < sets[$1].agreement(scan.points(1)) } ?? 0
    let image = patterns[second].doubles()
    var electrons = 0.0
    for y in 29...35 { for x in 45...51 { electrons += image[y * 64 + x] } }
    #expect(abs(electrons - 110) < 12, "\(electrons)")
  }

  @Test func nothingButNoiseHoldsNoCrystal() throws {
    let finding = try finding(SyntheticScan([]))
    #expect(finding.verdict == .notAnalysable)
    #expect(finding["crystals"]?.value == 0)
  }

  @Test func framesThatAreNotScansAreRefusedWithAReason() throws {
    let frame = Frame(pixels: Pixels(width: 32, height: 16, values: [Float](repeating: .nan, count: 512)))
    let finding = try SPEDEngine().analyze(.frame(frame), ParameterValues(), AnalysisContext())
    #expect(finding.verdict == .notAnalysable && !finding.reasons.isEmpty)
  }
}

private func labels(_ finding: Finding) -> [Double]? {
  guard case .regions(let regions)? = finding.exhibits.first else { return nil }
  return regions.labels.doubles()
}
