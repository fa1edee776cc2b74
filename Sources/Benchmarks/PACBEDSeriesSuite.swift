import Diffraction
import JSON
import PACBED
import System

/// What a frame is told of earlier ones must not change its answer: foreign patterns as a camera records them, told their
/// own geometry, one that is a little off, and ones that are wrong. Each is compared with what the search finds that
/// nobody told anything.
enum PACBEDSeriesSuite {
  static func run() async -> [Measurement] {
    let path = "\(SharedFiles.folder)/reference/pacbed_foreign"
    guard let bytes = try? WholeFile.bytes("\(path)/cases.json"), let json = try? JSONValue(bytes),
      let cases = json["cases"]?.items
    else { return [Measurement("pacbed_foreign: skipped, it is not in \(SharedFiles.folder)", .nan, "")] }
    var tallies = Told.all.map { Tally(told: $0) }
    for entry in cases {
      guard let crystal = entry["crystal"]?.string, let file = entry["file"]?.string,
        let model = PublishedModel.of(crystal), let convergence = entry["alpha_mrad"]?.double,
        let truth = entry["thickness_A"]?.double, let pixels = SharedFiles.pixels("\(path)/\(file)")
      else { continue }
      let start = processorSeconds()
      guard let alone = model.read(pixels, convergence) else { continue }
      let searched = processorSeconds() - start
      for i in tallies.indices {
        guard let known = tallies[i].told.geometry(alone) else { continue }
        let start = processorSeconds()
        guard let told = model.read(pixels, convergence, ["known_geometry": .text(known)]) else { continue }
        tallies[i].count(
          told, alone, truth: truth / 10, took: processorSeconds() - start, searched: searched)
      }
    }
    return tallies.flatMap(\.rows)
  }

  /// How what is told differs from what is so.
  private struct Told {
    var name: String
    var pixel = 1.0
    /// Degrees.
    var turn = 0.0
    var distortion = 0.0

    static let all = [
      Told(name: "its own geometry"), Told(name: "a pixel 0.5 % too large", pixel: 1.005),
      Told(name: "a pixel 1.5 % too small", pixel: 0.985), Told(name: "a pixel 6 % too large", pixel: 1.06),
      Told(name: "turned by 2.5 degrees", turn: 2.5), Told(name: "turned by 25 degrees", turn: 25),
      Told(name: "0.02 more distortion", distortion: 0.02),
    ]

    func geometry(_ finding: Finding) -> String? {
      guard let angle = finding["pixel"]?.value, let rotation = finding["rotation"]?.value,
        let convergence = finding["convergence"]?.value, let x = finding["distortion_x"]?.value,
        let y = finding["distortion_y"]?.value, let match = finding["match"]?.value
      else { return nil }
      let turned = (rotation + turn).remainder(dividingBy: 360)
      return [angle * pixel, turned, convergence, x + distortion, y, match].map { "\($0)" }
        .joined(separator: ",")
    }
  }

  private struct Tally {
    var told: Told
    private var (frames, spared, moved, bolder, astray): (Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0)
    private var (took, searched): ([Double], [Double]) = ([], [])

    init(told: Told) { self.told = told }

    mutating func count(
      _ finding: Finding, _ alone: Finding, truth: Double, took: Double, searched: Double
    ) {
      frames += 1
      self.searched.append(searched * 1e3)
      let isSpared = finding["pixel"]?.said != nil
      if isSpared {
        spared += 1
        self.took.append(took * 1e3)
      }
      guard let value = finding["thickness"], let before = alone["thickness"], let low = before.low,
        let high = before.high
      else { return }
      // A quarter of the interval is nothing to anyone.
      if abs(value.value - before.value) > (high - low) / 4 { moved += 1 }
      guard finding.verdict == .accept else { return }
      if alone.verdict != .accept { bolder += 1 }
      if let low = value.low, let high = value.high, !(low...high).contains(truth) { astray += 1 }
    }

    var rows: [Measurement] {
      let name = "\(told.name), \(frames) patterns"
      return [
        Measurement("\(name): spared the search", Double(spared), ""),
        Measurement("\(name): moved by a quarter of the interval", Double(moved), "", goal: "0"),
        Measurement("\(name): accepted, but not when searched for", Double(bolder), "", goal: "0"),
        Measurement("\(name): wrong, but accepted", Double(astray), ""),
        Measurement("\(name): processor time, spared", median(took), "ms"),
        Measurement("\(name): processor time, searched", median(searched), "ms"),
      ]
    }
  }
}
