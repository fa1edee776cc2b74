import Diffraction
import FrameFormats
import JSON
import PACBED
import System

/// Patterns that nobody here made, read by the engine as it is used: the angle of a pixel, the disc's place and the
/// atoms' motion unknown. Frozen phonons dressed as a camera records them, and the same bare; coarse grids.
enum PACBEDForeignSuite {
  static func run() async -> [Measurement] {
    var rows: [Measurement] = []
    for (folder, thermal) in [("pacbed_foreign", "frozen phonons"), ("pacbed", "at rest, coarse grids")] {
      let path = "\(SharedFiles.folder)/reference/\(folder)"
      guard let bytes = try? WholeFile.bytes("\(path)/cases.json"), let json = try? JSONValue(bytes),
        let cases = json["cases"]?.items
      else {
        rows.append(Measurement("\(folder): skipped, it is not in \(SharedFiles.folder)", .nan, ""))
        continue
      }
      for key in ["pure_file", "file"] {
        var tallies: [String: ReadingTally] = [:]
        for entry in cases {
          guard let crystal = entry["crystal"]?.string, let file = entry[key]?.string,
            let model = PublishedModel.of(crystal), let thickness = entry["thickness_A"]?.double,
            let convergence = entry["alpha_mrad"]?.double
          else { continue }
          let dress = entry["pure_file"] == nil ? "" : key == "file" ? ", camera" : ", bare"
          let name = "\(crystal), \(thermal)\(dress)"
          guard let finding = model.read("\(path)/\(file)", convergence) else { continue }
          tallies[name, default: ReadingTally()].count(finding, truth: thickness / 10...thickness / 10)
        }
        for (name, tally) in tallies.sorted(by: { $0.key < $1.key }) { rows += tally.rows(name) }
      }
    }
    return rows
  }
}
