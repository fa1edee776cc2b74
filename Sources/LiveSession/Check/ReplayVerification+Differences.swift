import Analysis
import JSON
import Diffraction

/// Findings are compared as they are written: numbers that are the same text in the session file are the
/// same bits, and what is written as `null` is unknown in both.
extension ReplayVerification {
  /// Empty when the recorded finding and the new one would be the same bytes. Ids, times and the files
  /// that a run wrote beside the session are not part of what was found.
  package static func differences(_ recorded: ResultRecord, _ finding: Finding) -> [Difference] {
    var recorded = recorded
    // A reason of today by the code that it had then is the same reason.
    for index in recorded.finding.reasons.indices {
      recorded.finding.reasons[index].code = ReasonCode.current(recorded.finding.reasons[index].code)
    }
    var repeated = recorded
    repeated.finding = finding
    repeated.finding.artifacts = recorded.finding.artifacts
    let stamp = Stamp(sequence: 0, unixMilliseconds: 0, monotonicNanoseconds: 0)
    let line = SessionEvent.result(repeated).line(stamp)
    if line == SessionEvent.result(recorded).line(stamp) { return [] }
    // Compared as it would come back: a line too long for its curves is written without them.
    let back = line.dropLast().withUnsafeBufferPointer { try? RecordedEvent($0, detail: .full).event }
    guard case .result(let new)? = back else {
      return [Difference(what: "line", recorded: "readable", recomputed: "unreadable")]
    }
    var list = DifferenceList()
    list.compareValues(recorded, new)
    list.compareCurves(recorded, new)
    list.compare("verdict", recorded.verdict.rawValue, new.verdict.rawValue)
    list.compare("reasons", text(recorded.reasons), text(new.reasons))
    list.compare("model", text(recorded.model), text(new.model))
    if list.differences.isEmpty { list.compare("order", "as recorded", "another") }
    return list.differences
  }

  private static func text(_ reasons: [Reason]) -> String {
    reasons.isEmpty ? "none" : reasons.map { "\($0.code) \($0.text)" }.joined(separator: "; ")
  }

  private static func text(_ model: ModelIdentity?) -> String {
    model.map { "\($0.id) \($0.sha256)" } ?? "none"
  }
}

private struct DifferenceList {
  private(set) var differences: [ReplayVerification.Difference] = []

  mutating func compare(_ what: String, _ old: String, _ new: String) {
    if old != new {
      differences.append(ReplayVerification.Difference(what: what, recorded: old, recomputed: new))
    }
  }

  mutating func compareValues(_ recorded: ResultRecord, _ new: ResultRecord) {
    for old in recorded.values {
      guard let value = new.values.first(where: { $0.name == old.name }) else {
        compare(old.name, text(old.value), "absent")
        continue
      }
      compare(old.name, text(old.value), text(value.value))
      compare("\(old.name) unit", old.unit, value.unit)
      compare("\(old.name) lo", text(old.low), text(value.low))
      compare("\(old.name) hi", text(old.high), text(value.high))
      compare("\(old.name) probability", text(old.probability), text(value.probability))
      compare("\(old.name) alternatives", text(old.alternatives), text(value.alternatives))
      compare("\(old.name) said", old.said ?? "absent", value.said ?? "absent")
    }
    for value in new.values where !recorded.values.contains(where: { $0.name == value.name }) {
      compare(value.name, "absent", text(value.value))
    }
  }

  mutating func compareCurves(_ recorded: ResultRecord, _ new: ResultRecord) {
    let histograms = { (record: ResultRecord) in
      record.histograms.map { ("histogram \($0.name)", "\($0.unit)", $0.centres + $0.probabilities) }
    }
    let profiles = { (record: ResultRecord) in
      record.profiles.map { ("profile \($0.name)", "\($0.unit) from \($0.start) by \($0.step)", $0.values) }
    }
    compareCurves(histograms(recorded), histograms(new))
    compareCurves(profiles(recorded), profiles(new))
  }

  private mutating func compareCurves(
    _ recorded: [(name: String, axis: String, values: [Double])],
    _ new: [(name: String, axis: String, values: [Double])]
  ) {
    for old in recorded {
      guard let curve = new.first(where: { $0.name == old.name }) else {
        compare(old.name, "\(old.values.count) numbers", "absent")
        continue
      }
      compare("\(old.name) axis", old.axis, curve.axis)
      compare("\(old.name) count", "\(old.values.count)", "\(curve.values.count)")
      // One difference a curve says enough.
      if let index = zip(old.values, curve.values).enumerated().first(where: { text($1.0) != text($1.1) })?
        .offset
      {
        compare("\(old.name)[\(index)]", text(old.values[index]), text(curve.values[index]))
      }
    }
    for curve in new where !recorded.contains(where: { $0.name == curve.name }) {
      compare(curve.name, "absent", "\(curve.values.count) numbers")
    }
  }

  private func text(_ value: Double?) -> String {
    var json = JSONWriter()
    if let value { json.number(value) } else { return "none" }
    return json.text
  }

  private func text(_ alternatives: [Quantity.Alternative]) -> String {
    alternatives.map { "\(text($0.value)) (\(text($0.probability)))" }.joined(separator: ", ")
  }
}
