import Diffraction

/// What a reason makes of an answer.
package enum Severity: Int, Sendable, Comparable, CaseIterable {
  /// Good to know; the answer stands.
  case informs
  /// The answer may be right.
  case doubtful
  /// The model or the physics is not for this frame.
  case outOfDomain
  /// There is no answer.
  case blocks

  package static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }

  package init(_ verdict: Verdict) {
    switch verdict {
    case .accept: self = .informs
    case .doubtful: self = .doubtful
    case .outOfDomain: self = .outOfDomain
    case .notAnalysable: self = .blocks
    }
  }

  package var verdict: Verdict {
    switch self {
    case .informs: .accept
    case .doubtful: .doubtful
    case .outOfDomain: .outOfDomain
    case .blocks: .notAnalysable
    }
  }
}
