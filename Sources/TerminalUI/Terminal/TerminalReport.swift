/// What a terminal says of itself when it is asked.
package enum TerminalReport: Sendable, Hashable {
  /// Primary device attributes: what it can.
  case attributes([Int])
  /// Where the cursor stands, counted from 1.
  case cursor(row: Int, column: Int)
  /// It has taken up everything that was sent before the question.
  case ready
  /// Pixels of its text area (4) or of a cell (6): kind, height, width.
  case window([Int])
  /// Name and version.
  case version(String)
  /// Of the Kitty graphics protocol.
  case graphics(String)
  /// The window, or the client of a multiplexer, has come to the front.
  case focus

  /// `CSI parameters final`; nil for what is a key.
  init?(final: UInt8, parameters: [UInt8]) {
    let text = String(decoding: parameters, as: UTF8.self)
    func numbers(_ text: some StringProtocol) -> [Int] {
      text.split(separator: ";").compactMap { Int($0) }.filter { 0...1_000_000 ~= $0 }
    }
    switch final {
    case UInt8(ascii: "c") where text.hasPrefix("?"): self = .attributes(numbers(text.dropFirst()))
    case UInt8(ascii: "R") where numbers(text).count == 2:
      self = .cursor(row: numbers(text)[0], column: numbers(text)[1])
    case UInt8(ascii: "n") where text == "0": self = .ready
    case UInt8(ascii: "t") where numbers(text).count == 3: self = .window(numbers(text))
    case UInt8(ascii: "I") where text.isEmpty: self = .focus
    default: return nil
    }
  }

  /// A control string; nil for what nobody asked for.
  init?(string kind: UInt8, _ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case UInt8(ascii: "P") where text.hasPrefix(">|"): self = .version(String(text.dropFirst(2)))
    case UInt8(ascii: "_") where text.hasPrefix("G"): self = .graphics(String(text.dropFirst()))
    default: return nil
    }
  }
}

/// All that a terminal answered when the screen began.
package struct TerminalAnswers: Sendable, Equatable {
  /// The last question of all: what comes after it was not understood.
  package private(set) var attributes: [Int]?
  package private(set) var version = ""
  package private(set) var knowsKitty = false
  /// Pixels of a cell, and of all cells.
  package private(set) var cell: Size?
  package private(set) var area: Size?
  /// The cursor's column after a sign and after a line, each of ambiguous width.
  private var columns: [Int] = []

  package init() {}

  package mutating func take(_ report: TerminalReport) {
    switch report {
    case .attributes(let numbers): attributes = numbers
    case .cursor(_, let column): columns.append(column)
    case .window(let numbers):
      let size = Size(width: min(numbers[2], 65535), height: min(numbers[1], 65535))
      guard size.width > 0, size.height > 0 else { return }
      if numbers[0] == 6 { cell = size }
      if numbers[0] == 4 { area = size }
    case .version(let text): version = text
    case .graphics(let text): if text.contains("i=31"), text.hasSuffix(";OK") { knowsKitty = true }
    case .ready, .focus: break
    }
  }

  /// ① and its like take two columns.
  package var areSignsWide: Bool { columns.first == 3 }
  /// So do lines and blocks.
  package var areLinesWide: Bool { columns.count > 1 && columns[1] == 3 }
  package var knowsSixel: Bool { attributes?.contains(4) ?? false }

  /// All questions in one: graphics, version, sizes, widths, and last what every terminal answers.
  ///
  /// `first` is the upper left corner of an empty screen; the line is empty again afterwards.
  package static func questions(_ capabilities: Capabilities) -> String {
    guard capabilities.takesControlStrings else { return "" }
    var text = ""
    if capabilities.unicode { text += "\u{1B}[H\r①\u{1B}[6n\r─\u{1B}[6n\r\u{1B}[K" }
    // GNU screen would show the control string as a message.
    if capabilities.isInTmux {
      text += ControlSequence.passedThrough(KittyGraphics.question)
    } else if !capabilities.term.hasPrefix("screen") {
      text += KittyGraphics.question
    }
    return text + "\u{1B}[>q\u{1B}[16t\u{1B}[14t\u{1B}[c"
  }

  /// Whether nothing more is to be waited for. Through tmux the terminal around it answers later than tmux itself.
  package func isComplete(_ capabilities: Capabilities) -> Bool {
    attributes != nil && (!capabilities.isInTmux || knowsKitty)
  }
}

extension Capabilities {
  /// What the terminal itself says goes before what its name lets expect.
  package mutating func learn(from answers: TerminalAnswers, _ choice: PixelChoice) {
    answersQuestions = answers.attributes != nil
    areSignsWide = answers.areSignsWide
    if answers.areLinesWide { unicode = false }
    takesLinks = takesLinks || Self.takesLinks(version: answers.version)
    // tmux keeps links from 3.4 on; it is tmux that answers, whatever it runs in.
    if isInTmux { takesLinks = Self.isRecentTmux(answers.version) }
    if let forced = choice.forced {
      pixels = isInTmux && forced == .iterm ? nil : forced
    } else if choice != .auto || colours == .none {
      pixels = nil
    } else if answers.version.hasPrefix("iTerm2"), !isInTmux {
      pixels = .iterm
    } else if answers.knowsKitty {
      pixels = .kitty
    } else if answers.knowsSixel, answers.cell != nil || answers.area != nil {
      pixels = .sixel
    }
  }

  /// Terminals that show OSC 8 as a link, by their own name.
  private static func takesLinks(version: String) -> Bool {
    ["kitty", "foot", "WezTerm", "iTerm2", "Konsole", "ghostty", "contour", "mlterm", "mintty", "VTE"]
      .contains {
        version.hasPrefix($0)
      }
  }

  private static func isRecentTmux(_ version: String) -> Bool {
    guard version.hasPrefix("tmux ") else { return false }
    let digits = version.drop { !$0.isNumber }.prefix { $0.isNumber || $0 == "." }.split(separator: ".")
    guard digits.count == 2, let major = Int(digits[0]), let minor = Int(digits[1]) else { return false }
    return (major, minor) >= (3, 4)
  }
}
