import TerminalUI

/// All commands of a view, searched by typing: a small box for those who know (`:`), a whole screen with explanations
/// for those who look (`?`). Enter runs the row in both.
package struct CommandMenu {
  /// A choice is a palette of something else than the view's commands.
  package enum Style: Sendable { case palette, choice, help }

  package let style: Style
  package let commands: [Command]
  /// Of the view.
  package let title: String
  package var field = TextField()
  package var selection = 0
  package var scroll = ListScroll()

  package init(_ style: Style, _ commands: [Command], _ title: String) {
    self.style = style
    self.commands = style == .help ? Self.grouped(commands) : commands
    self.title = title
  }

  package var rows: [Command] {
    if field.text.isEmpty { return commands }
    return FuzzyMatch.ranked(commands, by: field.text) { "\($0.title) \($0.id) \($0.keyText)" }
      .map(\.item).filter { !$0.isRecorded || isNamed($0) }
  }

  /// What changes the session needs more than letters that occur in some order: every word that was typed begins a
  /// word of its name or of what it does.
  private func isNamed(_ command: Command) -> Bool {
    let words = "\(command.title) \(command.id)".lowercased().split { !$0.isLetter && !$0.isNumber }
    let typed = field.text.lowercased().split { !$0.isLetter && !$0.isNumber }
    if typed.isEmpty { return command.keys.contains { $0.name == field.text } }
    return typed.allSatisfy { part in words.contains { $0.hasPrefix(part) } }
  }

  private static func grouped(_ commands: [Command]) -> [Command] {
    Command.Group.allCases.flatMap { group in commands.filter { $0.group == group } }
  }

  /// A number typed into the palette is a frame to go to.
  package var number: Int? { style == .choice ? nil : Int(field.text) }
}

/// One line of input at the bottom of the screen.
package struct Prompt {
  package enum Purpose: Sendable, Equatable {
    case filter, tag, untag, note, markLast

    package var label: String {
      switch self {
      case .filter: "filter: "
      case .tag: "tag: "
      case .untag: "remove tag: "
      case .note: "note: "
      case .markLast: "mark the last: "
      }
    }
  }

  package let purpose: Purpose
  package var field: TextField
  package var error: String?

  package init(_ purpose: Purpose, _ field: TextField = TextField()) {
    self.purpose = purpose
    self.field = field
  }
}

/// A question with y and n.
package struct Question {
  package enum Answer {
    case effect(Effect)
    case command(Command)
  }

  package var text: String
  package var answer: Answer

  package init(_ text: String, _ effect: Effect) {
    self.text = text
    answer = .effect(effect)
  }

  /// A command that changes the session and was found by its name: it may be another one than was meant.
  package init(_ command: Command, on target: String) {
    text = "\(command.title), on \(target)? y/n"
    answer = .command(command)
  }
}
