import Glibc
import System
import TerminalUI

/// A terminal without a screen, and a program that runs in it.
final class PseudoTerminal {
  enum Ending: Equatable { case exited(Int32), killed(Int32) }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Everything the program has written.
  private(set) var output: [UInt8] = []
  private let master: Int32
  /// Held open, so that the terminal's modes can be read after the program has ended.
  private let slave: Int32
  private var child: pid_t = 0
  private let modesBefore: termios
  /// How long anything may take before the test fails: far longer than it ever does.
  static let patience: Int32 = 30_000

  /// What is seen, and what is answered.
  let screen: PixelScreen
  /// Whether answers go out at once, byte by byte, or when the test says so.
  enum Manner { case atOnce, inPieces, held }
  var manner = Manner.atOnce

  init(_ kind: PixelScreen.Kind = PixelScreen.Kind(), width: Int = 80, height: Int = 24) throws {
    screen = PixelScreen(kind, width: width, height: height)
    // What posix_openpt, unlockpt and ptsname do; Swift does not see those.
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var unlocked: Int32 = 0
    var number: UInt32 = 0
    guard master >= 0, ioctl(master, 0x4004_5431 /* TIOCSPTLCK */, &unlocked) == 0,
      ioctl(master, 0x8004_5430 /* TIOCGPTN */, &number) == 0
    else { throw Failure(description: "no pseudo-terminal: \(errno)") }
    path = "/dev/pts/\(number)"
    slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    modesBefore = PseudoTerminal.modes(slave)
    resize(width: width, height: height)
  }

  private let path: String

  deinit {
    if child > 0 {
      kill(child, SIGKILL)
      waitpid(child, nil, 0)
    }
    close(slave)
    if !isCut { close(master) }
  }

  private var isCut = false

