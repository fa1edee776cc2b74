/// What stands for a character on a terminal that only has ASCII.
package enum PlainCharacters {
  static func ascii(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar {
    case "─", "━", "═", "–", "—", "‒", "‑", "−", "⁻": return "-"
    case "│", "┃", "║", "┊": return "|"
    case "▸", "→", "▶": return ">"
    case "●", "·": return scalar == "●" ? "*" : "."
    case "▲": return "!"
    case "✓": return "+"
    case "≠": return "%"
    case "✕", "×": return "x"
    case "○": return "o"
    case "■": return "#"
    case "◆": return "v"
    case "◇": return "o"
    case "┣": return "["
    case "┫": return "]"
    case "…": return "~"
    case "▏": return "_"
    case "▁", "▂", "▃": return "."
    case "▄", "▅": return ":"
    case "▆", "▇", "█": return "#"
    case "‘", "’": return "'"
    case "“", "”": return "\""
    case "µ", "μ": return "u"
    case "\u{C5}", "\u{212B}": return "A"
    case "°": return "o"
    case "α": return "a"
    case "σ": return "s"
    case "¹": return "1"
    case "²": return "2"
    case "³": return "3"
    case "↑": return "^"
    case "↓": return "v"
    case "←": return "<"
    case "±": return "+"
    default: break
    }
    switch scalar.value {
    case 0x20...0x7E: return scalar
    // ① … ⑨
    case 0x2460...0x2468: return Unicode.Scalar(0x31 + scalar.value - 0x2460) ?? "?"
    case 0x2504...0x257F: return "+"
    case 0x2580...0x259F: return "#"
    case 0x2800: return " "
    case 0x2801...0x28FF: return braille(scalar.value - 0x2800)
    default: return "?"
    }
  }

  /// Whether it is a sign that some terminals draw two columns wide: circled digits, geometric shapes, arrows.
  package static func isSign(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0xA1...0xF7: [0xB0, 0xB1, 0xB2, 0xB3, 0xB7, 0xB9, 0xD7, 0xF7].contains(scalar.value)
    case 0x391...0x3C9, 0x2018...0x201D, 0x2026, 0x2190...0x2199, 0x2260...0x2265, 0x2460...0x24FF,
      0x25A0...0x25FF:
      true
    default: false
    }
  }

  /// By where its dots are: above, below, both.
  private static func braille(_ bits: UInt32) -> Unicode.Scalar {
    let upper = bits & 0b0001_1011 != 0
    let lower = bits & 0b1110_0100 != 0
    return upper && lower ? ":" : upper ? "'" : "."
  }
}

extension Canvas {
  /// The same picture for a terminal that only has ASCII.
  package mutating func reduceToASCII() {
    for y in 0..<height {
      for x in 0..<width {
        let cell = self[x, y]
        if cell.scalar.isASCII { continue }
        set(Cell(PlainCharacters.ascii(cell.scalar), cell.style), x: x, y: y)
      }
    }
  }
}
