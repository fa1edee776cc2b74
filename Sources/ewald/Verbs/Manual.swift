let manualVerb = Verb(
  name: "manual", operands: "", summary: "the manual page: ewald manual | man -l -", options: [],
  run: { _ in
    Console.write(Manual.page, to: 1)
    return .ok
  })

/// The manual page, made from the list of verbs and the table of keys.
package enum Manual {
  static var page: String {
    var text = """
      .TH EWALD 1 "" "ewald \(Ewald.version)" "Electron microscopy"
      .SH NAME
      ewald \\- watch a microscope's acquisition folder and show what every frame means
      .SH SYNOPSIS
      .B ewald
      .I VERB
      [operands] [options]
      .SH DESCRIPTION
      Ewald reads every new frame of a folder, analyses it, shows it with its uncertainty and keeps a session
      file. It runs in a terminal and writes nothing into the watched folder.
      .SH VERBS

      """
    for verb in verbs where !verb.isHidden {
      text += ".SS \(escaped("ewald \(verb.name) \(verb.operands)"))\n\(escaped(verb.summary)).\n"
      for option in verb.options {
        let name = option.value.map { "\(option.name) \($0)" } ?? option.name
        text += ".TP\n.B \(escaped(name))\n\(escaped(option.summary))\n"
      }
    }
    text += ".SH KEYS\n"
    for command in Model.allCommands {
      text += ".TP\n.B \(escaped(command.keyText))\n\(escaped(command.title))\n"
    }
    text += """
      .SH EXIT STATUS
      0 all well, 1 failed, 2 wrong usage, 3 some inputs refused, 130 interrupted.
      .SH FILES
      .TP
      .I ~/.local/share/ewald/sessions
      session files, unless XDG_DATA_HOME or --session says otherwise
      .TP
      .I ~/.local/share/ewald/models
      trained models, beside those that came with the program
      .TP
      .I ~/.cache/ewald
      tables that can be computed again
      .SH ENVIRONMENT
      .TP
      .B EWALD_DATA
      folders that hold models, samples and terminfo, with colons between them; they go before all others
      .TP
      .B EWALD_MODELS
      folders of models, with colons between them; they go before those

      """
    return text
  }

  /// The keys as a table of the documentation: those that hold everywhere, then each view's own.
  package static var keyTables: String {
    func table(_ title: String, _ commands: [Command]) -> String {
      guard !commands.isEmpty else { return "" }
      let rows = commands.map { command in
        "| \(command.keys.map { "`\($0.name)`" }.joined(separator: " ")) | \(command.title) |\n"
      }
      return "### \(title)\n\n| keys | what they do |\n|---|---|\n\(rows.joined())\n"
    }
    return table("In every view", Model.commonCommands + Model.viewCommands)
      + allViews.map { table("\($0.title) view alone", $0.commands) }.joined()
  }

  /// A dot or a quote in front would be a command, a backslash an escape; what is not ASCII goes by its number.
  private static func escaped(_ text: String) -> String {
    var plain = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": plain += "\\e"
      case "-": plain += "\\-"
      case "…": plain += "..."
      case _ where scalar.isASCII: plain.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        plain += "\\[u\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)]"
      }
    }
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }
}
