import Arrays
import Diffraction
import JSON
import PACBED
import System

/// What must not move an answer: the same foreign pattern with its stated pixel a little off, clipped, or half
/// hidden. Each is compared with the interval of the pattern as it is.
enum PACBEDRobustSuite {
  static func run() async -> [Measurement] {
    let path = "\(SharedFiles.folder)/reference/pacbed_foreign"
    guard let bytes = try? WholeFile.bytes("\(path)/cases.json"), let json = try? JSONValue(bytes),
      let cases = json["cases"]?.items
    else { return [Measurement("pacbed_foreign: skipped, it is not in \(SharedFiles.folder)", .nan, "")] }
    var tallies = Change.all.map { (change: $0, frames: 0, kept: 0, refused: 0, astray: 0) }
    for entry in cases {
      guard let crystal = entry["crystal"]?.string, let file = entry["file"]?.string,
        let model = PublishedModel.of(crystal), let convergence = entry["alpha_mrad"]?.double,
        let truth = entry["thickness_A"]?.double, let pixel = entry["pixel_mrad"]?.double,
        let pixels = SharedFiles.pixels("\(path)/\(file)"),
        let before = model.read(pixels, convergence, ["pixel_mrad": .number(pixel)])?["thickness"],
        let low = before.low, let high = before.high
      else { continue }
      for i in tallies.indices {
        let change = tallies[i].change
        guard
          let after = model.read(
            change.apply(to: pixels), convergence, ["pixel_mrad": .number(pixel * change.pixel)])
        else { continue }
        tallies[i].frames += 1
        guard let value = after["thickness"]?.value, after.verdict.isAnswer else {
          tallies[i].refused += 1
          continue
        }
        if low <= value, value <= high { tallies[i].kept += 1 }
        if let low = after["thickness"]?.low, let high = after["thickness"]?.high, after.verdict == .accept,
          !(low...high).contains(truth / 10)
        {
          tallies[i].astray += 1
        }
      }
    }
    return tallies.flatMap { tally in
      let name = "\(tally.change.name), \(tally.frames) patterns"
      return [
        Measurement("\(name): inside the interval of before", Double(tally.kept), ""),
        Measurement("\(name): refused", Double(tally.refused), ""),
        Measurement("\(name): wrong, but accepted", Double(tally.astray), "", goal: "0"),
      ]
    }
  }

  private struct Change {
    var name: String
    /// Stated over true angle of a pixel.
    var pixel = 1.0
    /// Of the pixels, the brightest that read the same.
    var clipped = 0.0
    /// Of the rows, the first that read nothing.
    var hidden = 0.0

    static let all = [
      Change(name: "pixel stated 3 % too small", pixel: 0.97),
      Change(name: "pixel stated 3 % too large", pixel: 1.03),
      Change(name: "clipped 0.1 %", clipped: 0.001), Change(name: "clipped 0.5 %", clipped: 0.005),
      Change(name: "clipped 1 %", clipped: 0.01), Change(name: "half hidden", hidden: 0.5),
    ]

    func apply(to pixels: Pixels) -> Pixels {
      var values = pixels.matrix().values
      if clipped > 0 {
        let ceiling = values.sorted()[Int(Double(values.count - 1) * (1 - clipped))]
        for i in values.indices { values[i] = min(values[i], ceiling) }
      }
      let dark = Int(Double(pixels.height) * hidden) * pixels.width
      for i in 0..<dark { values[i] = .nan }
      return Pixels(width: pixels.width, height: pixels.height, values: values)
    }
  }
}
