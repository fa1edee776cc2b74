import Diffraction
import LiveSession
import TerminalUI

// What is chosen from a short list: a value, what to copy, an alarm, the frames of a range.
extension Model {
  /// One command a value of the engine under the cursor.
  mutating func chooseValue() -> [Effect] {
    guard let engine = row?.run?.engine, let columns = state.columns[engine] else {
      notice = Notice(text: "this frame has no values", isError: true)
      return []
    }
    let outputs = outputs(engine)
    let commands = columns.map { column in
      let symbol = outputs.first { $0.name == column.name }?.symbol ?? ""
      let head = Format.head(Format.words(column.name), column.unit)
      return Command("value-\(column.name)", [], "\(head)\(symbol.isEmpty ? "" : "  \(symbol)")", .move) {
        model in
        model.list.values[engine] = column.name == columns.first?.name ? nil : column.name
        model.list.refresh(model.state)
        model.scrollToCursor()
        return []
      }
    }
    var menu = CommandMenu(.choice, commands, "Value to list, sort by and trend")
    menu.selection = list.column(of: engine, state)
    overlay = .menu(menu)
    return []
  }

  /// The same values, each with a column of its own or without: Enter turns it, the list stays open.
  mutating func chooseColumns(selected: Int = 0) -> [Effect] {
    guard let engine = row?.run?.engine, let columns = state.columns[engine] else {
      notice = Notice(text: "this frame has no values", isError: true)
      return []
    }
    let shown = list.further[engine] ?? []
    let commands = columns.enumerated().map { index, column in
      let mark = shown.contains(column.name) ? "✓" : " "
      let head = Format.head(Format.words(column.name), column.unit)
      return Command("column-\(column.name)", [], "\(mark) \(head)", .move) { model in
        var names = model.list.further[engine] ?? []
        if let place = names.firstIndex(of: column.name) {
          names.remove(at: place)
        } else {
          names.append(column.name)
        }
        model.list.further[engine] = names.isEmpty ? nil : names
        return model.chooseColumns(selected: index)
      }
    }
    var menu = CommandMenu(.choice, commands, "Further columns of the list; Esc closes")
    menu.selection = selected
    overlay = .menu(menu)
    return []
  }

  mutating func chooseCopy() -> [Effect] {
    let texts = copies
    guard !texts.isEmpty else {
      notice = Notice(text: "nothing to copy yet", isError: true)
      return []
    }
    let commands = texts.map { name, text in
      // Tabs are for spreadsheets; here they would be no character.
      let shown = String(text.map { $0 == "\t" ? " " : $0 })
      return Command("copy-\(name)", [], "\(name)  \(shown)", .session) { model in
        model.notice = Notice(text: "copied: \(shown)", isError: false)
        return [.copy(text)]
      }
    }
    overlay = .menu(CommandMenu(.choice, commands, "Copy"))
    return []
  }

  /// What of the frame under the cursor other programs may want: value, path, table row, and the command line
  /// that analyses it again alike.
  private var copies: [(name: String, text: String)] {
    guard let row else { return [] }
    let path = path(of: row)
    guard let result = shown?.result else { return [("path", path)] }
    var texts: [(String, String)] = []
    if let first = result.values.first {
      let decimals = Format.decimals(first, outputs(result.engine))
      var text = Format.fixed(first.value, decimals)
      if let low = first.low, let high = first.high {
        text += " (\(Format.fixed(low, decimals)) to \(Format.fixed(high, decimals)))"
      }
      texts.append(("value", first.unit.isEmpty || first.unit == "1" ? text : "\(text) \(first.unit)"))
    }
    texts.append(("path", path))
    let fields = [path, result.verdict.rawValue] + result.values.map { "\($0.name)=\($0.value)" }
    texts.append(("row", fields.joined(separator: "\t")))
    texts.append(("command", command(for: result, path)))
    return texts
  }

