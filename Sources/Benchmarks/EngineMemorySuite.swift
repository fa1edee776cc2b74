import AtomTomography
import CBLEED
import Diffraction
import FrameFormats
import FrameQuality
import PACBED
import SPED
import System

/// What an engine keeps of frames that it has answered: nothing. Its sample is analysed over and over, and what the process
/// holds after the first half, when all is warm, is held against what it holds at the end.
enum EngineMemorySuite {
  private struct Sample {
    var engine: any AnalysisEngine
    var files: [String]
    var settings: [String: ParameterValue] = [:]
    var rounds: Int
  }

  private static let samples = [
    Sample(engine: FrameEngine(), files: (0..<24).map(wedge), rounds: 20),
    Sample(
      engine: PACBEDEngine(), files: (0..<24).map(wedge),
      settings: [
        "material": .text("rutile-80kv"), "convergence_mrad": .number(20), "voltage_kv": .number(80),
        "pixel_mrad": .number(0.5),
      ], rounds: 8),
    Sample(
      engine: CBLEEDEngine(),
      files: (0..<24).map { "silicon-cbleed/cbleed_000\($0 < 10 ? "0" : "")\($0).tif" },
      settings: ["model": .text("silicon-dimers")], rounds: 8),
    Sample(engine: SPEDEngine(), files: ["mgo-sped/mgo-sped.blo"], rounds: 40),
    Sample(
      engine: AtomTomographyEngine(),
      files: ["hex-interstitial_sino.tif", "cluster-vacancy_series.tif"].map { "crystallites/\($0)" },
      rounds: 40),
  ]

  private static func wedge(_ number: Int) -> String {
    "rutile-wedge/wedge_0\(number < 10 ? "0" : "")\(number).tif"
  }

  static func run() async -> [Measurement] {
    samples.map { sample in
      let name = "\(sample.engine.name): growth over the second half of \(sample.rounds) rounds"
      do {
        return Measurement(name, try growth(sample), "MB", goal: "<= 5")
      } catch {
        return Measurement("\(name): \(error)", .nan, "MB")
      }
    }
  }

  private static func growth(_ sample: Sample) throws -> Double {
    let folder = #filePath.replacing("Sources/Benchmarks/EngineMemorySuite.swift", with: "Samples/")
    var half = 0.0
    for round in 0..<sample.rounds {
      if round == sample.rounds / 2 { half = resident() }
      for file in sample.files {
        let source = try FormatList.open(path: folder + file)
        let subject: Subject = source.summary.frames == 1 ? .frame(try source.frame(at: 0)) : .scan(source)
        _ = try sample.engine.analyze(subject, ParameterValues(sample.settings), AnalysisContext())
      }
    }
    return resident() - half
  }

  private static func resident() -> Double {
    Heap.giveBack()
    return ProcessUsage.now().resident
  }
}
