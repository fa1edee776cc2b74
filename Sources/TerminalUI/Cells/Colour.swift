/// A colour as a terminal names it: its own default, one of the 16 that the user's theme defines, one of the
/// 256 of the xterm palette, or red, green and blue.
package enum Colour: Hashable, Sendable {
  case `default`
  /// 0-7 and their bright forms 8-15.
  case ansi(UInt8)
  case palette(UInt8)
  case rgb(UInt8, UInt8, UInt8)

  package static let black = Colour.ansi(0)
  package static let red = Colour.ansi(1)
  package static let green = Colour.ansi(2)
  package static let yellow = Colour.ansi(3)
  package static let blue = Colour.ansi(4)
  package static let magenta = Colour.ansi(5)
  package static let cyan = Colour.ansi(6)
  package static let white = Colour.ansi(7)

  /// The bright form of a plain ANSI colour; any other colour unchanged.
  package var bright: Colour {
    if case .ansi(let index) = self, index < 8 { .ansi(index + 8) } else { self }
  }

  /// The nearest colour that `depth` can show.
  package func reduced(to depth: ColourDepth) -> Colour {
    switch (self, depth) {
    case (.default, _), (_, .none): .default
    case (_, .trueColour): self
    case (.ansi(let index), .ansi8): .ansi(index & 7)
    case (.ansi, _): self
    case (.palette(let index), .palette256): .palette(index)
    case (.rgb, .palette256): .palette(nearestPaletteIndex)
    case (_, .ansi16): .ansi(nearestANSIIndex(count: 16))
    case (_, .ansi8): .ansi(nearestANSIIndex(count: 8))
    }
  }

  /// A third as bright: what lies below something else. The terminal's own colours stay what they are.
  package var dimmed: Colour {
    switch self {
    case .rgb(let red, let green, let blue): .rgb(red / 3, green / 3, blue / 3)
    case .palette:
      components.map { Colour.rgb($0.red / 3, $0.green / 3, $0.blue / 3) }?
        .reduced(to: .palette256) ?? self
    case .default, .ansi: self
    }
  }

  /// Red, green and blue as xterm shows this colour; nil for the default, which only the user knows.
  package var components: (red: UInt8, green: UInt8, blue: UInt8)? {
    switch self {
    case .default: nil
    case .rgb(let red, let green, let blue): (red, green, blue)
    case .ansi(let index): Colour.ansiComponents[Int(index & 15)]
    case .palette(let index) where index < 16: Colour.ansiComponents[Int(index)]
    case .palette(let index) where index < 232:
      (
        Colour.cubeSteps[(Int(index) - 16) / 36], Colour.cubeSteps[(Int(index) - 16) / 6 % 6],
        Colour.cubeSteps[(Int(index) - 16) % 6]
      )
    case .palette(let index): (8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232))
    }
  }

  /// The six intensities of the 6x6x6 cube of palette colours 16-231.
  private static let cubeSteps: [UInt8] = [0, 95, 135, 175, 215, 255]

  /// xterm's values; a theme may differ, which is why pictures avoid these sixteen where they can.
  private static let ansiComponents: [(red: UInt8, green: UInt8, blue: UInt8)] = [
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205),
    (229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255),
    (0, 255, 255), (255, 255, 255),
  ]

  /// Only 16-255: every terminal shows these alike.
  private var nearestPaletteIndex: UInt8 {
    (16...255).min { distance(to: .palette($0)) < distance(to: .palette($1)) } ?? 16
  }

  private func nearestANSIIndex(count: UInt8) -> UInt8 {
    (0..<count).min { distance(to: .ansi($0)) < distance(to: .ansi($1)) } ?? 0
  }

  private func distance(to other: Colour) -> Int {
    guard let mine = components, let theirs = other.components else { return .max }
    let red = Int(mine.red) - Int(theirs.red)
    let green = Int(mine.green) - Int(theirs.green)
    let blue = Int(mine.blue) - Int(theirs.blue)
    return 2 * red * red + 4 * green * green + 3 * blue * blue
  }
}
