/// What reaches the program from its terminal, in order; nothing is ever dropped.
package enum TerminalEvent: Sendable, Hashable {
  case key(Key)
  /// Also after the program was stopped and goes on.
  case resize(Size)
  /// Ctrl-C.
  case interrupt
  /// SIGTERM.
  case terminate
  /// The terminal is gone: SIGHUP, or nothing more can be read.
  case hangup
}

/// Why there can be no panes. The caller prints lines instead.
package enum TerminalError: Error, Hashable, CustomStringConvertible {
  case notATerminal
  case unknownTerminal(String)
  case cannotPosition(String)
  case system(call: String, code: Int32)

  package var description: String {
    switch self {
    case .notATerminal: "standard input and output are not a terminal"
    case .unknownTerminal(let name): "terminal type '\(name)' is not known here (TERM)"
    case .cannotPosition(let name): "terminal type '\(name)' cannot place the cursor (TERM)"
    case .system(let call, let code): "\(call) failed with error \(code)"
    }
  }
}
