import System

/// What is told to a terminal besides what it is to show.
package enum ControlSequence {
  /// Synchronised output, mode 2026: what comes between is shown at once.
  static let beginUpdate = "\u{1B}[?2026h"
  static let endUpdate = "\u{1B}[?2026l"

  /// Buttons, and moving with one held, in numbers that know no limit (SGR).
  static let mouseOn = "\u{1B}[?1002h\u{1B}[?1006h"
  static let mouseOff = "\u{1B}[?1006l\u{1B}[?1002l"

  /// Says when the window comes to the front.
  static let focusOn = "\u{1B}[?1004h"
  static let focusOff = "\u{1B}[?1004l"

  static let cellQuestion = "\u{1B}[16t"

  /// Answered when everything before it has been taken up.
  static let readyQuestion = "\u{1B}[5n"

  /// OSC 8, around a part of a row that leads somewhere.
  static func linkBegin(_ address: String) -> String { "\u{1B}]8;;\(plain(address, most: 2000))\u{1B}\\" }
  static let linkEnd = "\u{1B}]8;;\u{1B}\\"

  /// A file here, for a terminal that may run elsewhere: `file://host/path`.
  package static func fileAddress(_ path: String, host: String) -> String {
    let kept = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
    var text = "file://\(host)"
    for byte in path.utf8 {
      if kept.contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return text
  }

  /// What makes text look so.
  static func style(_ style: Style, _ depth: ColourDepth) -> String {
    var codes = ["0"]
    for (attribute, code) in [(Attributes.bold, "1"), (.dim, "2"), (.underline, "4"), (.reverse, "7")]
    where style.attributes.contains(attribute) { codes.append(code) }
    for (colour, base) in [(style.foreground, 30), (style.background, 40)] {
      switch colour.reduced(to: depth) {
      case .default: break
      case .ansi(let index): codes.append("\(index < 8 ? base + Int(index) : base + 52 + Int(index))")
      case .palette(let index): codes.append("\(base + 8);5;\(index)")
      case .rgb(let red, let green, let blue): codes.append("\(base + 8);2;\(red);\(green);\(blue)")
      }
    }
    return "\u{1B}[\(codes.joined(separator: ";"))m"
  }

  /// OSC 2; what might end it early is left out.
  package static func title(_ text: String) -> String { "\u{1B}]2;\(plain(text, most: 200))\u{07}" }

  /// OSC 52. tmux keeps it for itself unless it is passed through as well.
  package static func clipboard(_ text: String, inTmux: Bool) -> [String] {
    let sequence = "\u{1B}]52;c;\(Base64.text(Array(text.utf8.prefix(65536))))\u{07}"
    return inTmux ? [sequence, passedThrough(sequence)] : [sequence]
  }

  /// A notice of the desktop: OSC 777 where the terminal comes from rxvt's family, else OSC 9. tmux passes it through.
  package static func notice(_ text: String, title: String, term: String, inTmux: Bool) -> String {
    // A semicolon would begin another part.
    func part(_ text: String) -> String { plain(text.replacing(";", with: ","), most: 200) }
    let isRxvt = term.hasPrefix("rxvt") || term.hasPrefix("foot")
    let sequence =
      isRxvt
      ? "\u{1B}]777;notify;\(part(title));\(part(text))\u{07}"
      : "\u{1B}]9;\(part(title)): \(part(text))\u{07}"
    return inTmux ? passedThrough(sequence) : sequence
  }

  /// To the terminal that tmux runs in.
  static func passedThrough(_ sequence: String) -> String {
    let doubled = sequence.split(separator: "\u{1B}", omittingEmptySubsequences: false)
      .joined(separator: "\u{1B}\u{1B}")
    return "\u{1B}Ptmux;\(doubled)\u{1B}\\"
  }

  private static func plain(_ text: String, most: Int) -> String {
    String(
      String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && !(127...159 ~= $0.value) })
        .prefix(most))
  }
}
