import TerminalUI

/// Everything a key, the palette or the help screen can start: keys, hints, help, the manual and the palette come from
/// these rows and from nothing else.
package struct Command: Sendable {
  package enum Group: String, Sendable, CaseIterable {
    case move, mark, analyse, picture, view, session
  }

  /// A session that is held live, one that is replayed, or both.
  package enum Scope: Sendable { case both, live, replay }

  /// How key bindings and tests call it: `mark`, `next-image`.
  package let id: String
  package private(set) var keys: [Key]
  package let title: String
  /// What it acts on, what comes of it and how it is taken back, where the title does not say all of that.
  package let explanation: String
  package let group: Group
  /// The word for the bottom line; nil for what everybody knows.
  package let hint: String?
  /// Written into the session file, and so refused in a replay.
  package let isRecorded: Bool
  /// Opens a line or a form where it can still be thought over.
  package let isThoughtOver: Bool
  package let scope: Scope
  package let run: @Sendable (inout Model) -> [Effect]

  init(
    _ id: String, _ keys: [Key], _ title: String, _ group: Group, hint: String? = nil,
    explanation: String = "", isRecorded: Bool = false, isThoughtOver: Bool = false, scope: Scope = .both,
    _ run: @escaping @Sendable (inout Model) -> [Effect]
  ) {
    self.id = id
    self.keys = keys
    self.title = title
    self.explanation = explanation
    self.group = group
    self.hint = hint
    self.isRecorded = isRecorded
    self.isThoughtOver = isThoughtOver
    self.scope = scope
    self.run = run
  }

  /// With the operator's own keys.
  func bound(to keys: [Key]?) -> Command {
    guard let keys else { return self }
    var command = self
    command.keys = keys
    return command
  }

  /// In two or three words: `mark range`.
  package var name: String { String(id.map { $0 == "-" ? " " : $0 }) }

  package var keyText: String { keys.map(\.name).joined(separator: " ") }
}

extension Model {
  /// What can be done here: the view's own commands, then those that hold everywhere and whose keys it leaves free.
  package var commandsHere: [Command] {
    let given = Set(settings.bindings.values.joined())
    // The operator's keys are taken from whatever has them by itself, a view's own commands too.
    func bound(_ commands: [Command]) -> [Command] {
      settings.bindings.isEmpty
        ? commands
        : commands.map { $0.bound(to: settings.bindings[$0.id] ?? $0.keys.filter { !given.contains($0) }) }
    }
    let own = bound(view.commands)
    let taken = Set(own.flatMap(\.keys))
    let elsewhere: Command.Scope = isReplay ? .live : .replay
    return own
      + bound(Self.commonCommands).filter { $0.scope != elsewhere && taken.isDisjoint(with: $0.keys) }
      + bound(Self.viewCommands) + presetCommands
  }

  /// One a preset: nothing but the palette starts them.
  private var presetCommands: [Command] {
    settings.presets.map { preset in
      Command(
        "preset-\(preset.name)", [], "analyse again with preset \(preset.name): \(preset.text)", .analyse,
        isRecorded: true
      ) { model in
        guard let cursor = model.list.cursor else { return [] }
        let now =
          model.shown?.result.flatMap { $0.engine == preset.engine ? $0.parameters : nil } ?? model.state
          .settings[preset.engine] ?? [:]
        let selection = model.targets.isEmpty ? [cursor] : model.selection
        return [
          .perform(
            .reanalyse(selection, engine: preset.engine, settings: now.merging(preset.values) { $1 }))
        ]
      }
    }
  }

  package func command(bound key: Key) -> Command? { commandsHere.first { $0.keys.contains(key) } }

  package mutating func perform(_ command: Command) -> [Effect] {
    if command.isRecorded, isReadOnly {
      notice = Notice(
        text: isReplay
          ? "a replay is not changed: continue the session with ewald watch --session"
          : "this only looks on: marks and analyses are for the session's own screen", isError: true)
      return []
    }
    remember(command)
    return command.run(&self)
  }

  /// One a view: its key goes there.
  static let viewCommands: [Command] = allViews.enumerated().map { index, view in
    let key = view.key ?? .char(Unicode.Scalar(UInt8(49 + index % 9)))
    return Command(
      "\(view.word)-view", [key], view.purpose, .view, hint: view is CompareView ? "compare" : nil
    ) {
      view is CompareView ? $0.beginComparison() : $0.go(toView: index)
    }
  }

  /// Every command there is, each once.
  package static var allCommands: [Command] {
    var seen: Set<String> = []
    return (commonCommands + viewCommands + allViews.flatMap(\.commands)).filter {
      seen.insert($0.id).inserted
    }
  }
}
