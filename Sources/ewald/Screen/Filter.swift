import Analysis
import Diffraction
import LiveSession

/// A filter as it is typed: `kind:frame drift>5 flag:SAT tag:good -state:refused wedge`.
///
/// Every term must hold; a leading minus turns one round; a bare word is looked for in the path.
package struct Filter: Sendable, Equatable {
  package struct Invalid: Error, Equatable, CustomStringConvertible {
    package var description: String
  }

  private enum Test: Sendable, Equatable {
    case engine(String)
    case flag(String)
    case tag(String)
    case status(String)
    case isMarked, isExcluded, isNoted
    case path(String)
    case value(String, Comparison, Double)
  }

  private enum Comparison: String, CaseIterable, Sendable {
    case atLeast = ">="
    case atMost = "<="
    case above = ">"
    case below = "<"
    case equal = "="

    func holds(_ a: Double, _ b: Double) -> Bool {
      switch self {
      case .atLeast: a >= b
      case .atMost: a <= b
      case .above: a > b
      case .below: a < b
      case .equal: a == b
      }
    }
  }

  private struct Term: Sendable, Equatable {
    var test: Test
    var isNegated: Bool
  }

  private var terms: [Term] = []

  package init() {}

  package init(_ text: String) throws(Invalid) {
    for word in text.split(separator: " ") {
      let isNegated = word.hasPrefix("-") && word.count > 1
      terms.append(Term(test: try Self.test(isNegated ? word.dropFirst() : word), isNegated: isNegated))
    }
  }

  package var isEmpty: Bool { terms.isEmpty }

  private static func test(_ word: Substring) throws(Invalid) -> Test {
    if let colon = word.firstIndex(of: ":") {
      let key = word[..<colon]
      let value = String(word[word.index(after: colon)...])
      guard !value.isEmpty else { throw Invalid(description: "\(key): what?") }
      switch key {
      case "kind", "engine": return .engine(value.lowercased())
      case "flag": return .flag(value.uppercased())
      case "tag": return .tag(value)
      case "state":
        guard FileStatus(rawValue: value) != nil else {
          let states = FileStatus.allCases.map(\.rawValue).joined(separator: ", ")
          throw Invalid(description: "state:\(value) is none of \(states)")
        }
        return .status(value)
      case "is":
        switch value {
        case "marked": return .isMarked
        case "excluded": return .isExcluded
        case "noted": return .isNoted
        default: throw Invalid(description: "is:\(value) is none of marked, excluded, noted")
        }
      default: throw Invalid(description: "\(key): is none of kind, flag, tag, state, is")
      }
    }
    for comparison in Comparison.allCases {
      if let range = word.firstRange(of: comparison.rawValue) {
        guard let number = Double(word[range.upperBound...]) else {
          throw Invalid(description: "\(word): a number is missing")
        }
        return .value(String(word[..<range.lowerBound]), comparison, number)
      }
    }
    return .path(word.lowercased())
  }

  /// Names that nothing has are slips: they would show an empty list without a word.
  package func check(_ state: SessionState, _ engines: [any AnalysisEngine]) throws(Invalid) {
    for term in terms {
      switch term.test {
      case .engine(let name):
        let known = engines.map(\.name) + state.columns.keys
        guard !known.contains(where: { $0.hasPrefix(name) }) else { continue }
        throw Invalid(description: "kind:\(name) is no engine\(Spelling.hint(name, among: known))")
      case .flag(let code):
        let known = ReasonCode.allCases.map(\.rawValue) + ["BAD"]
        guard !known.contains(code), ReasonCode(code: code) == nil else { continue }
        throw Invalid(description: "flag:\(code) is no reason\(Spelling.hint(code, among: known))")
      case .value(let name, _, _):
        let known = Set(state.columns.values.flatMap { $0.map(\.name) }).sorted()
        guard !known.isEmpty, !known.contains(where: { $0.hasPrefix(name) }) else { continue }
        let hint =
          Spelling.nearest(name, among: known).map { "is \($0) meant?" }
          ?? known.prefix(6).joined(separator: ", ")
        throw Invalid(description: "\(name) is no value here; \(hint)")
      case .tag, .status, .isMarked, .isExcluded, .isNoted, .path: continue
      }
    }
  }

  package func matches(_ row: FileRow, _ state: SessionState) -> Bool {
    terms.allSatisfy { Self.holds($0.test, row, state) != $0.isNegated }
  }

  private static func holds(_ test: Test, _ row: FileRow, _ state: SessionState) -> Bool {
    switch test {
    case .engine(let name): row.run?.engine.hasPrefix(name) ?? false
    case .flag(let code):
      row.run?.codes.contains { ReasonCode.current($0) == ReasonCode.current(code) } ?? false
        || code == "BAD" && row.status == .refused
    case .tag(let tag): row.tags.contains(tag)
    case .status(let status): row.status?.rawValue == status
    case .isMarked: row.isMarked
    case .isExcluded: row.isExcluded
    case .isNoted: !row.notes.isEmpty
    case .path(let text): row.path.lowercased().contains(text)
    case .value(let name, let comparison, let number):
      row.run.flatMap { state.value(matching: name, of: $0) }.map { comparison.holds($0, number) } ?? false
    }
  }
}

extension SessionState {
  /// A value by its name, or by the beginning of its name: `t>40` finds `thickness`.
  fileprivate func value(matching name: String, of run: RunRow) -> Double? {
    if let value = value(name, of: run) { return value }
    guard !name.isEmpty, let column = columns[run.engine]?.first(where: { $0.name.hasPrefix(name) }) else {
      return nil
    }
    return value(column.name, of: run)
  }
}
