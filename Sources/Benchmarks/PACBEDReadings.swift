import Diffraction
import FrameFormats
import PACBED
import System

/// The shared folder: that which EWALD_SHARED names, or the one beside the checkout.
enum SharedFiles {
  static let folder =
    Environment["EWALD_SHARED"]
    ?? #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/shared"

  /// Nil where the file cannot be read.
  static func pixels(_ path: String) -> Pixels? {
    guard let source = try? FormatList.open(path: path) else { return nil }
    return try? source.frame(at: 0).pixels
  }
}

/// The shipped model of a crystal as the references name it.
struct PublishedModel {
  var id: String
  var kilovolts: Double

  static func of(_ crystal: String) -> PublishedModel? {
    switch crystal {
    case "rutile": PublishedModel(id: "rutile-80kv", kilovolts: 80)
    case "sto": PublishedModel(id: "strontium-titanate-300kv", kilovolts: 300)
    case "sto200": PublishedModel(id: "strontium-titanate-200kv", kilovolts: 200)
    case "beryl_orth": PublishedModel(id: "beryl-300kv", kilovolts: 300)
    default: nil
    }
  }

  /// Nil where the file cannot be read.
  func read(_ path: String, _ convergence: Double) -> Finding? {
    guard let pixels = SharedFiles.pixels(path) else { return nil }
    return read(pixels, convergence)
  }

  func read(_ pixels: Pixels, _ convergence: Double, _ more: [String: ParameterValue] = [:]) -> Finding? {
    var values: [String: ParameterValue] = [
      "material": .text(id), "voltage_kv": .number(kilovolts), "convergence_mrad": .number(convergence),
    ]
    values.merge(more) { $1 }
    return try? PACBEDEngine().analyze(
      .frame(Frame(pixels: pixels)), ParameterValues(values), AnalysisContext())
  }
}

extension Verdict {
  var isAnswer: Bool { self == .accept || self == .doubtful }
}

/// How answers to patterns of known thickness did.
struct ReadingTally {
  private(set) var frames = 0
  private var (covered, falseRefusals, falseAccepts) = (0, 0, 0)
  private var (errors, widths): ([Double], [Double]) = ([], [])
  /// Of patterns below 50 nm, in nm.
  private var lengths: [Double] = []

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
    if middle < 50 { lengths.append(high - low) } else { widths.append((high - low) / middle * 100) }
    if holds, !finding.verdict.isAnswer { falseRefusals += 1 }
    if !holds, finding.verdict == .accept { falseAccepts += 1 }
  }

  func rows(_ name: String) -> [Measurement] {
    let name = "\(name), \(frames) patterns"
    var rows = [
      Measurement(
        "\(name): thickness inside the 95 % interval", 100 * Double(covered) / Double(max(1, frames)), "%",
        goal: "93"),
      Measurement(
        "\(name): error, mean", errors.reduce(0, +) / Double(max(1, errors.count)), "%", goal: "1.2"),
      Measurement("\(name): right, but refused", Double(falseRefusals), ""),
      Measurement("\(name): wrong, but accepted", Double(falseAccepts), "", goal: "0"),
    ]
    if !lengths.isEmpty {
      rows.append(
        Measurement("\(name): interval, median below 50 nm", median(lengths), "nm", goal: "1.2"))
    }
    if !widths.isEmpty {
      rows.append(Measurement("\(name): interval, median above 50 nm", median(widths), "%", goal: "3"))
    }
    return rows
  }
}
