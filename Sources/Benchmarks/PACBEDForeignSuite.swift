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

/// Measured patterns with a thickness from elsewhere, and frames without any crystal of these.
enum PACBEDRealSuite {
  private static let patterns:
    [(file: String, crystal: String, convergence: Double, nm: ClosedRange<Double>)] = [
      ("pacbed/exp_rutile_1_measured.tif", "rutile", 20, 16...19),
      ("pacbed/exp_rutile_1_raw.tif", "rutile", 20, 16...19),
      ("pacbed_real/exp_rutile_2_measured.tif", "rutile", 20, 8...13.5),
      ("pacbed_real/exp_sto_2_measured.tif", "sto", 19.6, 25...30),
      ("pacbed_real/exp_sto_4_measured.tif", "sto", 19.6, 22.2...22.2),
    ]

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
      for (model, convergence) in [("rutile", 20.0), ("sto", 20), ("beryl_orth", 7)] {
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

/// The shared folder: that which EWALD_SHARED names, or the one beside the checkout.
private enum SharedFiles {
  static let folder =
    Environment["EWALD_SHARED"]
    ?? #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/shared"
}

/// The shipped model of a crystal as the references name it.
private struct PublishedModel {
  var id: String
  var kilovolts: Double

  static func of(_ crystal: String) -> PublishedModel? {
    switch crystal {
    case "rutile": PublishedModel(id: "rutile-80kv", kilovolts: 80)
    case "sto": PublishedModel(id: "strontium-titanate-300kv", kilovolts: 300)
    case "beryl_orth": PublishedModel(id: "beryl-300kv", kilovolts: 300)
    default: nil
    }
  }

  /// Nil where the file cannot be read.
  func read(_ path: String, _ convergence: Double) -> Finding? {
    guard let source = try? FormatList.open(path: path), let frame = try? source.frame(at: 0) else {
      return nil
    }
    return try? PACBEDEngine().analyze(
      .frame(Frame(pixels: frame.pixels)),
      ParameterValues([
        "material": .text(id), "voltage_kv": .number(kilovolts), "convergence_mrad": .number(convergence),
      ]), AnalysisContext())
  }
}

extension Verdict {
  fileprivate var isAnswer: Bool { self == .accept || self == .doubtful }
}

/// How answers to patterns of known thickness did.
private struct ReadingTally {
  private(set) var frames = 0
  private var (covered, falseRefusals, falseAccepts) = (0, 0, 0)
  private var (errors, widths): ([Double], [Double]) = ([], [])

  mutating func count(_ finding: Finding, truth: ClosedRange<Double>) {
    frames += 1
    let thickness = finding["thickness"]
    guard let value = thickness?.value, let low = thickness?.low, let high = thickness?.high else {
      falseRefusals += 1
      return
    }
    let holds = low <= truth.upperBound && high >= truth.lowerBound
    covered += holds ? 1 : 0
    let middle = (truth.lowerBound + truth.upperBound) / 2
    errors.append(abs(value - middle) / middle * 100)
    widths.append((high - low) / 2 / middle * 100)
    if holds, !finding.verdict.isAnswer { falseRefusals += 1 }
    if !holds, finding.verdict == .accept { falseAccepts += 1 }
  }

  func rows(_ name: String) -> [Measurement] {
    let name = "\(name), \(frames) patterns"
    return [
      Measurement(
        "\(name): thickness inside the 95 % interval", 100 * Double(covered) / Double(max(1, frames)), "%",
        goal: "93"),
      Measurement("\(name): half of the interval, median", median(widths), "%", goal: "2"),
      Measurement(
        "\(name): error, mean", errors.reduce(0, +) / Double(max(1, errors.count)), "%", goal: "1.2"),
      Measurement("\(name): right, but refused", Double(falseRefusals), ""),
      Measurement("\(name): wrong, but accepted", Double(falseAccepts), "", goal: "0"),
    ]
  }
}