  /// The probe lies beside the tests, wherever they were built.
  static let probe: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/TerminalProbe"
  }()

  /// Starts a program with this terminal as its controlling one and nothing else in its environment.
  func start(_ arguments: [String], environment: [String: String]) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let newSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which the C library shows only on request
    posix_spawnattr_setflags(
      &attributes, Int16(newSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)))
    // The runtime's own crash report takes a second and is not what is tested.
    var settings = environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { first, _ in first }
    // A sanitizer leaves crashes to the program when it is told to.
    for name in ["ASAN_OPTIONS", "TSAN_OPTIONS"] { settings[name] = Environment[name] }
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = settings.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    let code = posix_spawn(&child, arguments[0], &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw Failure(description: "\(arguments[0]): error \(code)") }
  }

  func resize(width: Int, height: Int) {
    var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    if screen.size != Size(width: width, height: height) { screen.resize(width: width, height: height) }
  }

  /// Sends what was asked for.
  func answer() {
    let text = screen.answers
    screen.answers = ""
    if manner == .inPieces {
      for byte in text.utf8 {
        var byte = byte
        _ = write(master, &byte, 1)
      }
    } else if !text.isEmpty {
      type(text)
    }
  }

  /// Reads until the screen is as wanted.
  func wait(
    _ what: String, within milliseconds: Int32 = patience, until isThere: (PixelScreen) -> Bool
  ) throws {
    while !isThere(screen) {
      guard pump(milliseconds) else {
        throw Failure(
          description: "\(what) was not seen, but \(screen.tiles) cells of pictures and\n\(screen.text)")
      }
    }
  }

  /// A terminal that is busy elsewhere for so long.
  func holdUp(milliseconds: Int32) { poll(nil, 0, milliseconds) }

  func type(_ text: String) {
    _ = text.withCString { write(master, $0, text.utf8.count) }
  }

  func send(_ signal: Int32) {
    if child > 0 { kill(child, signal) }
  }

  /// As when the connection breaks.
  func cut() {
    isCut = true
    close(master)
  }

  /// Reads until `text` has been written, from the place where the last `wait` ended.
  func wait(for text: String) throws {
    let wanted = Array(text.utf8)
    while true {
      if let place = find(wanted, from: seen) {
        seen = place + wanted.count
        return
      }
      guard pump(PseudoTerminal.patience) else {
        throw Failure(description: "'\(text)' did not come; so far \(shown)")
      }
    }
  }

  private var seen = 0

  /// Reads what is there, so that the program is never held up.
  func drain() { while pump(0) {} }

  /// Whether terminfo knows a terminal type; minimal systems lack some.
  static func knows(_ term: String) -> Bool {
    guard let letter = term.first else { return false }
    return ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo"].contains {
      access("\($0)/\(letter)/\(term)", R_OK) == 0
    }
  }

  /// Whether the program has ended, after reading for a moment.
  var hasEnded: Bool {
    if ending == nil {
      var status: Int32 = 0
      _ = pump(10)
      if waitpid(child, &status, WNOHANG) == child { note(status) }
    }
    return ending != nil
  }

  private var ending: Ending?

  private func note(_ status: Int32) {
    child = 0
    ending = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(status & 0x7F)
  }

  /// Reads on until the program has ended.
  func end() throws -> Ending {
    for _ in 0..<PseudoTerminal.patience / 10 where ending == nil {
      var status: Int32 = 0
      if isCut { poll(nil, 0, 10) } else { _ = pump(10) }
      if waitpid(child, &status, WNOHANG) == child { note(status) }
    }
    guard let ending else { throw Failure(description: "did not end; so far \(shown)") }
    if !isCut { drain() }
    return ending
  }

  /// Whether the terminal's modes are what they were at the beginning.
  var isRestored: Bool {
    var before = modesBefore
    var now = PseudoTerminal.modes(slave)
    return memcmp(&before, &now, MemoryLayout<termios>.size) == 0
  }

  /// Whether whoever reads keys there does not wait for them.
  var readsComeBackAtOnce: Bool { PseudoTerminal.modes(slave).c_cc.6 == 0 }

  /// Bytes that were typed, or answered, and that nobody has read: the shell's next line begins with them.
  var unreadBytes: Int {
    var modes = PseudoTerminal.modes(slave)
    modes.c_lflag &= ~tcflag_t(ICANON)
    tcsetattr(slave, TCSANOW, &modes)
    var count: Int32 = 0
    _ = ioctl(slave, UInt(FIONREAD), &count)
    return Int(count)
  }

  func count(of text: String) -> Int {
    let wanted = Array(text.utf8)
    var found = 0
    var place = 0
    while let next = find(wanted, from: place) {
      found += 1
      place = next + wanted.count
    }
    return found
  }

  /// What was written after the last `text`; nil where it never was.
  func after(last text: String) -> String? {
    let wanted = Array(text.utf8)
    var end: Int?
    var place = 0
    while let next = find(wanted, from: place) {
      place = next + wanted.count
      end = place
    }
    return end.map { String(decoding: output[$0...], as: UTF8.self) }
  }

  /// The last of the output, with escapes made visible.
  var shown: String {
    String(decoding: output.suffix(600), as: UTF8.self).replacing("\u{1B}", with: "^[")
  }

  private func find(_ wanted: [UInt8], from start: Int) -> Int? {
    guard output.count - start >= wanted.count else { return nil }
    return (start...output.count - wanted.count).first {
      output[$0..<$0 + wanted.count].elementsEqual(wanted)
    }
  }

  private func pump(_ timeout: Int32) -> Bool {
    var ready = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, timeout) > 0 else { return false }
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = read(master, &buffer, buffer.count)
    guard count > 0 else { return false }
    output += buffer[..<count]
    screen.feed(buffer[..<count])
    if manner != .held { answer() }
    return true
  }

  private static func modes(_ descriptor: Int32) -> termios {
    var modes = termios()
    tcgetattr(descriptor, &modes)
    return modes
  }
}
