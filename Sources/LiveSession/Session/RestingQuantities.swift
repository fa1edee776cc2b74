import Analysis
import Diffraction

/// What engines say of the instrument and not of the specimen: it should be the same from frame to frame.
package struct RestingQuantities: Sendable {
  private struct Key: Hashable {
    var engine: String
    var name: String
  }

  private var detectors: [Key: ChangeDetector] = [:]

  package init() {}

  /// What has changed, in a sentence each. Only answers that are accepted count.
  package mutating func take(_ finding: Finding, of engine: any AnalysisEngine) -> [String] {
    guard finding.verdict == .accept else { return [] }
    return engine.outputs.compactMap { output in
      guard let tolerance = output.rests, let value = finding[output.name]?.value else { return nil }
      let key = Key(engine: engine.name, name: output.name)
      guard let change = detectors[key, default: ChangeDetector(tolerance: tolerance)].take(value) else {
        return nil
      }
      let share = (1000 * (change.after / change.before - 1)).rounded() / 10
      let unit = output.unit == "1" ? "" : " \(output.unit)"
      // Of nothing there is no share.
      let relative = abs(share) < 1e6 ? " (\(share > 0 ? "+" : "")\(share) %)" : ""
      let (before, after) = (change.before.short(digits: 4), change.after.short(digits: 4))
      return "\(engine.name): \(output.name) was \(before) and is \(after)\(unit)"
        + "\(relative) for \(change.age) frames"
    }
  }
}
