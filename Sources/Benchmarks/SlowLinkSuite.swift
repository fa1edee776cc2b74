import Glibc

/// The real program over a link of 1 kB/s and 300 ms there and back: how long a key waits for its answer, and how many
/// bytes a redraw takes; then the same keys on a large screen beside the microscope, while frames arrive.
func slowLinkSuite(in folder: String) -> [Measurement] {
  mkdir(folder + "/frames", 0o755)
  for number in 0..<30 { put(frame(number, size: 512), "\(folder)/frames/f\(10000 + number).tif") }
  var rows: [Measurement] = []
  for (name, kind) in [("blocks", LinkedTerminal.Kind.plain), ("Kitty", .kitty), ("Sixel", .sixel)] {
    guard let terminal = LinkedTerminal(folder, kind, bytesPerSecond: 1e9, delay: 0.001) else { continue }
    _ = terminal.wait(20) { $0.seen("FOLLOW") }
    terminal.settle()
    rows.append(Measurement("first screen, \(name)", Double(terminal.taken), "bytes"))
    for (key, what) in [
      ("j", "next frame"), (":", "palette"), ("\u{1B}", "palette closed"), ("2", "frame view"),
    ] {
      let before = terminal.taken
      terminal.type(key)
      terminal.settle()
      rows.append(Measurement("\(what), \(name)", Double(terminal.taken - before), "bytes"))
    }
  }
  for (name, kind) in [("blocks", LinkedTerminal.Kind.plain), ("Kitty", .kitty)] {
    guard let terminal = LinkedTerminal(folder, kind, bytesPerSecond: 1000, delay: 0.15) else { continue }
    _ = terminal.wait(60) { $0.seen("FOLLOW") }
    var delays: [Double] = []
    for _ in 0..<8 {
      for (key, answer) in [
        (":", "Commands"), ("\u{1B}", ""), ("/", "filter"), ("\u{1B}", ""), ("t", "tag"), ("\u{1B}", ""),
      ] {
        terminal.forget()
        let typed = seconds()
        terminal.type(key)
        if answer.isEmpty {
          _ = terminal.wait(3) { _ in false }
        } else {
          let shown = terminal.wait(10) { $0.seen(answer) }
          delays.append((shown ?? .infinity) - typed)
        }
      }
    }
    delays.sort()
    rows.append(
      Measurement(
        "key to answer, \(name)", delays[delays.count / 2], "s"))
    rows.append(
      Measurement("key to answer, \(name), longest", delays.last ?? .nan, "s", goal: "<= 1"))
  }
  for (name, kind) in [("blocks", LinkedTerminal.Kind.plain), ("Kitty", .kitty), ("Sixel", .sixel)] {
    rows += keysUnderLoad(in: folder, name, kind)
  }
  return rows
}

/// Keys at 200x50 while twenty frames a second arrive and are drawn.
private func keysUnderLoad(in folder: String, _ name: String, _ kind: LinkedTerminal.Kind) -> [Measurement] {
  let frames = (0..<16).map { frame($0, size: 512) }
  let count = 240
  let writer = Thread { index in
    var bytes = frames[index % frames.count]
    bytes[8] = UInt8(index & 0xff)
    bytes[10] = UInt8(index >> 8)
    put(bytes, "\(folder)/frames/\(name)\(10000 + index).tif")
    usleep(50_000)
    return index + 1 < count
  }
  defer { writer.join() }
  guard
    let terminal = LinkedTerminal(folder, kind, bytesPerSecond: 1e9, delay: 0, width: 200, height: 50),
    terminal.wait(20, until: { $0.seen("FOLLOW") }) != nil
  else { return [] }
  var delays: [Double] = []
  for _ in 0..<20 {
    terminal.forget()
    let typed = seconds()
    terminal.type(":")
    delays.append(((terminal.wait(5) { $0.seen("Commands") } ?? .infinity) - typed) * 1000)
    terminal.type("\u{1B}")
    _ = terminal.wait(0.4) { _ in false }
  }
  return [
    Measurement(
      "key to redraw at 200x50, 20 frames/s, \(name), median", median(delays), "ms", goal: "<= 15"),
    Measurement("key to redraw at 200x50, 20 frames/s, \(name), longest", delays.max() ?? .nan, "ms"),
  ]
}

