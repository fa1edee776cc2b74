import Arrays
import CBLEED
import Diffraction
import Foundation
import Learning
import Testing

@Suite struct EngineTests {
  static func engine() throws -> CBLEEDEngine {
    let path = try SmallModel.folder.get()
    return CBLEEDEngine(library: ModelLibrary(folders: [(path as NSString).deletingLastPathComponent]))
  }

  static func analyze(
    _ pixels: Pixels, _ settings: [String: ParameterValue] = [:]
  ) throws -> Finding {
    try engine().analyze(.frame(Frame(pixels: pixels)), ParameterValues(settings), AnalysisContext())
  }

  static func frame(
    _ seed: UInt64, size: Int = 48, counts: Double = 500, buckling: ClosedRange<Double> = 0.1...0.5
  ) throws -> (pixels: Pixels, sample: CBLEEDSample) {
    let pattern = try SmallModel.patterns(
      1, seed: seed, size: size, Augmentation(peakCounts: counts, shiftPixels: 1), buckling: buckling)[0]
    return (
      Pixels(
        width: pattern.pixels.columns, height: pattern.pixels.rows,
        values: pattern.pixels.values.map { UInt16($0) }), pattern.sample
    )
  }

  @Test func `a pattern becomes an energy, a structure, intervals and exhibits`() throws {
    let (pixels, sample) = try Self.frame(11)
    let finding = try Self.analyze(pixels)
    #expect(finding.verdict == .accept, "\(finding.reasons)")
    let energy = try #require(finding["beam_energy"])
    #expect(abs(energy.value - sample.energy) < 2)
    #expect(energy.unit == "eV")
    #expect(try #require(energy.low) < energy.value && energy.value < #require(energy.high))
    #expect(finding["dimer_buckling"]?.unit == "A")
    #expect(try #require(finding["latent_distance"]).value > 0)
    #expect(finding.model?.id == "small")
    let centre = try #require(finding["center_x"]).value
    let expected = 23.5 + sample.detector.shift.x / sample.detector.pixel
    #expect(abs(centre - expected) < 0.2)
    #expect(
      finding.exhibits.map(\.title)
        == ["Reconstruction", "Residual", "Neighbour", "Neighbour", "Neighbour", "Latent"])
    guard case .image(let residual) = finding.exhibits[1], case .scatter(let scatter) = finding.exhibits[5]
    else {
      Issue.record("no residual or no latent map")
      return
    }
    #expect(residual.role == .difference)
    #expect(scatter.axes.map(\.name).contains("PCA 1/2") && scatter.axes.map(\.name).contains("LLE 1/2"))
    #expect(scatter.neighbours.count == 5)
    #expect(scatter.axes.allSatisfy { $0.cloud.count == 60 && $0.neighbours.count == 5 })
    #expect(scatter.axes.allSatisfy { $0.own.x.isFinite && $0.own.y.isFinite })
    #expect(scatter.shades.allSatisfy { $0.values.count == 60 })
    // The reconstruction is in the frame's units.
    let shown = try #require(finding.exhibits[0].pixels).matrix().values.max() ?? 0
    #expect(shown > 300 && shown < 800)
  }

  @Test func `the same frame gives the same finding`() throws {
    let (pixels, _) = try Self.frame(12)
    let (a, b) = (try Self.analyze(pixels), try Self.analyze(pixels))
    #expect(a.values == b.values)
    #expect(a.reasons == b.reasons)
  }

  @Test(arguments: RegressorKind.allCases)
  func `every regressor answers`(kind: RegressorKind) throws {
    let (pixels, _) = try Self.frame(13)
    let finding = try Self.analyze(pixels, ["regressor": .text(kind.rawValue)])
    #expect(finding["beam_energy"]?.value.isFinite == true)
    #expect(55...75 ~= (finding["beam_energy"]?.value ?? 0).rounded())
  }

  @Test func `simulating around the answer keeps it and sharpens it`() throws {
    let (pixels, sample) = try Self.frame(14, counts: 4000)
    let plain = try Self.analyze(pixels)
    let refined = try Self.analyze(pixels, ["refine": .text("simulation")])
    let energy = try #require(refined["beam_energy"])
    #expect(abs(energy.value - sample.energy) < 0.5)
    #expect(abs(energy.value - (plain["beam_energy"]?.value ?? .nan)) < 1)
  }

  @Test func `frames that hold no pattern are said to hold none`() throws {
    let broken: [(Pixels, String)] = [
      (Pixels(width: 48, height: 48, values: [Float](repeating: 0, count: 48 * 48)), "EMTY"),
      (Pixels(width: 48, height: 48, values: [Float](repeating: .nan, count: 48 * 48)), "NAN"),
      (Pixels(width: 1, height: 1, values: [UInt8(3)]), "SIZE"),
      (Pixels(width: 48, height: 48, values: [UInt16](repeating: 65535, count: 48 * 48)), "EMTY"),
      (
        Pixels(width: 64, height: 40, values: (0..<64 * 40).map { Float(($0 * 7919) % 101) }), "DISC"
      ),
    ]
    for (pixels, code) in broken {
      let finding = try Self.analyze(pixels)
      #expect(finding.verdict == .notAnalysable)
      #expect(finding.reasons.map(\.code) == [code])
    }
  }

  @Test func `a pattern unlike the training set is out of domain`() throws {
    let model = KinematicModel(surface: SmallModel.surface, phaseShifts: [Reference.phaseShifts])
    let strange = model.pattern(
      energy: 100, structure: try SmallModel.surface.structure(["dimer_height": 0.3, "dimer_length": 2.5]),
      detector: SmallModel.detector)
    let finding = try Self.analyze(
      Pixels(width: 48, height: 48, values: strange.values.map { $0 * 1e6 }))
    #expect(finding.verdict == .outOfDomain)
    #expect(!finding.reasons.isEmpty)
    let strict = try Self.analyze(try Self.frame(11).pixels, ["latent_limit": .number(0)])
    #expect(strict.reasons.contains { $0.code == "OOD" })
  }

  @Test func `a frame that is wider than high is read in its middle`() throws {
    let (pixels, sample) = try Self.frame(15)
    let square = pixels.matrix()
    var wide = Matrix(rows: 48, columns: 54)
    for r in 0..<48 { for c in 0..<48 { wide[r, c + 3] = square[r, c] } }
    let finding = try Self.analyze(Pixels(width: 54, height: 48, values: wide.values))
    #expect(abs((finding["beam_energy"]?.value ?? .nan) - sample.energy) < 2)
  }

  @Test func `no model is a reason, not a crash`() throws {
    let engine = CBLEEDEngine(library: ModelLibrary(folders: []))
    #expect(throws: AnalysisError.self) {
      try engine.analyze(
        .frame(Frame(pixels: try Self.frame(11).pixels)), ParameterValues(), AnalysisContext())
    }
  }

  @Test func `files say themselves that they are CBLEED`() throws {
    var summary = FileSummary(format: "TIFF", width: 64, height: 64, sample: .float32, frames: 1)
    #expect(try Self.engine().suitability(for: summary) == 0)
    summary.metadata = [
      MetadataItem(name: "description", value: "simulated CBLEED pattern", source: "tag:270")
    ]
    #expect(try Self.engine().suitability(for: summary) > 1)
  }
}
