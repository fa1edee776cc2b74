import System
import Diffraction
import Foundation
import Learning
import PACBED
import Scattering
import Synchronization
import Testing

/// The engine with a network that has seen a few patterns only: what comes out right is the physics' doing.
@Suite struct PACBEDEngineTests {
  private static let size = 96
  static let convergence = 5.5
  static let pitch = 1.5 * convergence / 54

  private static let table: PACBEDTable = {
    do {
      return try PACBEDTable.make(SmallModel.domain().tableRequest())
    } catch { fatalError("\(error)") }
  }()

  /// Two models, of magnesium oxide and of silicon, in a folder of their own.
  static let library: ModelLibrary = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ewald-\(UUID().uuidString)")
      .path
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for name in ["magnesium-oxide", "silicon"] {
        var training = try SmallModel.training(steps: 150)
        training.domain.crystal = try Crystal(known: name)
        training.cif = Crystal.knownText(name) ?? ""
        let tables = [try PACBEDTable.make(training.domain.tableRequest())]
        let result = try training.run(tables: tables)
        let report = try ValidationReport(
          training.domain, result.model, table: tables[0], seed: training.seed, count: 12)
        try PACBEDModel.write(
          id: name, training: training, result: result, report: report,
          origin: ModelOrigin(command: "ewald train pacbed"),
          to: "\(folder)/\(name)")
      }
    } catch { fatalError("\(error)") }
    return ModelLibrary(folders: [folder])
  }()

  private static let engine = PACBEDEngine(library: library)

  func frame(
    _ thickness: Double, mistilt: Vector2 = [0.9, -0.6], noise: Double = 0, turn: Double = 12,
    of table: PACBEDTable = Self.table
  ) throws -> Frame {
    let geometry = PatternGeometry(
      rows: Self.size, columns: Self.size, pitch: [Self.pitch, Self.pitch], rotationDegrees: turn)
    var image = try table.patterns(
      geometry,
      Illumination(convergence: Self.convergence, mistilt: mistilt, edge: .intensity(width: Self.pitch)),
      thicknesses: [thickness])[0]
    let peak = image.values.max() ?? 1
    var random = RandomNumbers(seed: UInt64(thickness * 1000))
    for i in image.values.indices {
      image.values[i] = 100 + 2000 * (image.values[i] / peak + Float(noise * random.normal()))
    }
    return Frame(pixels: Pixels(width: Self.size, height: Self.size, values: image.values))
  }

  @Test func `What is drawn as the prediction is the pattern that was fitted, with its background`() throws {
    let measured = try frame(5.6, noise: 0.01)
    let found = try finding(measured)
    func image(_ title: String) throws -> [Float] {
      try #require(found.exhibits.first { $0.title == title }?.pixels).matrix().values
    }
    let (expected, difference) = (try image("Predicted"), try image("Difference"))
    func mean(_ values: [Float]) -> Double {
      values.reduce(0) { $0 + Double($1) } / Double(values.count)
    }
    let level = mean(measured.pixels.matrix().values)
    #expect(abs(mean(difference)) < 0.01 * level)
    #expect(abs(mean(expected) - level) < 0.01 * level)
    // Nor is it made even by what is too much in one place and too little in another.
    #expect(mean(difference.map(abs)) < 0.05 * level)
  }

  private func finding(
    _ frame: Frame, _ more: [String: ParameterValue] = [:], previous: Finding? = nil
  ) throws -> Finding {
    var values: [String: ParameterValue] = [
      "material": .text("magnesium-oxide"), "convergence_mrad": .number(Self.convergence),
      "pixel_mrad": .number(Self.pitch), "scale": .number(1),
      "center_px": .text("\(Self.size / 2),\(Self.size / 2)"),
    ]
    for (name, value) in more { values[name] = value }
    return try Self.engine.analyze(
      .frame(frame), ParameterValues(values), AnalysisContext(previous: previous))
  }

  @Test func `physics finds the crystal whatever a poor network says, through noise as well`() throws {
    for noise in [0, 0.1] {
      let found = try finding(frame(5.2, noise: noise))
      let thickness = try #require(found["thickness"])
      let areProbabilities = thickness.alternatives.allSatisfy { (0...1).contains($0.probability) }
      #expect(areProbabilities)
      #expect(abs(thickness.value - 5.2) < 0.3)
      #expect(thickness.low ?? 9 <= 5.2 && 5.2 <= thickness.high ?? 0)
      let mistilt = try #require(found["mistilt"])
      let truth = Vector2(0.9, -0.6).length
      #expect(mistilt.low ?? 9 <= truth && truth <= mistilt.high ?? 0)
      // Through so much noise a thin crystal does not say more.
      #expect(abs(mistilt.value - truth) < (noise > 0 ? 0.5 : 0.3))
    }
  }

  @Test func `of turns that the crystal's symmetry makes alike one is told, and the mistilt in that`() throws
  {
    let all = try (0..<4).map { try finding(frame(5.2, turn: 12 + 90 * Double($0))) }
    let first = try #require(all[0]["rotation"]?.value)
    #expect(abs(first) < 45)
    let azimuth = try #require(all[0]["mistilt_azimuth"]?.value)
    for (turn, found) in all.enumerated() {
      #expect(abs((found["rotation"]?.value ?? 99) - first) < 0.5)
      // From down towards right, as one sees it counter-clockwise.
      let moved = (found["mistilt_azimuth"]?.value ?? 45) - azimuth - 90 * Double(turn)
      #expect(abs(moved.remainder(dividingBy: 360)) < 2)
    }
    let names = all.compactMap { $0["mistilt"]?.said?.split(separator: ",").first }
    #expect(Set(names).count == 4, "\(names)")
  }

  @Test func `the material that matches best comes first`() throws {
    let found = try finding(frame(6), ["material": .text("all")])
    #expect(found.model?.id == "magnesium-oxide")
    let right = try #require(found["match magnesium-oxide"]?.value)
    let wrong = try #require(found["match silicon"]?.value)
    #expect(right > wrong + 0.003)
  }

  @Test func `a frame read as the wrong material is not accepted`() throws {
    let found = try finding(frame(6), ["material": .text("silicon")])
    #expect(found.verdict == .outOfDomain)
    let reason = try #require(found.reasons.first { $0.code == "MAT" })
    #expect(reason.text.contains("magnesium-oxide"))
  }

  @Test func `what atoms in motion absorb and blur can be told`() throws {
    let specimen = ModelDomain.ThermalScattering(b: 1.2, absorption: 0.08)
    let warm = try frame(5.2, of: PACBEDTable.make(SmallModel.domain().tableRequest(specimen)))
    let atRest = try finding(warm, ["debye_waller": .number(0)])
    let told = try finding(warm, ["debye_waller": .number(1.2), "absorption": .number(0.08)])
    #expect(abs((told["thickness"]?.value ?? 0) - 5.2) < 0.1)
    // Weaker scattering looks like less crystal, and matches as well.
    #expect(abs((atRest["thickness"]?.value ?? 5.2) - 5.2) > 0.5)
  }

  @Test func `where nobody says how atoms move, the pattern is asked`() throws {
    var request = try SmallModel.domain().tableRequest()
    request.multislice.motion = .independent(share: 1)
    let warm = try frame(5.2, of: PACBEDTable.make(request))
    let found = try finding(warm)
    #expect(abs((found["thickness"]?.value ?? 0) - 5.2) < 0.15)
    #expect(abs((found["motion"]?.value ?? 0) - 1) < 0.4)
    #expect(found["motion"] != nil && found["blur"] != nil)
  }

  @Test func `discs, halos and rings are no crystal`() throws {
    for shape in 0..<3 {
      var values = [Float](repeating: 0, count: Self.size * Self.size)
      var random = RandomNumbers(seed: 5)
      for i in values.indices {
        let at = Vector2(Double(i / Self.size) - 48, Double(i % Self.size) - 48)
        let (r, disc) = (at.length, Self.convergence / Self.pitch)
        let shown =
          switch shape {
          case 0: 1 / (1 + exp((r - disc) / 0.7))
          case 1: exp(-r * r / (disc * disc))
          default: 0.5 / (1 + exp((r - disc) / 0.7)) + 0.4 * exp(-(r - 44) * (r - 44) / 20)
          }
        values[i] = Float(100 + 2000 * shown + 4 * random.normal())
      }
      let found = try finding(
        Frame(pixels: Pixels(width: Self.size, height: Self.size, values: values)))
      let isRefused = found.verdict == .outOfDomain || found.verdict == .notAnalysable
      #expect(isRefused, "shape \(shape): \(found.reasons)")
    }
  }

  @Test func `a stated angle that the pattern contradicts is told`() throws {
    let found = try finding(frame(6), ["convergence_mrad": .number(5.95)])
    #expect(found.verdict != .accept)
    #expect(found.reasons.contains { $0.code == "COND" && $0.text.contains("5.95") || $0.code == "FIT" })
  }

  @Test(arguments: [0.001, 0.005, 0.01])
  func `clipped pixels move no answer beyond its interval`(_ share: Double) throws {
    let whole = try frame(5.2)
    let before = try #require(try finding(whole)["thickness"])
    var values = whole.pixels.matrix().values
    let ceiling = values.sorted()[Int(Double(values.count) * (1 - share))]
    for i in values.indices { values[i] = min(values[i], ceiling) }
    let found = try finding(Frame(pixels: Pixels(width: Self.size, height: Self.size, values: values)))
    let after = try #require(found["thickness"]?.value)
    #expect(abs(after - before.value) <= (before.high ?? 0) - before.value)
  }

  @Test func `every method answers, and only a fit can match`() throws {
    let image = try frame(5.2)
    for method in ["network", "baseline"] {
      let found = try finding(image, ["method": .text(method)])
      #expect(found["thickness"] != nil)
      #expect(found["match"] == nil)
      #expect(!found.histograms.isEmpty)
    }
    let naive = try finding(image, ["method": .text("least_squares")])
    let fitted = try finding(image)
    #expect(naive["mistilt"]?.value == 0)
    #expect((naive["match"]?.value ?? 1) < (fitted["match"]?.value ?? 0))
  }

  @Test func `a shared geometry is the one of the frame before`() throws {
    let first = try finding(frame(5.2))
    let second = try finding(frame(4.4), ["geometry": .text("shared")], previous: first)
    for name in ["rotation", "convergence", "distortion_x", "distortion_y"] {
      let before = try #require(first[name]?.value)
      let after = try #require(second[name]?.value)
      #expect(abs(before - after) <= 1e-4 * max(1, abs(before)))
    }
    #expect(abs((second["thickness"]?.value ?? 0) - 4.4) < 0.3)
  }

  @Test func `a scan gives maps, with holes where nothing could be read`() throws {
    let thicknesses = [4.2, 4.8, 5.4, 6.0, 6.6, 0]
    let frames = try thicknesses.map { thickness in
      thickness > 0
        ? try frame(thickness)
        : Frame(
          pixels: Pixels(
            width: Self.size, height: Self.size,
            values: [Float](repeating: 7, count: Self.size * Self.size)))
    }
    let written = Mutex<[String: Int]>([:])
    let found = try Self.engine.analyze(
      .scan(Frames(frames, ScanShape(width: 3, height: 2))),
      ParameterValues([
        "material": .text("magnesium-oxide"), "convergence_mrad": .number(Self.convergence),
        "pixel_mrad": .number(Self.pitch), "scale": .number(1),
        "center_px": .text("\(Self.size / 2),\(Self.size / 2)"),
        // As the frames were made.
        "debye_waller": .number(0),
      ]),
      AnalysisContext(write: { artifact in
        if case .images(let pages, _) = artifact.content {
          written.withLock { $0[artifact.file] = pages.count }
        }
        return artifact.file
      }))
    let map = try #require(found.exhibits.first { $0.title == "thickness" }?.pixels)
    #expect(map.width == 3 && map.height == 2)
    let values = map.matrix().values
    for (value, thickness) in zip(values, thicknesses) where thickness > 0 {
      #expect(abs(Double(value) - thickness) < 0.3)
    }
    #expect(values[5].isNaN)
    let quality = try #require(found.exhibits.first { $0.title == "quality" }?.pixels)
    #expect(quality.matrix().values[5] == 0)
    #expect(found["positions"]?.value == 6)
    #expect(written.withLock { $0 } == ["pacbed.tif": found.exhibits.count])
  }
}

/// Frames in memory as a file's.
private final class Frames: FrameSource {
  private let frames: [Frame]
  let summary: FileSummary

  init(_ frames: [Frame], _ shape: ScanShape) {
    self.frames = frames
    let pixels = frames[0].pixels
    var summary = FileSummary(
      format: "memory", width: pixels.width, height: pixels.height, sample: pixels.sample,
      frames: frames.count)
    summary.scan = Sourced(shape, source: "test")
    self.summary = summary
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame { frames[index] }
}
