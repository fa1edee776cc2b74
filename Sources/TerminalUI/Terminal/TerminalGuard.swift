import CNcurses
import Glibc

/// Gives the terminal back on every way out: return, thrown error, `exit`, a request to end, a crash.
package enum TerminalGuard {
  /// Seconds between a request to end and the end, unless `acknowledge` was called.
  static let grace: UInt32 = 2

  /// Gives the terminal back now. Any thread, any time, any number of times.
  package static func restore() { guard_restore() }

  /// "I am on it": after `.interrupt`, `.terminate` or `.hangup` the process ends by itself after two seconds,
  /// or at a repeated Ctrl-C or SIGTERM, unless the program says that it has taken the request up.
  package static func acknowledge() { guard_acknowledge() }

  /// The signal that asked the program to end and was not acknowledged.
  package static var pendingSignal: Int32? {
    let number = guard_asked()
    return number == 0 ? nil : number
  }

  static var isActive: Bool { guard_is_active() != 0 }

  /// Takes hold of the terminal, with handlers before ncurses looks whether it should install its own, and
  /// returns the stream that the screen is to be written to.
  static func open(_ descriptor: Int32) throws(TerminalError) -> UnsafeMutablePointer<FILE> {
    guard let screen = guard_open(descriptor, grace) else { throw .system(call: "dup", code: errno) }
    guard_catch_all()
    do {
      try enter()
    } catch {
      guard_uncatch_all()
      throw error
    }
    return screen
  }

  /// From here on the terminal is ours to give back.
  static func enter() throws(TerminalError) {
    guard guard_enter() == 0 else { throw .system(call: "tcgetattr", code: errno) }
  }

  /// Computes the bytes that undo the screen, for a screen of so many rows; needs terminfo to be loaded.
  static func prepare(rows: Int) { guard_prepare_reset(Int32(rows)) }

  /// Signals behave as if there had never been a screen.
  static func close() {
    guard_restore()
    guard_uncatch_all()
  }

  /// The terminal was asked something; it has answered. Who ends in between waits for the answer, so that the shell
  /// does not read it; after a crash the guard does.
  static func asked() { guard_question() }
  static func answered() { guard_answer() }
  static var awaitsAnswer: Bool { guard_awaits_answer() != 0 }
  static func expectsNoAnswer() { guard_settle() }

  static func stopProcess() { guard_stop_process() }

  static func keepTitle() { guard_keep_title() }

  /// What is to be sent on the way out besides what undoes the screen: at most 160 bytes, all or nothing.
  static func undo(with sequence: String) {
    var sequence = sequence
    sequence.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { guard_set_undo($0.baseAddress, Int32($0.count)) }
    }
  }

  static func trimErrors() { guard_trim_errors() }

  /// Becomes readable with one byte a signal: SIGWINCH, SIGTSTP, SIGCONT and the requests to end.
  static var wakeDescriptor: Int32 { guard_wake_descriptor() }
}
