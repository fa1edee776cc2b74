import CNcurses
import Glibc

/// The terminal of this process, drawn through ncurses.
///
/// ncurses lives on the main actor alone. Keys and signals come from a queue of their own through `events`.
@MainActor package final class NcursesTerminal {
  package private(set) var capabilities: Capabilities
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
  /// What is to be seen, which a slow link may not show yet.
  private var wanted: (canvas: Canvas, cursor: (x: Int, y: Int)?)?
  private var pixels: PixelLayer?
  private var links = LinkLayer()
  private var pace: LinkPace
  private var isSendingPixels = false
  private var isWaitingForRoom = false
  private var isWaitingToAsk = false
  /// Pixels of a cell, as far as the terminal told.
  private var cellPixels: Size?
  /// Whether the mouse is told; off unless somebody asks for it.
  package var hasMouse = false {
    didSet { if hasMouse != oldValue { setMouse() } }
  }

  /// Takes the terminal over. Throws where there can be no panes; then nothing has been changed.
  package init(capabilities: Capabilities = .current(), pixels choice: PixelChoice = .auto)
    throws(TerminalError)
  {
    var capabilities = capabilities
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
    // Questions about widths are drawn, and the shell's lines are not ours to draw on: what ncurses has not sent yet
    // enters the screen of its own, and this sends it.
    curs_set(0)
    fflush(output)
    let probed = TerminalProbing.ask(capabilities, input: STDIN_FILENO) { questions in
      fputs(questions, output)
      fflush(output)
    }
    capabilities.learn(from: probed.answers, choice)

    self.capabilities = capabilities
    self.window = window
    self.output = output
    self.size = size
    pens = TerminalPens(capabilities.colours)
    let mayAnswer = capabilities.takesControlStrings
    pace = LinkPace(asks: mayAnswer, isCareful: mayAnswer && !capabilities.answersQuestions)
    cellPixels = NcursesTerminal.cell(probed.answers, size)
    (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    resizeterm(Int32(size.height), Int32(size.width))
    makePixels()
    for key in probed.keys { continuation.yield(.key(key)) }
    if probed.isCut { continuation.yield(.hangup) }
    if pace.isSlow { Task { await giveUpOnAnswers() } }
    input = TerminalInput(
      descriptor: STDIN_FILENO, wake: TerminalGuard.wakeDescriptor, decoder: probed.decoder,
      continuation: continuation
    ) { [weak self] notice in
      Task { @MainActor in self?.act(on: notice) }
    }
  }

  /// Shows a canvas by changing only what differs from the last one. Cells outside the canvas are blank. Over a slow
  /// link what matters most goes first, and the rest when there is room; the answer to a key goes before that.
  package func draw(_ canvas: Canvas, cursor: (x: Int, y: Int)? = nil, isAnswer: Bool = false) {
    wanted = (canvas, cursor)
    render(isAnswer: isAnswer)
  }

  private func render(isAnswer: Bool = false, isAnew: Bool = false) {
    guard TerminalGuard.isActive, let (canvas, cursor) = wanted else { return }
    TerminalGuard.trimErrors()
    let room = pace.room(at: .now, isAnswer: isAnswer)
    guard room > 0 else { return renderAfterLoss() }
    let count = size.width * size.height
    pens.makeRoom(cells: count)
    if drawn.count != count {
      werase(window)
      drawn = Array(repeating: .blank, count: count)
    }
    let plan = pixels?.plan(canvas, isOff: pace.isSlow || canvas.size != size) ?? PixelLayer.Plan()
    let damaged = plan.damaged + links.plan(canvas)
    for place in damaged where Rect(size).contains(x: place.x, y: place.y) {
      nc_damage(Int32(place.y), Int32(place.x))
    }
    var cost = 32
    let isChanged = drawCells(canvas, covered: plan.covered, most: room, cost: &cost)
    if !pens.hasRoom, !isAnew {
      // Some cells found no colours. Without those of earlier pictures there is room for all; nothing was sent yet.
      startOver()
      return render(isAnswer: isAnswer, isAnew: true)
    }
    let hasNews = isChanged || !damaged.isEmpty || !plan.first.isEmpty
    // A terminal that knows it shows the change at once and whole; others overlook it.
    if hasNews { send(ControlSequence.beginUpdate + plan.first) }
    if let cursor, Rect(size).contains(x: cursor.x, y: cursor.y) {
      wmove(window, Int32(cursor.y), Int32(cursor.x))
      leaveok(window, false)
      curs_set(1)
    } else {
      leaveok(window, true)
      curs_set(0)
    }
    wrefresh(window)
    if capabilities.takesLinks, !pace.isSlow, !canvas.links.isEmpty {
      send(links.text(canvas, capabilities.colours) { shown($0) })
    }
    if hasNews {
      // What is short comes with the cells, so that nothing is seen without it.
      if !pace.isSlow { sendPixels(most: 1 << 14) }
      send(ControlSequence.endUpdate)
      pace.send(cost)
      askWhetherReady()
    }
    schedulePixels()
  }

  /// Answers make room; what waits for one that got lost is drawn without it.
  private func renderAfterLoss() {
    guard !isWaitingForRoom else { return }
    isWaitingForRoom = true
    Task {
      try? await Task.sleep(for: LinkPace.loss)
      isWaitingForRoom = false
      render()
    }
  }

  /// Whether anything changed. Where there is a limit the part that has the focus goes first, pictures last.
  private func drawCells(_ canvas: Canvas, covered: [Bool], most: Int, cost: inout Int) -> Bool {
    var isChanged = false
    guard most != .max else {
      for y in 0..<size.height {
        isChanged = drawRow(y, of: canvas, covered: covered, cost: &cost) || isChanged
      }
      return isChanged
    }
    let pictures = canvas.placements.map(\.rect)
    let first =
      [Rect(x: 0, y: size.height - 1, width: size.width, height: 1)] + [canvas.focus].compactMap { $0 }
    func rank(_ x: Int, _ y: Int) -> Int {
      if pictures.contains(where: { $0.contains(x: x, y: y) }) { return 2 }
      return first.contains { $0.contains(x: x, y: y) } ? 0 : 1
    }
    for pass in 0..<3 {
      for y in 0..<size.height where cost < most {
        var last: Style?
        for x in 0..<size.width where cost < most {
          let cell = canvas[x, y]
          let index = y * size.width + x
          guard cell != drawn[index], covered.isEmpty || !covered[index], rank(x, y) == pass else { continue }
          // Both halves of a wide character, or neither.
          if cell.isContinuation || drawn[index].isContinuation || canvas[x + 1, y].isContinuation {
            isChanged = drawRow(y, of: canvas, covered: covered, cost: &cost) || isChanged
            break
          }
          drawn[index] = cell
          put(cell, x: x, y: y, isWide: false)
          isChanged = true
          cost += Self.cost(of: cell, after: last)
          last = cell.style
        }
      }
    }
    return isChanged
  }

  /// Bytes of a cell, roughly: a character, and what makes it look so.
  private static func cost(of cell: Cell, after style: Style?) -> Int {
    (cell.scalar.isASCII ? 1 : 3) + (cell.style == style ? 0 : 20)
  }

  // MARK: Pixels

  private func makePixels() {
    guard let method = capabilities.pixels else { return }
    // Kitty and iTerm2 fit a picture to its cells; Sixel has to know how large they are.
    guard let cell = cellPixels ?? (method == .sixel ? nil : Size(width: 10, height: 20)) else { return }
    pixels = PixelLayer(
      method, cell: cell, isInTmux: capabilities.isInTmux, seed: UInt32(truncatingIfNeeded: getpid()))
    // A row that is shifted would take a picture along.
    idcok(window, false)
    setUndo()
    if capabilities.isInTmux { send(ControlSequence.focusOn) }
  }

  /// Sends pieces of pictures as long as the terminal takes them and they are short.
  private func sendPixels(most: Int) {
    var total = 0
    while total < most, isWritable, let piece = pixels?.next() {
      send(piece)
      total += piece.utf8.count
    }
  }

  /// Pictures go in pieces between everything else, so that no key has to wait for one.
  private func schedulePixels() {
    guard pixels != nil, !isSendingPixels else { return }
    isSendingPixels = true
    Task {
      var sent = 0
      while TerminalGuard.isActive, !pace.isSlow {
        if !isWritable || pace.inFlight > 1 << 18 {
          try? await Task.sleep(for: .milliseconds(2))
          if pace.inFlight > 1 << 18, pace.room(at: .now) == 0 { break }
          continue
        }
        guard let piece = pixels?.next() else { break }
        send(piece)
        pace.send(piece.utf8.count)
        sent += piece.utf8.count
        if sent > 1 << 15 {
          sent = 0
          askWhetherReady()
        }
        await Task.yield()
      }
      isSendingPixels = false
      if sent > 0 { askWhetherReady() }
    }
  }

  private var isWritable: Bool {
    var ready = pollfd(fd: fileno(output), events: Int16(POLLOUT), revents: 0)
    return poll(&ready, 1, 0) > 0 && Int32(ready.revents) & POLLOUT != 0
  }

  /// A terminal that is asked and says nothing has no way of saying anything.
  private func giveUpOnAnswers() async {
    try? await Task.sleep(for: .milliseconds(1200))
    guard !capabilities.answersQuestions else { return }
    pace.giveUp()
    TerminalGuard.expectsNoAnswer()
    render()
  }

  private func askWhetherReady() {
    guard pace.ask(at: .now) else { return }
    TerminalGuard.asked()
    send(ControlSequence.readyQuestion)
  }

  /// A terminal that was held up for a moment has its pixels again without a key; one that is slow is seldom asked.
  private func askOnceMoreIfSlow() {
    guard pace.isWonderingWhetherFast, !isWaitingToAsk else { return }
    isWaitingToAsk = true
    Task {
      try? await Task.sleep(for: pace.idleDelay)
      isWaitingToAsk = false
      if pace.isWonderingWhetherFast { askWhetherReady() }
    }
  }

  /// The screen is not what was drawn on it, nor is there a picture on it.
  private func forgetPictures() {
    if let text = pixels?.forget(), !text.isEmpty { send(text) }
    links.forget()
  }

  private static func cell(_ answers: TerminalAnswers, _ size: Size) -> Size? {
    if let cell = answers.cell { return cell }
    var area = answers.area
    var window = winsize()
    if area == nil, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_xpixel > 0,
      window.ws_ypixel > 0
    {
      area = Size(width: Int(window.ws_xpixel), height: Int(window.ws_ypixel))
    }
    guard let area, size.width > 0, size.height > 0 else { return nil }
    let cell = Size(width: area.width / size.width, height: area.height / size.height)
    return cell.width > 0 && cell.height > 0 ? cell : nil
  }

  private func take(_ report: TerminalReport) {
    switch report {
    case .ready:
      capabilities.answersQuestions = pace.asks
      pace.answer(at: .now)
      render()
      if pace.owesQuestion { askWhetherReady() }
      askOnceMoreIfSlow()
    case .attributes: capabilities.answersQuestions = capabilities.takesControlStrings
    case .window(let numbers) where numbers[0] == 6 && pixels != nil:
      let cell = Size(width: numbers[2], height: numbers[1])
      guard cell.width > 0, cell.height > 0, cell != cellPixels else { return }
      // Another font: pictures of before do not fit.
      cellPixels = cell
      redrawAll()
      makePixels()
      render()
    case .focus where capabilities.isInTmux && pixels != nil:
      // Another terminal may have been attached, which has none of the pictures.
      redrawAll()
      render()
    case .window, .focus, .cursor, .version, .graphics: break
    }
  }

  // MARK: Mouse

  private func setMouse() {
    guard TerminalGuard.isActive else { return }
    send(hasMouse ? ControlSequence.mouseOn : ControlSequence.mouseOff)
    setUndo()
  }

  /// What a crash has to take back, too.
  private func setUndo() {
    var text = hasMouse ? ControlSequence.mouseOff : ""
    if pixels != nil, capabilities.isInTmux { text += ControlSequence.focusOff }
    if capabilities.pixels == .kitty {
      text +=
        capabilities.isInTmux
        ? ControlSequence.passedThrough(KittyGraphics.removeAll) : KittyGraphics.removeAll
    }
    TerminalGuard.undo(with: text)
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
    guard TerminalGuard.isActive, capabilities.takesControlStrings, !sequence.isEmpty else { return }
    fputs(sequence, output)
    fflush(output)
  }

  /// Draws everything anew at the next `draw`, whatever may have damaged the screen.
  package func redrawAll() {
    drawn = []
    forgetPictures()
    nc_repaint()
  }

  package func bell() {
    if TerminalGuard.isActive { beep() }
  }

  /// Gives the terminal back and stops the process, as Ctrl-Z does by itself. Returns when it goes on; a
  /// `.resize` follows.
  package func suspend() {
    guard TerminalGuard.isActive else { return }
    awaitAnswers()
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
    awaitAnswers()
    input.cancel()
    self.input = nil
    TerminalGuard.close()
    endwin()
    continuation.finish()
  }

  /// An answer that came after the end would be a line typed at the shell.
  private func awaitAnswers() {
    guard input != nil else { return }
    let deadline = ContinuousClock.now + .seconds(1)
    while TerminalGuard.awaitsAnswer, ContinuousClock.now < deadline { usleep(1000) }
    TerminalGuard.expectsNoAnswer()
    pace.restart()
  }

  private func act(on notice: TerminalInput.Notice) {
    guard TerminalGuard.isActive else { return }
    switch notice {
    case .resized: resized()
    case .stop: suspend()
    case .resumed: resumed()
    case .report(let report): take(report)
    }
  }

  private func resized() {
    let size = NcursesTerminal.measure()
    guard size != self.size else {
      // There and back again before anybody looked: what was cut off is missing. Or the letters are others.
      redrawAll()
      if pixels != nil { send(ControlSequence.cellQuestion) }
      render()
      return
    }
    self.size = size
    TerminalGuard.prepare(rows: size.height)
    resizeterm(Int32(size.height), Int32(size.width))
    drawn = []
    if pixels != nil {
      redrawAll()
      // The size of the letters may be another one, too.
      send(ControlSequence.cellQuestion)
    }
    continuation.yield(.resize(size))
  }

  /// After a stop the window may have another size and the shell has written on the screen.
  private func resumed() {
    reset_prog_mode()
    size = NcursesTerminal.measure()
    TerminalGuard.prepare(rows: size.height)
    resizeterm(Int32(size.height), Int32(size.width))
    redrawAll()
    if hasMouse { setMouse() }
    if pixels != nil, capabilities.isInTmux { send(ControlSequence.focusOn) }
    continuation.yield(.resize(size))
  }

  /// More colours than the terminal has pairs for: forget them all and draw anew.
  private func startOver() {
    pens.reset()
    redrawAll()
  }

  /// Whether anything of it changed.
  private func drawRow(_ y: Int, of canvas: Canvas, covered: [Bool], cost: inout Int) -> Bool {
    let start = y * size.width
    var changed = false
    var hasWide = false
    for x in 0..<size.width {
      let cell = canvas[x, y]
      if cell != drawn[start + x], covered.isEmpty || !covered[start + x] {
        changed = true
        hasWide = hasWide || cell.isContinuation || drawn[start + x].isContinuation
      }
    }
    guard changed else { return false }
    var last: Style?
    for x in 0..<size.width {
      let cell = canvas[x, y]
      // ncurses blanks the other half of a wide character that is written over: then the whole row is sent.
      if cell != drawn[start + x] || hasWide, covered.isEmpty || !covered[start + x] {
        drawn[start + x] = cell
        cost += Self.cost(of: cell, after: last)
        last = cell.style
        if !cell.isContinuation { put(cell, x: x, y: y, isWide: canvas[x + 1, y].isContinuation) }
      }
    }
    return true
  }

  private func put(_ cell: Cell, x: Int, y: Int, isWide: Bool) {
    let pen = pens.pen(for: cell.style)
    var scalar = shown(cell.scalar)
    // The C library's opinion counts for ncurses; where it differs the columns would shift.
    let width = scalar.isASCII ? 1 : nc_width(wchar_t(scalar.value))
    if width != (isWide ? 2 : 1) && !scalar.isASCII { scalar = "?" }
    nc_put(window, Int32(y), Int32(x), wchar_t(scalar.value), pen.attributes, pen.pair)
    if isWide && (scalar.isASCII || width != 2) {
      nc_put(window, Int32(y), Int32(x) + 1, wchar_t(UInt8(ascii: " ")), pen.attributes, pen.pair)
    }
  }

  /// The character that this terminal can show.
  private func shown(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let isPlain = !capabilities.unicode || capabilities.areSignsWide && PlainCharacters.isSign(scalar)
    return isPlain ? PlainCharacters.ascii(scalar) : scalar
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