  private func command(for result: ResultRecord, _ path: String) -> String {
    var words = ["ewald", "run", "--engine", result.engine]
    for parameter in engine(named: result.engine)?.parameters ?? [] {
      guard let value = result.parameters[parameter.name], value != parameter.standard.description else {
        continue
      }
      words += ["--" + parameter.name.split(separator: "_").joined(separator: "-"), value]
    }
    return (words + [path]).map(ShellWord.quoted).joined(separator: " ")
  }

  /// From alarm to alarm that stands and has a frame, newest first, round and round.
  mutating func nextAlarm() -> [Effect] {
    let frames = state.events.prefix { $0.isStanding }.compactMap(\.fileID).filter {
      list.place(of: $0) != nil
    }
    guard let first = frames.first else {
      notice = Notice(text: "no alarm stands", isError: false)
      return []
    }
    let next = frames.firstIndex { $0 == list.cursor }.map { frames[($0 + 1) % frames.count] } ?? first
    return go(to: next)
  }

  /// The frames of the list between the cursor and the marked one that is nearest to it, both included.
  mutating func markRange() -> [Effect] {
    guard list.count > 0 else { return [] }
    let marked = (0..<list.count).filter { state[file: list.id(at: $0)]?.isMarked == true }
    guard let nearest = marked.min(by: { abs($0 - place) < abs($1 - place) }) else {
      notice = Notice(text: "mark one end first, with m", isError: true)
      return []
    }
    let places = min(nearest, place)...max(nearest, place)
    return [.perform(.note(.these(places.map { list.id(at: $0) }), .mark, ""))]
  }

  mutating func repeatLast() -> [Effect] {
    guard let lastChange, let cursor = list.cursor else {
      notice = Notice(text: "there is no change to repeat yet", isError: true)
      return []
    }
    return [.perform(lastChange.repeated(on: selection, cursor))]
  }

  /// For the terminal's title, where a window or a tab among many shows it.
  package var windowTitle: String {
    let standing = state.alarms.count { !$0.isAcknowledged }
    let alarms = standing > 0 ? ", \(Format.count(standing, "alarm"))" : ""
    return "ewald \(title): \(Format.count(state.resultCount, "result"))\(alarms)"
  }
}

extension SessionCommand {
  /// What can be done once more to other frames.
  var isRepeatable: Bool {
    switch self {
    case .note, .toggle, .reanalyse, .retry: true
    case .setForFuture, .stepRun, .acknowledge: false
    }
  }

  func repeated(on selection: FileSelection, _ cursor: Int) -> SessionCommand {
    switch self {
    case .note(_, let kind, let text): .note(kind == .mark ? [cursor] : selection, kind, text)
    case .toggle(.mark, _, _): .toggle(.mark, [cursor], like: cursor)
    case .toggle(let flag, _, _): .toggle(flag, selection, like: cursor)
    case .reanalyse(_, let engine, let settings): .reanalyse(selection, engine: engine, settings: settings)
    case .retry: .retry(selection)
    case .setForFuture, .stepRun, .acknowledge: self
    }
  }
}

/// A word of a command line that a shell reads as it stands.
enum ShellWord {
  static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_./=:,+@%".unicodeScalars.contains($0)
    }
    if plain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

/// A step among so many, at least one, from the last to the first and back.
func turned(_ place: Int, by step: Int, of count: Int) -> Int {
  (min(place, count - 1) + step + count) % count
}

extension Model {
  /// Analyses the shown frame again with the settings that its engine makes of a change by hand; nil where it makes none.
  mutating func analyseAgain(
    _ change: (any AnalysisEngine, [String: String]) -> [String: String]?
  ) -> [Effect] {
    guard let shown, let result = shown.result, let engine = engine(named: result.engine),
      let settings = change(engine, result.parameters)
    else {
      notice = Notice(text: "this cannot be changed here", isError: true)
      return []
    }
    hold()
    return [.perform(.reanalyse(.these([shown.fileID]), engine: result.engine, settings: settings))]
  }
}
