import Diffraction
import FrameScaling
import Glibc
import Scattering
import System
import Testing

/// What is said of a series while it is taken.
@Suite(.timeLimit(.minutes(20))) struct LiveTests {
  /// Scales with noise about the curve of the simulated series, of which one thing happens at a frame.
  private static func scales(
    _ frames: Int, noise: Double, seed: UInt64, _ change: (Int) -> Double = { _ in 1 }
  )
    -> [Double]
  {
    var random = RandomNumbers(seed: seed)
    return (0..<frames).map { frame in
      let x = Double(frame) / Double(frames - 1)
      return (1 + 0.5 * cos(2.2 * .pi * x) + 0.15 * x) * exp(noise * random.normal()) * change(frame)
    }
  }

  private static func events(_ scales: [Double]) -> [ScaleWatch.Event] {
    ScaleWatch(scales: scales, observed: scales.map { _ in 0.9 }).events
  }

  @Test(arguments: [(54, 0.05), (99, 0.05), (250, 0.05)])
  func aSmoothCurveWithItsNoiseRingsHardlyEver(_ frames: Int, _ noise: Double) {
    let rung = (1...100).count {
      !Self.events(Self.scales(frames, noise: noise, seed: $0)).isEmpty
    }
    #expect(rung <= 3)
  }

  @Test func aJumpADriftAndALostCrystalAreSeenWithinThreeFrames() {
    var (jumps, drifts, lateDrifts, losses) = (0, 0, 0, 0)
    for seed in UInt64(1)...100 {
      let start = 12 + Int(seed) % 40
      func first(_ kind: ScaleWatch.Kind, _ change: @escaping (Int) -> Double) -> Int? {
        Self.events(Self.scales(99, noise: 0.05, seed: seed) { $0 < start ? 1 : change($0 - start) })
          .first { $0.kind == kind }?.frame
      }
      // The frame itself is the first of three.
      func isInTime(_ frame: Int?) -> Bool { frame.map { (start..<start + 3).contains($0) } ?? false }
      if isInTime(first(.jump) { _ in 0.5 }) { jumps += 1 }
      // Noise may hide one of three changes: then the next one tells.
      let drift = first(.drift) { pow(0.75, Double($0 + 1)) }
      if isInTime(drift) { drifts += 1 }
      if let drift, (start..<start + 4).contains(drift) { lateDrifts += 1 }
      if isInTime(first(.lost) { _ in 0.02 }) { losses += 1 }
    }
    #expect(jumps >= 98 && losses == 100, "\(jumps) \(losses)")
    #expect(drifts >= 85 && lateDrifts >= 95, "\(drifts) \(lateDrifts)")
  }

  @Test func whatWasSeenDoesNotChangeWhenMoreComes() {
    let scales = Self.scales(99, noise: 0.05, seed: 3) { $0 < 30 ? 1 : 0.45 }
    let all = Self.events(scales)
    #expect(!all.isEmpty)
    for count in 1...99 {
      #expect(Self.events(Array(scales.prefix(count))) == all.filter { $0.frame < count })
    }
  }

  @Test func framesInWhichNothingRisesAboveTheNoiseAreALostCrystal() {
    var observed = [Double](repeating: 0.8, count: 20)
    observed[19] = 0.05
    let scales = Self.scales(54, noise: 0.05, seed: 2).prefix(20).map { $0 }
    #expect(ScaleWatch(scales: scales, observed: observed).events.map(\.kind) == [.lost])
    #expect(ScaleWatch(scales: [], observed: []).events.isEmpty)
    let nothing = [Double](repeating: 0, count: 12)
    #expect(ScaleWatch(scales: nothing, observed: nothing).events.allSatisfy { $0.ratio.isFinite })
  }

  /// A series as its file grows: the zones so far.
  private static func grown(_ series: ZoneSeries, to zones: Int) -> ZoneSeries {
    var part = series
    part.zones = Array(series.zones.prefix(zones))
    part.reflections.removeAll { $0.zone >= zones }
    return part
  }

  private static func look(_ series: ZoneSeries, _ settings: [String: ParameterValue]) throws -> Finding {
    var series = series
    series.structure = Array(Reference.quartzCIF.utf8)
    return try FrameScalingEngine().analyze(
      .frame(Frame(pixels: series.pixels)),
      ParameterValues(["depth": .text("quick")].merging(settings) { $1 }), AnalysisContext())
  }

  /// Every fourth degree, with little noise.
  private static func series() throws -> ZoneSeries {
    var simulation = SeriesSimulation()
    (simulation.frames, simulation.first, simulation.step) = (24, -46, 4)
    (simulation.noise, simulation.limit) = (0.03, 1.2)
    return try simulation.result(try AsymmetricUnit(cif: Array(Reference.quartzCIF.utf8))).series
  }

  @Test func aCrystalThatSlipsIsAnAlarmWhileTheSeriesGrows() throws {
    var series = try Self.series()
    for place in series.reflections.indices where series.reflections[place].zone >= 15 {
      series.reflections[place].intensity *= 0.25
      series.reflections[place].sigma *= 0.25
    }
    for zones in [15, 17, 24] {
      let found = try Self.look(Self.grown(series, to: zones), ["steps": .number(24)])
      #expect(found["frames"]?.value == Double(zones))
      #expect(
        found.reasons.contains { $0.code == "JUMP" && $0.text.hasPrefix("zone 16:") } == (zones > 15),
        "\(zones): \(found.reasons)")
      if zones == 17 { #expect(found.verdict == .doubtful) }
    }
  }

  @Test func theThicknessSharpensAsTheSeriesGrows() throws {
    let series = try Self.series()
    let widths = try [8, 14, 24].map { zones -> Double in
      let thickness = try #require(
        try Self.look(Self.grown(series, to: zones), ["steps": .number(24)])["thickness"])
      let (low, high) = (try #require(thickness.low), try #require(thickness.high))
      #expect(low < 480 && 480 < high, "\(zones): \(low) to \(high)")
      return high - low
    }
    #expect(widths[2] < widths[1] && widths[1] < widths[0], "\(widths)")
  }

  @Test func aZoneWhoseTiltIsOffIsFoundByItsReflections() throws {
    var simulation = SeriesSimulation()
    (simulation.frames, simulation.first, simulation.step, simulation.noise) = (18, -51, 6, 0.02)
    var series = try simulation.result(try AsymmetricUnit(cif: Array(Reference.quartzCIF.utf8))).series
    // The crystal was turned about y by so much more than the file says. Integrated intensities hardly know by how much.
    series.zones[6].beta -= 0.3
    let found = try Self.look(series, ["angles": .text("file"), "steps": .number(24)])
    let frames = try #require(
      found.exhibits.lazy.compactMap { if case .table(let table) = $0 { table } else { nil } }.first)
    let column = try #require(frames.columns.firstIndex { $0.name == "mistilt" })
    let mistilts = frames.rows.map { $0.cells[column] }
    #expect(mistilts.indices.max { mistilts[$0] < mistilts[$1] } == 6, "\(mistilts)")
    #expect(mistilts[6] > 0.05, "\(mistilts)")
  }
}
