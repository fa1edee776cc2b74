import CNcurses
import Glibc

/// The terminal of this process, drawn through ncurses.
///
/// ncurses lives on the main actor alone. Keys and signals come from a queue of their own through `events`.
@MainActor package final class NcursesTerminal {
  package let capabilities: Capabilities
  package private(set) var size: Size
  /// For one consumer; unbounded, so no key is ever lost.
  package let events: AsyncStream<TerminalEvent>

  private let continuation: AsyncStream<TerminalEvent>.Continuation
  private let window: UnsafeMutablePointer<WINDOW>
  /// What ncurses writes to.
  private let output: UnsafeMutablePointer<FILE>
  private var input: TerminalInput?
  private var pens: TerminalPens
  /// What ncurses was last given, row by row; empty where everything has to be drawn.
  private var drawn: [Cell] = []

  /// Takes the terminal over. Throws where there can be no panes; then nothing has been changed.
  package init(capabilities: Capabilities = .current()) throws(TerminalError) {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { throw .notATerminal }
    guard TerminalFacts(capabilities.term) != nil else { throw .unknownTerminal(capabilities.term) }
    guard !capabilities.isDumb else { throw .cannotPosition(capabilities.term) }
    // Only characters: numbers written by C libraries keep their point. Where the session's locale is not
    // installed here, any UTF-8 one will do.
    if setlocale(LC_CTYPE, "") == nil && capabilities.unicode { setlocale(LC_CTYPE, "C.UTF-8") }

    let output = try TerminalGuard.open(STDOUT_FILENO)
    guard newterm(capabilities.entry, output, nc_stdin()) != nil, let window = nc_stdscr() else {
      TerminalGuard.close()
      throw .unknownTerminal(capabilities.entry)
    }
    let size = NcursesTerminal.measure()
    TerminalGuard.prepare(rows: size.height)
    NcursesTerminal.setModes()

    self.capabilities = capabilities
    self.window = window
    self.output = output
    self.size = size
    pens = TerminalPens(capabilities.colours)
    (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    resizeterm(Int32(size.height), Int32(size.width))
    input = TerminalInput(
      descriptor: STDIN_FILENO, wake: TerminalGuard.wakeDescriptor, continuation: continuation
    ) { [weak self] notice in
      Task { @MainActor in self?.act(on: notice) }
    }
  }

  /// Shows a canvas by changing only what differs from the last one. Cells outside the canvas are blank.
  package func draw(_ canvas: Canvas, cursor: (x: Int, y: Int)? = nil) {
    guard TerminalGuard.isActive else { return }
    TerminalGuard.trimErrors()
    let count = size.width * size.height
    pens.makeRoom(cells: count)
    if !pens.hasRoom { startOver() }
    if drawn.count != count {
      werase(window)
      drawn = Array(repeating: .blank, count: count)
    }
    var isChanged = false
    for y in 0..<size.height { isChanged = drawRow(y, of: canvas) || isChanged }
    // A terminal that knows it shows the change at once and whole; others overlook it.
    if isChanged { send(ControlSequence.beginUpdate) }
    if let cursor, Rect(size).contains(x: cursor.x, y: cursor.y) {
      wmove(window, Int32(cursor.y), Int32(cursor.x))
      leaveok(window, false)
      curs_set(1)
    } else {
      leaveok(window, true)
      curs_set(0)
    }
    wrefresh(window)
    if isChanged { send(ControlSequence.endUpdate) }
  }

  /// Of the terminal's window; told only when it changes.
  package var title = "" {
    didSet {
      guard title != oldValue, capabilities.takesControlStrings else { return }
      TerminalGuard.keepTitle()
      send(ControlSequence.title(title))
    }
  }

  /// Puts text into the clipboard of the machine that the terminal runs on, through SSH and tmux.
  package func copy(_ text: String) {
    for sequence in ControlSequence.clipboard(text, inTmux: capabilities.isInTmux) { send(sequence) }
  }

  /// Tells the desktop that the terminal is on.
  package func announce(_ text: String) {
    send(
      ControlSequence.notice(
        text, title: "ewald", term: capabilities.term, inTmux: capabilities.isInTmux))
  }

  /// What ncurses knows nothing of: it moves no cursor and changes no cell.
  private func send(_ sequence: String) {
    guard TerminalGuard.isActive, capabilities.takesControlStrings else { return }
    fputs(sequence, output)
    fflush(output)
  }

  /// Draws everything anew at the next `draw`, whatever may have damaged the screen.
  package func redrawAll() {
    drawn = []
    nc_repaint()
  }

  package func bell() {
    if TerminalGuard.isActive { beep() }
  }

  /// Gives the terminal back and stops the process, as Ctrl-Z does by itself. Returns when it goes on; a
  /// `.resize` follows.
  package func suspend() {
    guard TerminalGuard.isActive else { return }
    TerminalGuard.restore()
    // Written to nowhere by now; it makes ncurses enter the screen again at the next refresh.
    endwin()
    TerminalGuard.stopProcess()
    do {
      try TerminalGuard.enter()
    } catch {
      continuation.yield(.hangup)
      return
    }
    resumed()
  }

  /// Gives the terminal back for good. Any number of times.
  package func stop() {
    guard let input else { return }
    input.cancel()
    self.input = nil
    TerminalGuard.close()
    endwin()
    continuation.finish()
  }

  private func act(on notice: TerminalInput.Notice) {
    guard TerminalGuard.isActive else { return }
    switch notice {
    case .resized: resized()
    case .stop: suspend()
    case .resumed: resumed()
    }
  }

  private func resized() {
    let size = NcursesTerminal.measure()
    guard size != self.size else { return }
    self.size = size
    TerminalGuard.prepare(rows: size.height)
    resizeterm(Int32(size.height), Int32(size.width))
    drawn = []
    continuation.yield(.resize(size))
  }

  /// After a stop the window may have another size and the shell has written on the screen.
  private func resumed() {
    reset_prog_mode()
    size = NcursesTerminal.measure()
    TerminalGuard.prepare(rows: size.height)
    resizeterm(Int32(size.height), Int32(size.width))
    redrawAll()
    continuation.yield(.resize(size))
  }

  /// More colours than the terminal has pairs for: forget them all and draw anew.
  private func startOver() {
    pens.reset()
    redrawAll()
  }

  /// Whether anything of it changed.
  private func drawRow(_ y: Int, of canvas: Canvas) -> Bool {
    let start = y * size.width
    var changed = false
    var hasWide = false
    for x in 0..<size.width {
      let cell = canvas[x, y]
      if cell != drawn[start + x] {
        changed = true
        hasWide = hasWide || cell.isContinuation || drawn[start + x].isContinuation
      }
    }
    guard changed else { return false }
    for x in 0..<size.width {
      let cell = canvas[x, y]
      // ncurses blanks the other half of a wide character that is written over: then the whole row is sent.
      if cell != drawn[start + x] || hasWide {
        drawn[start + x] = cell
        if !cell.isContinuation { put(cell, x: x, y: y, isWide: canvas[x + 1, y].isContinuation) }
      }
    }
    return true
  }

  private func put(_ cell: Cell, x: Int, y: Int, isWide: Bool) {
    let pen = pens.pen(for: cell.style)
    var scalar = capabilities.unicode ? cell.scalar : PlainCharacters.ascii(cell.scalar)
    // The C library's opinion counts for ncurses; where it differs the columns would shift.
    let width = scalar.isASCII ? 1 : nc_width(wchar_t(scalar.value))
    if width != (isWide ? 2 : 1) && !scalar.isASCII { scalar = "?" }
    nc_put(window, Int32(y), Int32(x), wchar_t(scalar.value), pen.attributes, pen.pair)
    if isWide && (scalar.isASCII || width != 2) {
      nc_put(window, Int32(y), Int32(x) + 1, wchar_t(UInt8(ascii: " ")), pen.attributes, pen.pair)
    }
  }

  private static func measure() -> Size {
    var window = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
      return Size(width: 80, height: 24)
    }
    return Size(width: Int(window.ws_col), height: Int(window.ws_row))
  }

  /// Keys at once and without echo; ^C, ^Z and ^\ stay signals. ^S, ^Q and ^V become keys: a screen frozen by a
  /// slip of the finger looks like a crash.
  private static func setModes() {
    cbreak()
    noecho()
    nonl()
    set_escdelay(25)
    typeahead(-1)  // or ncurses stops drawing while keys wait
    var modes = termios()
    if tcgetattr(STDIN_FILENO, &modes) == 0 {
      modes.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR)
      modes.c_lflag &= ~tcflag_t(IEXTEN)
      tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    }
    def_prog_mode()
  }
}
