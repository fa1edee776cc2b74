/// Turns the bytes that a terminal sends into keys, and what it answers into reports.
///
/// Bytes may be cut anywhere: a sequence that is not complete waits for the next `feed`. Only a lone Esc cannot
/// be told from the start of a sequence; when nothing follows for a moment the caller says so with `flush`.
package struct KeyDecoder: Sendable {
  private enum State {
    case ground
    case escape
    /// After `ESC [`: the parameter bytes so far.
    case control([UInt8])
    /// After `ESC O`.
    case single
    case utf8([UInt8], expected: Int)
    /// Between the marks of bracketed paste.
    case paste([UInt8])
    /// After `ESC` and one of `P _ ] ^ X`: a control string so far.
    case string(UInt8, [UInt8])
    /// An Esc in it, which ends it with `\` to come.
    case stringEnd(UInt8, [UInt8])
  }

  /// More than anybody pastes on purpose is cut.
  private static let longestPaste = 4096

  private var state = State.ground
  private var reports: [TerminalReport] = []

  package init() {}

  /// Whether an Esc waits to become a key or the start of a sequence, or pasted text or a control string for its end.
  package var isPending: Bool {
    switch state {
    case .escape, .paste, .string, .stringEnd: true
    case .ground, .control, .single, .utf8: false
    }
  }
  /// An end that got lost must not swallow all keys that follow, but it may take its time.
  package var isPasting: Bool {
    switch state {
    case .paste, .stringEnd: true
    case .string(_, let bytes): !bytes.isEmpty
    case .ground, .escape, .control, .single, .utf8: false
    }
  }

  /// What the terminal answered since the last time.
  package mutating func takeReports() -> [TerminalReport] {
    defer { reports = [] }
    return reports
  }

  package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Key] {
    var keys: [Key] = []
    for byte in bytes { step(byte, into: &keys) }
    return keys
  }

  /// Nothing more arrived for a moment: a waiting Esc was the key.
  package mutating func flush() -> [Key] {
    guard isPending else { return [] }
    defer { state = .ground }
    switch state {
    case .paste(let text): return [.paste(String(decoding: text.prefix(Self.longestPaste), as: UTF8.self))]
    // Somebody typed Esc and the letter.
    case .string(let kind, let bytes) where bytes.isEmpty: return [.escape, .char(Unicode.Scalar(kind))]
    case .string, .stringEnd: return []
    case .escape, .ground, .control, .single, .utf8: return [.escape]
    }
  }

  private mutating func step(_ byte: UInt8, into keys: inout [Key]) {
    switch state {
    case .ground:
      ground(byte, into: &keys)
    case .escape:
      switch byte {
      case UInt8(ascii: "["): state = .control([])
      case UInt8(ascii: "O"): state = .single
      case UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "X"):
        state = .string(byte, [])
      case 0x1B:
        keys.append(.escape)
      default:
        // Alt is never needed; a terminal that sends it as ESC + key gets both keys, as if typed in turn.
        state = .ground
        keys.append(.escape)
        ground(byte, into: &keys)
      }
    case .control(let parameters):
      switch byte {
      case UInt8(ascii: "~") where parameters == Array("200".utf8): state = .paste([])
      case 0x40...0x7E:
        state = .ground
        if let report = TerminalReport(final: byte, parameters: parameters) {
          reports.append(report)
        } else if let key = KeyDecoder.key(final: byte, parameters: parameters) {
          keys.append(key)
        }
      case 0x20...0x3F where parameters.count < 32:
        state = .control(parameters + [byte])
      case 0x1B:
        state = .escape
      default:
        state = .ground
      }
    case .single:
      state = .ground
      if byte == UInt8(ascii: "M") {
        keys.append(.enter)  // the keypad's
      } else if let key = KeyDecoder.key(final: byte, parameters: []) {
        keys.append(key)
      }
    case .paste(let text):
      let text = text + [byte]
      let end = Array("\u{1B}[201~".utf8)
      if text.suffix(end.count) == end[...] {
        state = .ground
        keys.append(
          .paste(String(decoding: text.dropLast(end.count).prefix(Self.longestPaste), as: UTF8.self)))
      } else {
        // The end mark is looked for in what came last.
        state = .paste(
          text.count > 2 * Self.longestPaste ? text.prefix(Self.longestPaste) + text.suffix(8) : text)
      }
    case .string(let kind, let bytes):
      switch byte {
      case 0x1B: state = .stringEnd(kind, bytes)
      case 0x07: end(kind, bytes)
      default: state = .string(kind, bytes.count < Self.longestPaste ? bytes + [byte] : bytes)
      }
    case .stringEnd(let kind, let bytes):
      if byte == UInt8(ascii: "\\") {
        end(kind, bytes)
      } else {
        state = .escape
        step(byte, into: &keys)
      }
    case .utf8(let partial, let expected):
      guard byte & 0xC0 == 0x80 else {
        state = .ground
        keys.append(.char(Cell.replacement))
        ground(byte, into: &keys)
        return
      }
      let bytes = partial + [byte]
      if bytes.count < expected {
        state = .utf8(bytes, expected: expected)
      } else {
        state = .ground
        keys.append(.char(KeyDecoder.scalar(bytes)))
      }
    }
  }

  private mutating func end(_ kind: UInt8, _ bytes: [UInt8]) {
    state = .ground
    if let report = TerminalReport(string: kind, bytes) { reports.append(report) }
  }

  private mutating func ground(_ byte: UInt8, into keys: inout [Key]) {
    switch byte {
    case 0x1B: state = .escape
    case 0x0A, 0x0D: keys.append(.enter)
    case 0x09: keys.append(.tab)
    case 0x08, 0x7F: keys.append(.backspace)
    case 0x01...0x1A: keys.append(.ctrl(Character(Unicode.Scalar(byte + 0x60))))
    case 0x00, 0x1C...0x1F: break
    case 0x20...0x7E: keys.append(.char(Unicode.Scalar(byte)))
    case 0xC2...0xDF: state = .utf8([byte], expected: 2)
    case 0xE0...0xEF: state = .utf8([byte], expected: 3)
    case 0xF0...0xF4: state = .utf8([byte], expected: 4)
    default: keys.append(.char(Cell.replacement))
    }
  }

  private static func scalar(_ bytes: [UInt8]) -> Unicode.Scalar {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.first ?? Cell.replacement
  }

  /// The meaning of `CSI parameters final` and `SS3 final` in xterm, the Linux console, rxvt, screen and tmux.
  /// Modifiers (a second parameter) are not needed by any binding and are ignored.
  private static func key(final: UInt8, parameters: [UInt8]) -> Key? {
    switch final {
    case UInt8(ascii: "A"): return .up
    case UInt8(ascii: "B"): return .down
    case UInt8(ascii: "C"): return .right
    case UInt8(ascii: "D"): return .left
    case UInt8(ascii: "H"): return .home
    case UInt8(ascii: "F"): return .end
    case UInt8(ascii: "Z"): return .backtab
    case UInt8(ascii: "M"), UInt8(ascii: "m"):
      let text = String(decoding: parameters, as: UTF8.self)
      return Mouse(parameters: text, isRelease: final == UInt8(ascii: "m")).map { .mouse($0) }
    case UInt8(ascii: "~"):
      let number = parameters.prefix { $0 != UInt8(ascii: ";") }
      switch String(decoding: number, as: UTF8.self) {
      case "1", "7": return .home
      case "2": return .insert
      case "3": return .delete
      case "4", "8": return .end
      case "5": return .pageUp
      case "6": return .pageDown
      default: return nil
      }
    default: return nil
    }
  }
}
