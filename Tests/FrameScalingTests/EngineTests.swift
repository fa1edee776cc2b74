import Diffraction
import FrameScaling
import HostileFrames
import Scattering
import Testing

@Suite(.timeLimit(.minutes(20))) struct FrameScalingEngineTests {
  private let engine = FrameScalingEngine()

  /// A short series of known quartz.
  private static func series(_ change: (inout SeriesSimulation) -> Void = { _ in }) throws
    -> SeriesSimulation.Result
  {
    var simulation = SeriesSimulation()
    (simulation.frames, simulation.first, simulation.step) = (18, -51, 6)
    // As few as follow the fringes of 48 nm.
    simulation.steps = 24
    change(&simulation)
    return try simulation.result(try AsymmetricUnit(cif: Array(Reference.quartzCIF.utf8)))
  }

  private func finding(
    _ series: ZoneSeries, _ settings: [String: ParameterValue] = [:], structure: String = Reference.quartzCIF,
    context: AnalysisContext = AnalysisContext()
  ) throws -> Finding {
    var series = series
    series.structure = Array(structure.utf8)
    let standard: [String: ParameterValue] = ["steps": .number(24)]
    return try engine.analyze(
      .frame(Frame(pixels: series.pixels)), ParameterValues(standard.merging(settings) { $1 }), context)
  }

  @Test func aSimulatedSeriesIsReadBack() throws {
    let made = try Self.series()
    let (read, _) = try PETSTests.read(made.series.petsText)
    #expect(read.zones.count == 18)
    #expect(read.reflections.map(\.index) == made.series.reflections.map(\.index))
    let found = try finding(read)
    #expect(found.verdict == .accept, "\(found.reasons)")
    let thickness = try #require(found["thickness"])
    #expect((thickness.value - 480).magnitude < 25)
    #expect((thickness.low ?? 0) < thickness.value && thickness.value < (thickness.high ?? 0))
    #expect((found["r_observed"]?.value ?? 99) < 6)
    #expect((found["hand_margin"]?.value ?? 0) > 1)
    #expect(found["hand_margin"]?.said == "the structure's hand")
    #expect((found["r_left_out"]?.value ?? 0) > (found["r_observed"]?.value ?? 99))
    #expect((found["cell_mismatch"]?.value ?? 1) < 0.01)
    #expect(
      found.profiles.map(\.name) == [
        "scale by tilt, measured", "scale by tilt, predicted", "R by tilt, %",
        "chi² of the start by thickness", "what 5° more would bring by tilt, %",
      ])
    let next = try #require(found["next_tilt"])
    #expect(abs(next.value) <= 70)
    #expect(next.said?.hasPrefix("5° more there: uncertainties ") == true)
    #expect(found["absorption"]?.value == 0 && found["absorption"]?.high == nil)
    #expect(found.exhibits.prefix(3).map(\.part) == [nil, nil, nil])
    let tables = found.exhibits.compactMap { if case .table(let table) = $0 { table } else { nil } }
    #expect(tables.prefix(2).map(\.title) == ["Frames", "Spacing of nodes"])
    try #require(tables.count == 2)
    #expect(tables[0].rows.count == 18)
    // Reflections of every frame, told apart by what the file says of them, and the rocking curves of each.
    let points = found.exhibits.compactMap { if case .points(let points) = $0 { points } else { nil } }
    let curves = found.exhibits.compactMap { if case .curves(let curves) = $0 { curves } else { nil } }
    #expect(points.map(\.part) == Array(0..<18) && curves.map(\.part) == Array(0..<18))
    #expect(points[0].rows.count == Int(tables[0].rows[0].cells[1]))
    #expect(curves[0].series.map(\.title) == points[0].rows.flatMap { [$0.name, $0.name] })
    // The mean over the movement is what was calculated: F² = s I.
    for (place, row) in points[0].rows.enumerated() {
      let rocking = curves[0].series[2 * place + 1].values
      let mean = rocking.reduce(0, +) / Double(rocking.count)
      #expect((mean / (row.cells[1] * row.cells[1]) - 1).magnitude < 1e-6)
    }
    let chosen = try #require(tables[1].chosen)
    #expect(Double(tables[1].rows[chosen].name) == found["spacing"]?.value)
    #expect(tables[1].rows[chosen].flags == ["best"])
  }

  @Test func framesAndSpacingsAreChosenByHand() throws {
    let made = try Self.series { $0.noise = 0.03 }
    let found = try finding(made.series)
    func table(_ title: String, _ found: Finding) throws -> Exhibit.Table {
      let tables = found.exhibits.compactMap { if case .table(let table) = $0 { table } else { nil } }
      return try #require(tables.first { $0.title == title })
    }
    let spacings = try table("Spacing of nodes", found)
    let best = try #require(spacings.chosen)
    let other = spacings.rows[(best + 1) % spacings.rows.count].name
    var settings = try #require(engine.settings([:], after: .choose(other), of: spacings))
    settings = try #require(engine.settings(settings, after: .leaveOut("7"), of: try table("Frames", found)))
    settings = try #require(engine.settings(settings, after: .leaveOut("3"), of: try table("Frames", found)))
    #expect(settings == ["spacing": other, "without": "3,7"])
    let again = try finding(made.series, ["spacing": .number(Double(other) ?? 0), "without": .text("3,7")])
    #expect(again["spacing"]?.value == Double(other))
    #expect(again["frames"]?.value == 16)
    let frames = try table("Frames", again)
    #expect(frames.rows.count == 18)
    #expect(frames.rows.filter { $0.flags == ["out"] }.map(\.name) == ["3", "7"])
    // The curves go by number now: the tilts have gaps.
    #expect(again.profiles.first?.name == "scale by frame, measured")
    let back = try #require(engine.settings(settings, after: .leaveOut("3"), of: frames))
    #expect(back["without"] == "7")
    #expect(engine.settings([:], after: .choose("x"), of: spacings) == nil)
    #expect(engine.settings([:], after: .choose("3"), of: frames) == nil)
  }

  @Test func aRockingFollowedTooCoarselyIsDoubted() throws {
    // Behind 45 nm too few steps read another thickness with a good R.
    var simulation = SeriesSimulation()
    (simulation.frames, simulation.first, simulation.step) = (18, -51, 6)
    (simulation.thickness, simulation.seed, simulation.limit) = (450, 5, 1.2)
    let made = try simulation.result(try AsymmetricUnit(cif: Array(Reference.quartzCIF.utf8)))
    let coarse = try finding(made.series, ["steps": .number(12), "spacings": .text("3")])
    #expect(coarse.verdict == .doubtful && coarse.reasons.contains { $0.code == "STEP" })
    let own = try finding(made.series, ["steps": .automatic, "spacings": .text("3")])
    #expect(own.verdict == .accept, "\(own.reasons)")
    let thickness = try #require(own["thickness"])
    #expect((thickness.low ?? 0) < 450 && 450 < (thickness.high ?? 0))
  }

  @Test func theOtherHandIsFoundAndTheStructureWrittenIsTheInverse() throws {
    // The same data, read as those of the mirror image.
    let made = try Self.series()
    let inverse = Reference.quartzCIF.replacing("z+2/3", with: "z+q").replacing("z+1/3", with: "z+2/3")
      .replacing("z+q", with: "z+1/3").replacing(
        "Si1 Si 0.4697 0 0.666666667", with: "Si1 Si 0.5303 0 0.333333333"
      )
      .replacing("O1 O 0.4135 0.2669 0.7858", with: "O1 O 0.5865 0.7331 0.2142")
    nonisolated(unsafe) var files: [String: [UInt8]] = [:]
    var context = AnalysisContext()
    context.write = { artifact throws(AnalysisError) in
      if case .bytes(let bytes) = artifact.content { files[artifact.role] = bytes }
      return artifact.file
    }
    let found = try finding(made.series, structure: inverse, context: context)
    #expect(found.reasons.contains { $0.code == "HAND" })
    #expect(found["hand_margin"]?.said == "the inverse structure")
    #expect(found.artifacts.count == 5)
    let refined = try AsymmetricUnit(cif: try #require(files["structure"]))
    let truth = try AsymmetricUnit(cif: Array(Reference.quartzCIF.utf8))
    for (a, b) in zip(refined.atoms, truth.atoms) {
      var off = a.site.position - b.site.position
      off -= off.rounded(.toNearestOrAwayFromZero)
      #expect(truth.cell.cartesian(off).length < 0.03, "\(a.label) \(a.site.position)")
      #expect(a.isAnisotropic)
    }
    #expect(Set(refined.operations) == Set(truth.operations))
    func lines(_ role: String) -> [Substring] {
      String(decoding: files[role] ?? [], as: UTF8.self).split(separator: "\n")
    }
    #expect(lines("frames").count == 19)
    #expect(lines("weights").count == 19)
    #expect(lines("spacings").count > 2)
    #expect(lines("constraints")[0].contains("assumption"))
  }

  @Test func whatStandsInTheWayIsOneLine() throws {
    let made = try Self.series { $0.frames = 3 }
    func first(_ change: (inout ZoneSeries) -> Void, structure: String = Reference.quartzCIF) throws -> String
    {
      var series = made.series
      change(&series)
      let found = try finding(series, structure: structure)
      #expect(found.verdict == .notAnalysable && found.reasons.count == 1 && found.values.isEmpty)
      return "\(found.reasons.first?.code ?? "") \(found.reasons.first?.text ?? "")"
    }
    #expect(try first({ _ in }, structure: "").hasPrefix("CIF no structure"))
    #expect(try first({ _ in }, structure: "data_x").hasPrefix("CIF CIF line 1"))
    #expect(
      try first { $0.orientation = [Double](repeating: 0, count: 9) }.hasPrefix("ZONE the orientation matrix")
    )
    #expect(try first { $0.reflections = [] }.hasPrefix("DATA none of"))
    #expect(try first { $0.reflections.removeLast($0.reflections.count - 5) }.hasPrefix("DATA 5 reflections"))
    #expect(try first { $0.wavelength = 0 }.hasPrefix("ZONE"))
    #expect(
      try first {
        $0.lengths = [900, 900, 900]; $0.orientation = $0.orientation.map { $0 / 180 }
      }
      .hasPrefix("DATA a cell of"))
    let whole = try Self.series()
    var blank = whole.series
    for place in blank.reflections.indices { blank.reflections[place].intensity = 0 }
    let nothing = try finding(blank)
    #expect(nothing.verdict == .notAnalysable && nothing.values.isEmpty)
    #expect(nothing.reasons.first?.text.hasPrefix("0 of ") == true, "\(nothing.reasons)")
    #expect(throws: AnalysisError.self) { try finding(made.series, ["spacings": .text("six")]) }
    #expect(throws: AnalysisError.self) { try finding(made.series, ["structure": .text("unobtainium")]) }
  }

  @Test func aMatrixOfAnotherCellAndAnOddFrameAreTold() throws {
    var made = try Self.series { $0.noise = 0.02 }
    made.series.orientation = made.series.orientation.map { $0 * 1.01 }
    for place in made.series.reflections.indices where made.series.reflections[place].zone == 7 {
      made.series.reflections[place].intensity *= 1.4
      made.series.reflections[place].sigma *= 1.4
    }
    let found = try finding(made.series, ["spacings": .text("3"), "other_hand": .text("off")])
    #expect(found.reasons.map(\.code) == ["CELL", "ODD"])
    #expect(found.reasons.last?.text == "off the scales' curve: zones 8")
  }

  @Test func whatNoMicroscopeShouldSendIsToldInALine() {
    let check = EngineCheck(engine)
    #expect(check.faultsOfFrames() == [])
    for settings in EngineCheck.ends(of: engine) {
      #expect(check.faultsOfSomeFrames(settings) == [], "\(settings)")
    }
  }

  /// Numbers of a series that a damaged file could hold.
  @Test func damagedNumbersGiveAFindingOrALine() throws {
    let made = try Self.series { $0.frames = 4 }
    let values: [Double] = [.nan, .infinity, -1e300, 1e300, 0, -1, 1e9]
    for (number, value) in values.enumerated() {
      for place in 0..<6 {
        var series = made.series
        switch place {
        case 0: series.reflections[number].intensity = value.isFinite ? value : 0
        case 1: series.reflections[number].sigma = value
        case 2: series.zones[1].scale = value
        case 3: series.orientation[number] = value.isFinite ? value : 0
        case 4: series.axisPosition = value.isFinite ? value : 0
        default: series.resolution = value
        }
        let found = try finding(
          series, ["other_hand": .text("off"), "spacings": .text("1"), "thickness_model": .text("single")])
        #expect(EngineCheck.fault(found, isBlank: false) == nil, "\(value) at \(place)")
      }
    }
  }
}
