import Glibc

/// Asks the terminal what it can, before anything is shown.
enum TerminalProbing {
  struct Result {
    var answers = TerminalAnswers()
    /// Knows what came only in part.
    var decoder = KeyDecoder()
    /// What was typed meanwhile.
    var keys: [Key] = []
    /// Nothing can be read any more.
    var isCut = false
  }

  /// How long a terminal has to answer: beyond that it has nothing to say, or a long way.
  static let limit = Duration.milliseconds(200)
  /// Through tmux the terminal around it answers later than tmux itself, or never.
  static let detour = Duration.milliseconds(100)

  static func ask(
    _ capabilities: Capabilities, input: Int32, send: (String) -> Void
  ) -> Result {
    var result = Result()
    let questions = TerminalAnswers.questions(capabilities)
    guard !questions.isEmpty else { return result }
    send(questions)
    var deadline = ContinuousClock.now + limit
    var isAnswered = false
    while !result.answers.isComplete(capabilities) {
      let left = deadline - .now
      guard left > .zero else { break }
      var ready = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
      let milliseconds = Int32(left.components.attoseconds / 1_000_000_000_000_000) + 1
      guard poll(&ready, 1, milliseconds) > 0 else { continue }
      guard let bytes = TerminalInput.read(input) else {
        result.isCut = true
        break
      }
      result.keys += result.decoder.feed(bytes)
      for report in result.decoder.takeReports() { result.answers.take(report) }
      if result.answers.attributes != nil, !isAnswered {
        isAnswered = true
        deadline = min(deadline, .now + detour)
      }
    }
    return result
  }
}
