import Learning
import LiveSession

/// What every training can be told for the manifest of its model.
enum Authorship {
  static let options = [
    Verb.Option("--author", "NAME", "for the manifest: who answers for the model"),
    Verb.Option(
      "--licence", "TERMS", "for the manifest: under which terms it may be handed on, as CC-BY-4.0"),
  ]

  /// The words that were typed, who, and when; `isTimed` off where the same training shall give the same bytes.
  static func origin(_ arguments: Arguments, isTimed: Bool = true) throws -> ModelOrigin {
    func text(_ name: String) throws -> String? {
      guard let text = arguments[name] else { return nil }
      guard 1...200 ~= text.utf8.count, text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
      else {
        throw UsageError("train: \(name): up to 200 characters on one line are needed")
      }
      return text
    }
    return ModelOrigin(
      command: (["ewald"] + CommandLine.arguments.dropFirst()).joined(separator: " "),
      author: try text("--author"), licence: try text("--licence"),
      made: isTimed ? Timestamp.text(unixMilliseconds: SessionClock.system.unixMilliseconds()) : nil)
  }
}
