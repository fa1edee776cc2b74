import Diffraction
import System
import TerminalUI

/// What an operator sets once for all sessions: theme, pictures, keys, presets. A file of `name = value` lines;
/// what it does not know it refuses, with the nearest name.
package struct OperatorSettings: Sendable {
  package var theme = Theme.Name.dark
  /// Nil lets the terminal decide.
  package var pictures: PictureMode?
  package var pixels = PixelChoice.auto
  package var mouse = false
  package var bell = false
  package var notice = false
  /// By the command's name.
  package var bindings: [String: [Key]] = [:]
  package var presets: [Preset] = []
  /// Where a name was set, for those who ask: `file, line 3`.
  package private(set) var origins: [String: String] = [:]

  /// Settings of an engine under a name, for `--preset` and the palette.
  package struct Preset: Sendable, Equatable {
    package var name: String
    package var engine: String
    package var values: [String: String]
  }

  package init() {}

  /// The operator's file; the standards where there is none.
  package static func current() throws -> OperatorSettings {
    guard let path, FilePath.exists(path) else { return OperatorSettings() }
    return try OperatorSettings(path: path)
  }

  package static var path: String? { UserFolders.configuration.map { "\($0)/ewald/settings" } }

  package init(path: String) throws {
    for line in try SettingsFile.lines(path) {
      try set(line.name, line.value, "\(path), line \(line.number)")
    }
    try check(path)
  }

  private mutating func set(_ name: String, _ value: String, _ place: String) throws {
    func refuse(_ why: String) -> UsageError { UsageError("\(place): \(name) = \(value): \(why)") }
    guard origins[name] == nil else { throw refuse("is set twice") }
    origins[name] = place
    func choice<T: RawRepresentable & CaseIterable>(_ type: T.Type) throws -> T where T.RawValue == String {
      if let found = T(rawValue: value) { return found }
      let words = type.allCases.map(\.rawValue)
      throw refuse("is none of \(words.joined(separator: ", "))\(Spelling.hint(value, among: words))")
    }
    switch name {
    case "theme": theme = try choice(Theme.Name.self)
    case "pictures": pictures = value == ParameterValue.automaticWord ? nil : try choice(PictureMode.self)
    case "pixels": pixels = try choice(PixelChoice.self)
    case "mouse": mouse = try choice(Answer.self) == .yes
    case "bell": bell = try choice(Answer.self) == .yes
    case "notice": notice = try choice(Answer.self) == .yes
    case _ where name.hasPrefix("key."):
      let id = String(name.dropFirst(4))
      guard Model.allCommands.contains(where: { $0.id == id }) else {
        throw refuse("no command is called that\(Spelling.hint(id, among: Model.allCommands.map(\.id)))")
      }
      bindings[id] = try value.split(separator: " ").map { word in
        guard let key = Key(name: String(word)) else {
          throw refuse("\(word) is no key (a letter, Enter, Space, C-l, PgUp)")
        }
        return key
      }
    case _ where name.hasPrefix("preset."):
      presets.append(try preset(String(name.dropFirst(7)), value, refuse))
    default:
      let known = Self.names + ["key.COMMAND", "preset.NAME"]
      throw refuse("is no setting (\(known.joined(separator: ", ")))\(Spelling.hint(name, among: known))")
    }
  }

  /// `pacbed convergence_mrad=19.5 pixel_mrad=0.1`
  private func preset(_ name: String, _ text: String, _ refuse: (String) -> UsageError) throws -> Preset {
    let words = text.split(separator: " ").map(String.init)
    guard let word = words.first, let engine = Ewald.engines.first(where: { $0.name == word }) else {
      throw refuse("an engine comes first (\(Ewald.engines.map(\.name).joined(separator: ", ")))")
    }
    let values: [String: String]
    do {
      values = try engine.settings(words.dropFirst())
    } catch {
      throw refuse("\(error)")
    }
    guard !values.isEmpty else { throw refuse("NAME=VALUE is needed after the engine") }
    return Preset(name: name, engine: engine.name, values: values)
  }

  /// No key may mean two things at once. (A view's own command goes before those of everywhere, as it always did.)
  private func check(_ path: String) throws {
    let groups =
      [("every", Model.commonCommands + Model.viewCommands)] + allViews.map { ($0.word, $0.commands) }
    for (word, commands) in groups {
      var seen: [Key: String] = [:]
      for command in commands {
        for key in bindings[command.id] ?? command.keys {
          if let other = seen[key], bindings[other] != nil || bindings[command.id] != nil {
            throw UsageError("\(path): \(key.name) is \(other) and \(command.id) in \(word) view")
          }
          seen[key] = command.id
        }
      }
    }
  }

  private enum Answer: String, CaseIterable { case yes, no }

  static let names = ["theme", "pictures", "pixels", "mouse", "bell", "notice"]
}

extension OperatorSettings {
  /// Name, value and origin of every setting.
  package var rows: [(name: String, value: String, origin: String)] {
    func row(_ name: String, _ value: String) -> (String, String, String) {
      (name, value, origins[name] ?? "standard")
    }
    return [
      row("theme", theme.rawValue), row("pictures", pictures?.rawValue ?? ParameterValue.automaticWord),
      row("pixels", pixels.rawValue), row("mouse", mouse ? "yes" : "no"),
      row("bell", bell ? "yes" : "no"), row("notice", notice ? "yes" : "no"),
    ]
      + bindings.sorted { $0.key < $1.key }.map { id, keys in
        row("key.\(id)", keys.map(\.name).joined(separator: " "))
      } + presets.map { preset in row("preset.\(preset.name)", preset.text) }
  }

  /// A file with every setting as it is, the standards commented out.
  package var file: String {
    var text = """
      # Settings of ewald: NAME = VALUE, a line each. `ewald settings --check` reads it as the program does.

      # \(Theme.Name.allCases.map(\.rawValue).joined(separator: ", "))
      \(line("theme", theme.rawValue, theme == .dark))
      # auto, \(PictureMode.allCases.map(\.rawValue).joined(separator: ", "))
      \(line("pictures", pictures?.rawValue ?? ParameterValue.automaticWord, pictures == nil))
      # True pixels where the terminal has them: \(PixelChoice.allCases.map(\.rawValue).joined(separator: ", "))
      \(line("pixels", pixels.rawValue, pixels == .auto))
      # Whether the mouse chooses, scrolls, sorts and drags; with Shift it stays the terminal's.
      \(line("mouse", mouse ? "yes" : "no", !mouse))
      # Whether an alarm rings.
      \(line("bell", bell ? "yes" : "no", !bell))
      # Whether the desktop tells of it (OSC 9, 777).
      \(line("notice", notice ? "yes" : "no", !notice))

      # Settings of an engine under a name, for --preset and the palette.

      """
    let shown = presets.isEmpty ? ["# preset.thin = pacbed convergence_mrad=19.5"] : []
    text += (shown + presets.map { "preset.\($0.name) = \($0.text)" }).joined(separator: "\n")
    text += "\n\n# Keys of every command, separated by blanks; none unbinds it.\n"
    for command in Model.allCommands where !command.keys.isEmpty {
      let keys = (bindings[command.id] ?? command.keys).map(\.name).joined(separator: " ")
      text += line("key.\(command.id)", keys, bindings[command.id] == nil) + "\n"
    }
    return text
  }

  private func line(_ name: String, _ value: String, _ isStandard: Bool) -> String {
    "\(isStandard ? "# " : "")\(name) = \(value)"
  }
}

extension OperatorSettings.Preset {
  var text: String {
    ([engine] + values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
  }
}
