/// The words behind a verb, checked against its options.
package struct Arguments: Sendable {
  private(set) var operands: [String] = []
  private var values: [String: String] = [:]
  private let verb: String

  /// `--name value`, `--name=value`, switches, and operands in any order; `--` ends the options.
  package init(_ words: ArraySlice<String>, for verb: Verb) throws {
    self.verb = verb.name
    var rest = words
    while let word = rest.popFirst() {
      if word == "--" {
        operands += rest
        break
      }
      guard word.hasPrefix("--") else {
        operands.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard let option = verb.options.first(where: { $0.name == parts[0] }) else {
        let names = verb.options.map(\.name)
        let hint = Spelling.hint(parts[0], among: names)
        let help = names.isEmpty ? "; it has none" : "; ewald \(verb.name) --help lists them"
        throw UsageError("\(verb.name): \(parts[0]) is no option of it\(hint.isEmpty ? help : hint)")
      }
      switch (option.value, parts.count) {
      case (nil, 1): values[option.name] = ""
      case (nil, _): throw UsageError("\(verb.name): \(option.name) takes no value")
      case (_, 2): values[option.name] = parts[1]
      case (let value?, _):
        guard let next = rest.popFirst() else {
          throw UsageError("\(verb.name): \(option.name) needs a value: \(value)")
        }
        values[option.name] = next
      }
    }
  }

  subscript(name: String) -> String? { values[name] }

  /// The names of the options that were given.
  var given: [String] { values.keys.sorted() }

  func has(_ name: String) -> Bool { values[name] != nil }

  func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ standard: T) throws -> T
  where T.RawValue == String {
    guard let text = values[name] else { return standard }
    guard let value = T(rawValue: text) else {
      let valid = T.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("\(verb): \(name) \(text): is none of \(valid)")
    }
    return value
  }

  func number(_ name: String, _ standard: Double, in range: ClosedRange<Double>) throws -> Double {
    guard let text = values[name] else { return standard }
    guard let value = Double(text), range.contains(value) else {
      throw UsageError(
        "\(verb): \(name) \(text): a number from \(range.lowerBound) to \(range.upperBound) is needed")
    }
    return value
  }

  /// `15..25`; a single number is a range without width.
  func range(_ name: String, _ standard: ClosedRange<Double>) throws -> ClosedRange<Double> {
    guard let text = values[name] else { return standard }
    return try range(name, from: text)
  }

  func range(_ name: String, from text: String) throws -> ClosedRange<Double> {
    let ends =
      text.firstRange(of: "..").map { [Double(text[..<$0.lowerBound]), Double(text[$0.upperBound...])] }
      ?? [Double(text), Double(text)]
    guard let low = ends[0], let high = ends[1], low.isFinite, high.isFinite, low <= high else {
      throw UsageError("\(verb): \(name) \(text): a number, or a range such as 15..25, is needed")
    }
    return low...high
  }

  func operand(_ what: String) throws -> String {
    guard operands.count == 1 else {
      throw UsageError("\(verb): one \(what) is needed, \(operands.count) were given")
    }
    return operands[0]
  }
}
