import System
import Glibc

/// A program on a pseudo terminal of the simplest kind (a VT52), and the screen that it has drawn: what
/// counts is what an operator would see, not what the program believes to have shown.
final class PseudoTerminal {
  let process: pid_t
  let width: Int
  let height: Int
  private let master: Int32
  private var cells: [[UInt8]]
  private var x = 0
  private var y = 0
  private var pending: [UInt8] = []

  init?(
    _ words: [String], width: Int, height: Int, term: String = "vt52", locale: String = "C"
  ) {
    self.width = width
    self.height = height
    cells = Array(repeating: Array(repeating: 32, count: width), count: height)
    // What posix_openpt, unlockpt and ptsname do; the C headers hide those without _XOPEN_SOURCE.
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var locked: Int32 = 0
    var number: UInt32 = 0
    guard master >= 0, ioctl(master, UInt(0x4004_5431), &locked) == 0,
      ioctl(master, UInt(0x8004_5430), &number) == 0
    else { return nil }
    let name = "/dev/pts/\(number)"
    var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(master, UInt(TIOCSWINSZ), &size) == 0 else { return nil }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // The leader of a new session gets the first terminal it opens as its own.
    posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, 0x80)  // POSIX_SPAWN_SETSID
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    setenv("TERM", term, 1)
    setenv("LC_ALL", locale, 1)
    unsetenv("COLUMNS")
    unsetenv("LINES")
    var process = pid_t()
    guard posix_spawn(&process, words[0], &actions, &attributes, &arguments, environ) == 0 else { return nil }
    self.process = process
  }

  deinit {
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    close(master)
  }

  func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(master, bytes, bytes.count)
  }

  /// What the program has written meanwhile, undrawn: for terminals of another kind.
  func written(within milliseconds: Int32) -> [UInt8] {
    var poll = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    guard Glibc.poll(&poll, 1, milliseconds) > 0 else { return [] }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(master, &buffer, buffer.count)
    return Array(buffer.prefix(max(0, count)))
  }

  func row(_ index: Int) -> String { String(decoding: cells[index], as: UTF8.self) }
  var screen: String { cells.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n") }

  /// Takes what the program draws until `isThere`, at most for `limit` seconds. Returns the moment.
  func wait(_ limit: Double, until isThere: (PseudoTerminal) -> Bool) -> Double? {
    let deadline = seconds() + limit
    if isThere(self) { return seconds() }
    while case let left = deadline - seconds(), left > 0 {
      var poll = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(&poll, 1, Int32(min(left * 1000 + 1, 1000))) > 0 else { continue }
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(master, &buffer, buffer.count)
      guard count > 0 else { return nil }
      draw(buffer[..<count])
      if isThere(self) { return seconds() }
    }
    return nil
  }

  /// ESC Y row column, the four arrows, home, and the two erasures: all that a VT52 knows.
  private func draw(_ bytes: ArraySlice<UInt8>) {
    pending += bytes
    var i = 0
    loop: while i < pending.count {
      let byte = pending[i]
      switch byte {
      case 0x1b:
        guard i + 1 < pending.count else { break loop }
        switch pending[i + 1] {
        case UInt8(ascii: "Y"):
          guard i + 3 < pending.count else { break loop }
          y = min(height - 1, max(0, Int(pending[i + 2]) - 32))
          x = min(width - 1, max(0, Int(pending[i + 3]) - 32))
          i += 2
        case UInt8(ascii: "H"): (x, y) = (0, 0)
        case UInt8(ascii: "A"): y = max(0, y - 1)
        case UInt8(ascii: "B"): y = min(height - 1, y + 1)
        case UInt8(ascii: "C"): x = min(width - 1, x + 1)
        case UInt8(ascii: "D"): x = max(0, x - 1)
        case UInt8(ascii: "I"): y = max(0, y - 1)
        case UInt8(ascii: "K"): for column in x..<width { cells[y][column] = 32 }
        case UInt8(ascii: "J"):
          for column in x..<width { cells[y][column] = 32 }
          for row in (y + 1)..<max(y + 1, height) { cells[row] = Array(repeating: 32, count: width) }
        default: break
        }
        i += 2
      case 8:
        x = max(0, x - 1)
        i += 1
      case 9:
        x = min(width - 1, (x / 8 + 1) * 8)
        i += 1
      case 10:
        y = min(height - 1, y + 1)
        i += 1
      case 13:
        x = 0
        i += 1
      default:
        if byte >= 32 {
          cells[y][x] = byte
          x = min(width - 1, x + 1)
        }
        i += 1
      }
    }
    pending.removeFirst(i)
  }
}

/// What the kernel says of a process.
enum ProcessFigures {
  /// Megabytes at the highest.
  static func peakMemory(_ process: pid_t) -> Double {
    let line = lines("/proc/\(process)/status").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Double($0.split(separator: " ").dropFirst().first ?? "") }.map { $0 / 1024 } ?? .nan
  }

  /// Seconds of processor time, own and in the kernel.
  static func processorTime(_ process: pid_t) -> Double {
    let fields = lines("/proc/\(process)/stat").first?.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      return .nan
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func lines(_ path: String) -> [String] {
    let text = (try? WholeFile.text(path, limit: 1 << 16)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }
}
