/// The few colours of the screen, by meaning, for one depth of colour and one kind of background. A glyph or a word
/// always says the same as the colour.
package struct Theme: Sendable, Equatable {
  /// Values; chosen and first values; names, units, axes.
  package let text, bright, dim: Style
  /// Borders and axes; grid dots.
  package let rule, grid: Style
  /// Status line and overlays; the chosen row.
  package let bar, selected: Colour
  /// Focus, keys, whatever was computed here; the network's bars.
  package let accent, network: Style
  package let accept, doubtful, foreign, refused: Style
  /// Regions, sides of a comparison.
  package let labels: [Colour]
  package let depth: ColourDepth

  /// Verdicts and regions have colours that people tell apart who see few (Okabe and Ito) in all of them.
  package enum Name: String, Sendable, CaseIterable {
    case dark, light, contrast
    /// The sixteen colours that the terminal was given, whatever they are.
    case terminal
  }

  package init(_ terminalDepth: ColourDepth, _ name: Name = .dark) {
    let depth = name == .terminal ? min(terminalDepth, .ansi16) : terminalDepth
    let isLight = name == .light
    let isStrong = name == .contrast
    self.depth = depth
    func colour(_ rgb: UInt32, _ light: UInt32, _ palette: UInt8, _ ansi: UInt8) -> Colour {
      let shown = isLight ? light : rgb
      let exact = Colour.rgb(UInt8(shown >> 16 & 255), UInt8(shown >> 8 & 255), UInt8(shown & 255))
      switch depth {
      case .trueColour: return exact
      case .palette256: return isLight ? exact.reduced(to: .palette256) : .palette(palette)
      case .ansi16: return .ansi(ansi)
      case .ansi8: return ansi == 8 ? .default : .ansi(ansi & 7)
      case .none: return .default
      }
    }
    let isPoor = depth < .palette256
    text =
      isPoor ? .plain : Style(isStrong ? colour(0xffffff, 0, 231, 15) : colour(0xc9d1d9, 0x24292f, 252, 7))
    bright = isPoor ? .bold : Style(colour(0xffffff, 0x000000, 231, 15), .bold)
    dim =
      isPoor
      ? isStrong ? .plain : .dim
      : Style(isStrong ? colour(0xd0d7de, 0, 253, 7) : colour(0x8b949e, 0x57606a, 246, 8))
    rule =
      isPoor
      ? isStrong ? .plain : .dim
      : Style(isStrong ? colour(0x9aa4af, 0, 248, 7) : colour(0x3d444d, 0xafb8c1, 239, 8))
    grid = isPoor ? .dim : Style(colour(0x242b33, 0xd8dee4, 236, 8))
    bar = isPoor ? .default : colour(0x1c2129, 0xe7ebf0, 235, 0)
    selected = isPoor ? .default : isStrong ? colour(0x0b4f8a, 0, 25, 4) : colour(0x1f3a56, 0xcfe3f7, 24, 4)
    accent = depth == .none ? .bold : Style(colour(0x56b4e9, 0x0a6aa8, 74, 14))
    network = depth == .none ? .plain : Style(colour(0x6e8fb5, 0x4a6d96, 67, 4))
    accept = depth == .none ? .plain : Style(colour(0x2fbf8f, 0x0b7a55, 36, 2))
    doubtful = depth == .none ? .plain : Style(colour(0xe6b450, 0x8a5a00, 179, 3))
    foreign = depth == .none ? .bold : Style(colour(0xcc79a7, 0x9a3f73, 175, 5))
    refused = depth == .none ? .bold : Style(colour(0xf0703c, 0xb23c0e, 203, 1))
    let names: [(UInt32, UInt8, UInt8)] = [
      (0x56b4e9, 74, 6), (0xe69f00, 178, 3), (0x2fbf8f, 36, 2), (0xf0e442, 221, 11), (0xcc79a7, 175, 5),
      (0xf0703c, 203, 1), (0x8f84ea, 104, 4), (0xb8c0c8, 250, 7),
    ]
    labels = names.map { colour($0.0, $0.0, $0.1, $0.2) }
  }

  /// What must be read at once: `▲ 3 alarms` on a coloured ground.
  package func badge(_ style: Style) -> Style {
    depth == .none ? Style(.default, [.reverse, .bold]) : Style(.black, on: style.foreground, .bold)
  }

  package func label(_ index: Int) -> Style {
    Style(labels[((index % labels.count) + labels.count) % labels.count])
  }
}
