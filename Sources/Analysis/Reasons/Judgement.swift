import Diffraction

/// What speaks against an answer, noted while it is judged.
package struct Judgement: Sendable {
  private var noted: [(reason: Reason, severity: Severity)] = []

  package init() {}

  package mutating func note(_ reason: Reason?, _ severity: Severity? = nil) {
    guard let reason else { return }
    noted.append((reason, severity ?? ReasonCode(code: reason.code)?.severity ?? .doubtful))
  }

  package mutating func note(_ code: ReasonCode, _ text: String) { note(Reason(code, text)) }

  package mutating func note(_ code: ReasonCode, _ severity: Severity, _ text: String) {
    note(Reason(code, text), severity)
  }

  package var isClean: Bool { noted.isEmpty }

  package var verdict: Verdict { (noted.map(\.severity).max() ?? .informs).verdict }

  /// What leaves no answer comes first, then what lies outside of a domain, then the rest, each in the order in
  /// which it was noted. Without an answer nothing lies outside.
  package var reasons: [Reason] {
    func of(_ severities: Severity...) -> [Reason] {
      noted.filter { severities.contains($0.severity) }.map(\.reason)
    }
    let first = of(.blocks)
    return (first.isEmpty ? of(.outOfDomain) : first) + of(.informs, .doubtful)
  }
}

extension Finding {
  /// There is no answer, and why.
  package init(obstacle: Reason, model: ModelIdentity? = nil) {
    self.init(values: [], verdict: .notAnalysable, reasons: [obstacle], model: model)
  }
}
