import CNcurses
import System

extension Capabilities {
  /// What this process's terminal can show.
  package static func current() -> Capabilities {
    var environment: [String: String] = [:]
    for name in [
      "TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TMUX", "VTE_VERSION", "WT_SESSION",
      "KONSOLE_VERSION", "TERM_PROGRAM",
    ] {
      environment[name] = Environment[name]
    }
    let term = environment["TERM"] ?? ""
    return Capabilities(
      environment: environment, terminfo: TerminalFacts(term), direct: TerminalFacts(directName(of: term)))
  }

  /// The terminfo entry to open: the one with true colours where they were chosen.
  var entry: String {
    guard colours == .trueColour, TerminalFacts(term)?.rgb != true else { return term }
    return Capabilities.directName(of: term)
  }
}

extension TerminalFacts {
  /// What terminfo says; nil for an unknown terminal.
  init?(_ term: String) {
    var colours: Int32 = 0
    var rgb: Int32 = 0
    var canPosition: Int32 = 0
    guard !term.isEmpty, nc_facts(term, &colours, &rgb, &canPosition) != 0 else { return nil }
    self.init(colours: Int(colours), rgb: rgb != 0, canPosition: canPosition != 0)
  }
}
