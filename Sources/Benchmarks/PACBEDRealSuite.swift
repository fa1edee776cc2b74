import Diffraction
import PACBED
import System

/// Measured patterns with a thickness from elsewhere, and frames without any crystal of these.
enum PACBEDRealSuite {
  private static let patterns:
    [(file: String, crystal: String, convergence: Double, nm: ClosedRange<Double>)] =
      [
        ("pacbed/exp_rutile_1_measured.tif", "rutile", 20, 16...19),
        ("pacbed/exp_rutile_1_raw.tif", "rutile", 20, 16...19),
        ("pacbed_real/exp_rutile_2_measured.tif", "rutile", 20, 8...13.5),
        ("pacbed_real/exp_sto_2_measured.tif", "sto", 19.6, 25...30),
        ("pacbed_real/exp_sto_4_measured.tif", "sto", 19.6, 22.2...22.2),
      ]
      + [
        "01-on_zone_50-51nm", "03-on_zone_52-53nm", "05-on_zone_61-63nm", "07-on_zone_79-80nm",
        "09-on_zone_94-95nm",
      ]
      .flatMap { name in
        let nm =
          name.split(separator: "_").last?.dropLast(2).split(separator: "-").compactMap { Double($0) } ?? []
        return [".png", ".tif"].map {
          ("pacbed_real/\(name)\($0)", "sto200", 13.6, (nm.first ?? 0)...(nm.last ?? 0))
        }
      } + [("foreign_frames/06-on_zone_71-73nm.png", "sto200", 13.6, 71...73)]

  static func run() async -> [Measurement] {
    var rows: [Measurement] = []
    var tally = ReadingTally()
    for (file, crystal, convergence, nm) in patterns {
      guard
        let finding = PublishedModel.of(crystal)?.read("\(SharedFiles.folder)/reference/\(file)", convergence)
      else {
        rows.append(Measurement("\(file): skipped, it is not in \(SharedFiles.folder)", .nan, ""))
        continue
      }
      guard finding.reasons.first?.code != "MODL" else {
        rows.append(Measurement("\(file): skipped, no model of \(crystal) is installed", .nan, ""))
        continue
      }
      tally.count(finding, truth: nm)
      let range = "\(short(finding["thickness"]?.low)) to \(short(finding["thickness"]?.high))"
      let codes = finding.reasons.map(\.code).joined(separator: " ")
      rows.append(
        Measurement(
          "\(file), published \(short(nm.lowerBound)) to \(short(nm.upperBound)): \(range), \(finding.verdict) \(codes)",
          finding["thickness"]?.value ?? .nan, "nm"))
    }
    if tally.frames > 0 { rows += tally.rows("measured") }
    let foreign = "\(SharedFiles.folder)/reference/foreign_frames"
    var (frames, accepted) = (0, 0)
    for file in FolderNames(foreign).sorted() where file.first != "." && !file.hasSuffix(".md") {
      for (model, convergence) in [("rutile", 20.0), ("sto", 20), ("sto200", 13.6), ("beryl_orth", 7)] {
        // One of them shows what this model knows.
        if model == "sto200", file.contains("on_zone") { continue }
        guard let finding = PublishedModel.of(model)?.read("\(foreign)/\(file)", convergence) else {
          continue
        }
        frames += 1
        guard finding.verdict.isAnswer else { continue }
        accepted += 1
        rows.append(
          Measurement("\(file) as \(model): \(finding.verdict)", finding["thickness"]?.value ?? .nan, "nm"))
      }
    }
    let name = frames > 0 ? "foreign frames read as a crystal, of \(frames)" : "foreign frames: skipped"
    return rows + [Measurement(name, frames > 0 ? Double(accepted) : .nan, "", goal: "0")]
  }

  private static func short(_ x: Double?) -> Double { ((x ?? .nan) * 100).rounded() / 100 }
}
