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

  /// The commands that answer to what was typed.
  package var rows: [Command] {
    if field.text.isEmpty { return commands }
    let found = FuzzyMatch.ranked(commands, by: field.text) { "\($0.title) \($0.id) \($0.keyText)" }
      .map(\.item).filter { !$0.isRecorded || isNamed($0) }
    guard style == .palette else { return found }
    // Whoever begins a name means it; of several the usual one, which stands first.
    let typed = field.text.lowercased()
    let begun = commands.filter { $0.name.hasPrefix(typed) }
    let ids = Set(begun.map(\.id))
    return begun + found.filter { !ids.contains($0.id) }
  }

  /// What changes the session needs more than letters that occur in some order: every word that was typed begins a
  /// word of its name or of what it does.
  private func isNamed(_ command: Command) -> Bool {
    let words = "\(command.title) \(command.id)".lowercased().split { !$0.isLetter && !$0.isNumber }
    let typed = field.text.lowercased().split { !$0.isLetter && !$0.isNumber }
    if typed.isEmpty { return command.keys.contains { $0.name == field.text } }
    return typed.allSatisfy { part in words.contains { $0.hasPrefix(part) } }
  }

  // MARK: Lines

  /// What the list shows one below the other: commands, and in the help the groups that they belong to.
  package enum Line: Equatable {
    case group(Command.Group)
    case command(Int)
    case blank
  }

  package var lines: [Line] {
    let rows = rows
    guard style == .help, field.text.isEmpty else { return rows.indices.map { .command($0) } }
    var lines: [Line] = []
    for (index, command) in rows.enumerated() {
      if index == 0 || rows[index - 1].group != command.group {
        lines += (index == 0 ? [] : [.blank]) + [.group(command.group)]
      }
      lines.append(.command(index))
    }
    return lines
  }

  /// The help fills two columns, one after the other, where the screen is wide enough for both.
  package func columns(_ size: Size) -> Int {
    style == .help && field.text.isEmpty && size.width >= 76 ? 2 : 1
  }

  /// Rows below the list for the sentences on the command that is chosen.
  package func explanationRows(_ size: Size) -> Int {
    style == .choice || size.height < 20 ? 0 : style == .help ? 3 : 4
  }

  /// Rows between the list and those sentences, for what else there is.
  package func hintRows(_ size: Size) -> Int { style == .palette && size.height >= 24 ? 2 : 0 }

  /// Rows of the list.
  package func height(_ size: Size) -> Int {
    let below = explanationRows(size) + hintRows(size)
    return max(1, style == .help ? size.height - 5 - below : min(11, size.height - 10 - below))
  }

  /// By so many commands up or down; the ends are the ends.
  package mutating func move(by step: Int, on size: Size) {
    selection = max(0, min(selection + step, rows.count - 1))
    follow(on: size)
  }

  /// Into the column beside, at about the same height.
  package mutating func turnColumn(_ direction: Int, on size: Size) {
    let lines = lines
    guard columns(size) == 2, let here = lines.firstIndex(of: .command(selection)) else { return }
    let wanted = here + direction * height(size)
    let places = lines.indices.filter { if case .command = lines[$0] { true } else { false } }
    guard let near = places.min(by: { abs($0 - wanted) < abs($1 - wanted) }),
      case .command(let index) = lines[near]
    else { return }
    selection = index
    follow(on: size)
  }

  /// What is chosen stays in sight, and the first group's name with it.
  package mutating func follow(on size: Size) {
    let lines = lines
    let here = selection == 0 ? 0 : lines.firstIndex(of: .command(selection)) ?? 0
    scroll.follow(cursor: here, count: lines.count, height: height(size) * columns(size))
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
