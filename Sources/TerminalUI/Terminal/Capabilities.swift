/// What terminfo says about a terminal.
package struct TerminalFacts: Sendable, Hashable {
  package var colours: Int
  /// Colours are given as red, green and blue.
  package var rgb: Bool
  /// The cursor can be put anywhere and the screen cleared: without that there are no panes.
  package var canPosition: Bool

  package init(colours: Int, rgb: Bool, canPosition: Bool) {
    self.colours = colours
    self.rgb = rgb
    self.canPosition = canPosition
  }
}

/// What can be shown, from the environment and terminfo alone.
package struct Capabilities: Sendable, Hashable {
  package var term: String
  package var unicode: Bool
  package var colours: ColourDepth
  /// No panes: the caller should print lines.
  package var isDumb: Bool
  package var isInTmux: Bool
  /// Control strings that it does not know are overlooked, not shown: not so on consoles of old.
  package var takesControlStrings: Bool
  /// Links are shown as such.
  package var takesLinks: Bool
  /// How pictures are told in true pixels; nil where they are characters.
  package var pixels: PixelProtocol?
  /// Signs of ambiguous width take two columns here: ASCII stands for them.
  package var areSignsWide = false
  /// It answers when it is asked.
  package var answersQuestions = false

  /// `terminfo` is nil where the terminal is not known, `direct` what is known of its true-colour variant.
  package init(
    environment: [String: String], terminfo: TerminalFacts?, direct: TerminalFacts? = nil
  ) {
    term = environment["TERM"] ?? ""
    isDumb = term.isEmpty || term == "dumb" || terminfo?.canPosition != true
    unicode = Capabilities.isUnicode(environment)
    isInTmux = !(environment["TMUX"] ?? "").isEmpty
    takesControlStrings = [
      "xterm", "tmux", "screen", "alacritty", "foot", "rxvt", "st-", "wezterm", "konsole",
      "gnome", "vte", "contour", "mintty", "iterm", "mlterm", "ghostty",
    ].contains { (environment["TERM"] ?? "").hasPrefix($0) }
    takesLinks = Capabilities.takesLinks(environment)
    colours = .none
    // no-color.org: any value that is not empty.
    if (environment["NO_COLOR"] ?? "").isEmpty, let terminfo {
      let count = terminfo.colours
      let saysTrue = ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "")
      colours =
        if terminfo.rgb || (saysTrue && count >= 256 && direct?.rgb == true) {
          .trueColour
        } else if count >= 256 {
          .palette256
        } else if count >= 16 {
          .ansi16
        } else {
          count >= 8 ? .ansi8 : .none
        }
    }
  }

  /// Pixels where there are some, half blocks where they show enough shades to tell two apart, the ramp everywhere else.
  package var pictureMode: PictureMode {
    pixels != nil ? .pixels : unicode && colours >= .palette256 ? .halfBlock : .ascii
  }

  /// By what terminals leave in the environment; tmux stands between, and says so itself.
  private static func takesLinks(_ environment: [String: String]) -> Bool {
    let term = environment["TERM"] ?? ""
    if ["foot", "alacritty", "contour", "xterm-kitty", "xterm-ghostty", "wezterm"].contains(
      where: term.hasPrefix)
    {
      return true
    }
    if let version = Int(environment["VTE_VERSION"] ?? ""), version >= 5000 { return true }
    if !(environment["WT_SESSION"] ?? "").isEmpty || !(environment["KONSOLE_VERSION"] ?? "").isEmpty {
      return true
    }
    return ["iTerm.app", "WezTerm", "ghostty"].contains(environment["TERM_PROGRAM"] ?? "")
  }

  /// The first of these that is set decides, as in every C program.
  private static func isUnicode(_ environment: [String: String]) -> Bool {
    for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = environment[name], !value.isEmpty else { continue }
      let charset = value.lowercased()
      return charset.contains("utf-8") || charset.contains("utf8")
    }
    return false
  }

  /// `xterm-direct` for `xterm-256color`: the terminfo entry with which ncurses sends true colours.
  static func directName(of term: String) -> String {
    let suffix = "-256color"
    return (term.hasSuffix(suffix) ? String(term.dropLast(suffix.count)) : term) + "-direct"
  }
}
