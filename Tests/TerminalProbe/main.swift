// A program as small as can be that takes a terminal over and leaves it in one of many ways: what the
// end-to-end tests drive. `TerminalProbe ACTION`

import Dispatch
import Glibc
import TerminalUI

struct ProbeError: Error {}

/// A picture, a plot, text from many scripts and the size, so that every kind of cell is drawn.
func composed(_ size: Size, _ capabilities: Capabilities, step: Int = 0) -> Canvas {
  var canvas = Canvas(size)
  var grid = PaneGrid(size)
  let parts = canvas.bounds.cutColumns(2).map {
    grid.pane($0, "Probe", facts: [Text("\(size.width)x\(size.height)")])
  }
  let values = (0..<64 * 64).map { Float(($0 % 64) * ($0 / 64 + step) % 997) }
  canvas.picture(
    PictureSource(width: 64, height: 64, values: values), in: parts[0],
    PictureLook(mode: capabilities.pictureMode, map: .viridis, depth: capabilities.colours))
  let theme = Theme(capabilities.colours)
  let axis = Axis(low: 0, high: 10, unit: "nm", ticks: 3)
  if var plot = Plot(parts[1], x: axis, y: axis, theme) {
    plot.axes(on: &canvas)
    plot.columns((0..<8).map(Double.init), theme.network, on: &canvas)
    plot.line((0..<10).map { (Double($0), Double(9 - $0)) }, theme.accent)
    plot.draw(on: &canvas)
  }
  canvas.put("Ångström 厚さ \u{1B}[31m\u{202E}µm", x: parts[1].x, y: parts[1].y + 3, Style(.red, .bold))
  grid.draw(on: &canvas, theme)
  canvas.put("@", x: size.width - 1, y: size.height - 1)
  return canvas
}

/// So that the recursion is not turned into a loop.
@inline(never) func overflow(_ depth: Int) -> Int {
  withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
    buffer.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: depth))
    return overflow(depth + 1) + Int(buffer[depth & 4095])
  }
}

@MainActor func run(_ action: String) async throws {
  let terminal: NcursesTerminal
  do {
    terminal = try NcursesTerminal()
  } catch {
    print("line mode: \(error)")
    exit(4)
  }
  terminal.draw(composed(terminal.size, terminal.capabilities))
  switch action {
  case "return": terminal.stop()
  case "exit": exit(5)
  case "throw": throw ProbeError()
  case "trap": fatalError("the last words of the probe")
  case "abort": abort()
  case "null": UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
  case "overflow": print(overflow(0))
  case "noise":
    let words = "a library complains\n"
    _ = words.withCString { write(STDERR_FILENO, $0, words.utf8.count) }
    terminal.draw(composed(terminal.size, terminal.capabilities, step: 1))
    exit(0)
  case "thread":
    // Another thread ends the process while this one is in the middle of drawing.
    DispatchQueue.global().async { kill(getpid(), SIGQUIT) }
    for step in 0... { terminal.draw(composed(terminal.size, terminal.capabilities, step: step)) }
  case "deaf":
    // The main actor never looks at an event.
    while true { pause() }
  case "time": time(terminal)
  case "report": await report(terminal)
  default: await serve(terminal)
  }
}

/// Says what was learned of the terminal, and what was typed up to a `q`.
@MainActor func report(_ terminal: NcursesTerminal) async {
  var typed = ""
  for await event in terminal.events {
    if event == .key(.char("q")) { break }
    if case .key(let key) = event { typed += key.name }
  }
  let found = terminal.capabilities
  terminal.stop()
  print(
    "pixels=\(found.pixels?.rawValue ?? "none") links=\(found.takesLinks) signs=\(found.areSignsWide)",
    "unicode=\(found.unicode) answers=\(found.answersQuestions) typed=\(typed) end")
}

/// What is shown: pictures that change, a mark that moves, a box over them, another view.
struct Scene {
  var step = 0
  var mark: Int?
  var hasBox = false
  var isElsewhere = false
  var hasLink = false

  func canvas(_ size: Size, _ capabilities: Capabilities) -> Canvas {
    if isElsewhere {
      var canvas = Canvas(size)
      canvas.put("elsewhere", x: 0, y: 2)
      return canvas
    }
    var canvas = composed(size, capabilities, step: step)
    if let mark { canvas.put("+", x: 2 + mark, y: 3 + mark / 3, .bold) }
    if hasLink {
      canvas.put("a file", x: 2, y: size.height - 2)
      canvas.link(
        ControlSequence.fileAddress("/data/a file.tif", host: "here"), x: 2, y: size.height - 2, width: 6)
    }
    if hasBox {
      canvas.fill(Rect(x: 5, y: 2, width: 20, height: 6), Cell(" ", Style(.default, on: .blue)))
      canvas.put("a box", x: 6, y: 3)
    }
    return canvas
  }
}

/// Shows the last event; `q` leaves with 0, a request to end with 7.
@MainActor func serve(_ terminal: NcursesTerminal) async {
  var scene = Scene()
  for await event in terminal.events {
    switch event {
    case .key(.char("n")): scene.step += 1
    case .key(.char("x")): scene.mark = (scene.mark ?? 0) + 1
    case .key(.char("o")): scene.hasBox.toggle()
    case .key(.char("v")): scene.isElsewhere.toggle()
    case .key(.char("L")): scene.hasLink.toggle()
    case .key(.char("M")): terminal.hasMouse.toggle()
    case .key(.char("0")): scene = Scene()
    default: break
    }
    var canvas = scene.canvas(terminal.size, terminal.capabilities)
    switch event {
    case .key(.char("q")):
      terminal.stop()
      exit(0)
    case .key(.char("!")): fatalError("the last words of the probe")
    case .key(.mouse(let mouse)): canvas.put("<\(mouse.action) \(mouse.x) \(mouse.y)>", x: 0, y: 1)
    case .key(let key): canvas.put("<\(key.name)>", x: 0, y: 1)
    case .resize(let size): canvas.put("<\(size.width)x\(size.height)>", x: 0, y: 1)
    case .interrupt, .terminate, .hangup:
      TerminalGuard.acknowledge()
      terminal.stop()
      exit(7)
    }
    terminal.draw(canvas)
  }
}

/// Time on the clock and on the processor for composing and for drawing with the whole picture changed.
@MainActor func time(_ terminal: NcursesTerminal) {
  func measured(_ name: String, _ body: (Int) -> Void) -> String {
    let wall = ContinuousClock.now
    let processor = clock()
    for step in 0..<100 { body(step) }
    return "\(name) \((ContinuousClock.now - wall) / 100), processor \((clock() - processor) / 100) µs"
  }
  var canvases: [Canvas] = []
  let report = [
    measured("text") { _ in
      var canvas = Canvas(terminal.size)
      for y in 0..<canvas.height {
        canvas.put(String(repeating: "text ", count: canvas.width / 5), x: 0, y: y)
      }
      canvases.append(canvas)
    },
    measured("compose") { canvases[$0] = composed(terminal.size, terminal.capabilities, step: $0) },
    measured("draw") { terminal.draw(canvases[$0]) },
    measured("unchanged") { _ in terminal.draw(canvases[99]) },
  ]
  terminal.stop()
  print(report.joined(separator: "\n"))
}

try await run(CommandLine.arguments.dropFirst().first ?? "serve")