/// A terminal at the other end of a link that takes its time, and answers what it is asked.
private final class LinkedTerminal {
  enum Kind { case plain, kitty, sixel }

  private let terminal: PseudoTerminal
  private let kind: Kind
  private let bytesPerSecond: Double
  /// One way.
  private let delay: Double
  /// On the way to the terminal, and when it arrives; the same for keys and answers.
  private var coming: [(byte: UInt8, at: Double)] = []
  private var going: [(text: String, at: Double)] = []
  private var free = 0.0
  /// What has arrived lately.
  private var text: [UInt8] = []
  /// Questions end with one of these.
  private static let ends = Array("cnt\\".utf8)
  /// What is not yet known to be a question.
  private var pending: [UInt8] = []
  private(set) var taken = 0

  init?(
    _ folder: String, _ kind: Kind, bytesPerSecond: Double, delay: Double, width: Int = 80, height: Int = 24
  ) {
    let build = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let path = build.isEmpty ? "./ewald" : build.joined(separator: "/") + "/ewald"
    guard
      let terminal = PseudoTerminal(
        [
          path, "watch", folder + "/frames", "--engine", "frame", "--session", folder + "/slow.session.jsonl",
        ],
        width: width, height: height, term: "xterm-256color", locale: "C.UTF-8")
    else { return nil }
    self.terminal = terminal
    self.kind = kind
    self.bytesPerSecond = bytesPerSecond
    self.delay = delay
  }

  func type(_ text: String) { going.append((text, seconds() + delay)) }

  func seen(_ words: String) -> Bool {
    let wanted = Array(words.utf8)
    guard text.count >= wanted.count else { return false }
    return (0...text.count - wanted.count).contains { text[$0..<$0 + wanted.count].elementsEqual(wanted) }
  }

  func forget() { text = [] }

  /// Until nothing has come for half a second.
  func settle() {
    var last = -1
    while last != taken {
      last = taken
      _ = wait(0.5) { _ in false }
    }
  }

  /// Lets the link go on until `isThere`, at most so many seconds. Returns the moment.
  func wait(_ limit: Double, until isThere: (LinkedTerminal) -> Bool) -> Double? {
    let deadline = seconds() + limit
    while seconds() < deadline {
      while let first = going.first, first.at <= seconds() {
        going.removeFirst()
        terminal.type(first.text)
      }
      let written = terminal.written(within: 2)
      let now = seconds()
      for byte in written {
        free = max(free, now) + 1 / bytesPerSecond
        coming.append((byte, free + delay))
      }
      // What a link without limits has carried is there.
      let arrived = coming.prefix { $0.at <= now + 1e-4 }.map(\.byte)
      coming.removeFirst(arrived.count)
      take(arrived, now)
      if isThere(self) { return seconds() }
    }
    return nil
  }

  private func take(_ bytes: [UInt8], _ now: Double) {
    taken += bytes.count
    for byte in bytes {
      // Words are looked for without what makes them look so.
      if byte >= 32 { text.append(byte) }
      if byte == 0x1B { pending = [] }
      pending.append(byte)
      if pending.count < 64, Self.ends.contains(byte) {
        answer(String(decoding: pending, as: UTF8.self), now)
      }
    }
  }

  private func answer(_ question: String, _ now: Double) {
    let reply: String
    switch question {
    case "\u{1B}[c": reply = kind == .sixel ? "\u{1B}[?62;4c" : "\u{1B}[?62c"
    case "\u{1B}[5n": reply = "\u{1B}[0n"
    case "\u{1B}[6n": reply = "\u{1B}[1;2R"
    case "\u{1B}[16t": reply = "\u{1B}[6;20;10t"
    case "\u{1B}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA" where kind == .kitty: reply = "\u{1B}_Gi=31;OK\u{1B}\\"
    default: return
    }
    going.append((reply, now + delay))
  }
}
