/// A verb of the program: its place in the help, its options, what it does. The only list is `verbs`.
package struct Verb: Sendable {
  package let name: String
  /// `DIR`, `FILE…`: what stands behind the verb.
  let operands: String
  let summary: String
  let options: [Option]
  /// Not in the help: the program starts itself with it.
  package var isHidden = false
  /// `simulate pacbed`, `simulate cbleed`: verbs of their own behind one word.
  package var kinds: [Verb] = []
  /// Throws what `run` would refuse, before anything is done: for those who hand the words on to other machines.
  var check: (@Sendable (Arguments) throws -> Void)?
  let run: @MainActor @Sendable (Arguments) async throws -> ExitCode

  struct Option: Sendable {
    let name: String
    /// Nil for a switch.
    let value: String?
    let summary: String

    init(_ name: String, _ value: String? = nil, _ summary: String) {
      self.name = name
      self.value = value
      self.summary = summary
    }
  }
}

extension Verb {
  /// A verb whose first operand chooses among others.
  init(name: String, summary: String, kinds: [Verb]) {
    var options: [Option] = []
    for option in kinds.flatMap(\.options) where !options.contains(where: { $0.name == option.name }) {
      options.append(option)
    }
    let names = kinds.map(\.name).joined(separator: "|")
    self.init(
      name: name, operands: names, summary: summary, options: options, kinds: kinds,
      run: { arguments in
        let word = try arguments.operand("of \(names)")
        guard let kind = kinds.first(where: { $0.name == word }) else {
          throw UsageError("\(name) \(word): is none of \(kinds.map(\.name).joined(separator: ", "))")
        }
        for given in arguments.given where !kind.options.contains(where: { $0.name == given }) {
          let valid = kind.options.map(\.name).joined(separator: " ")
          throw UsageError("\(name) \(word): \(given) is no option of it (\(valid))")
        }
        return try await kind.run(arguments)
      })
  }
}

/// What scripts can rely on.
package enum ExitCode: Int32, Sendable {
  case ok = 0
  case failed = 1
  case usage = 2
  case someRefused = 3
  case interrupted = 130
}

/// Wrong use of the command line: one line that says what, and what would be right.
package struct UsageError: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// The program cannot do what was asked: one line.
struct Failure: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
