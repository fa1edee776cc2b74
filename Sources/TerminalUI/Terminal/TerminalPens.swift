import CNcurses

/// From styles to ncurses attributes and colour pairs.
@MainActor struct TerminalPens {
  struct Pen {
    var attributes: attr_t
    var pair: Int32
  }

  private let depth: ColourDepth
  /// What ncurses can hold, and what is used of it: it keeps a tree of all pairs that ever were, and pictures in
  /// true colour have new ones for hours.
  private let most: Int
  private var limit: Int
  private static let usual = 4096
  private var pairs: [UInt64: Int32] = [:]
  private var overflowed = false
  /// Neighbours mostly look alike.
  private var last: (style: Style, pen: Pen) = (.plain, Pen(attributes: 0, pair: 0))

  init(_ depth: ColourDepth) {
    self.depth = depth
    if depth > .none {
      start_color()
      use_default_colors()
    }
    most = depth > .none ? Int(nc_pair_limit()) : 0
    limit = min(most, Self.usual)
  }

  /// Every cell of a screen may have a pair of its own, and the next picture most of its cells again. With room for
  /// more, pairs of pictures long gone would be what grows in a session of hours: a hundred bytes each.
  mutating func makeRoom(cells: Int) { limit = min(most, max(Self.usual, cells + cells / 4 + 1)) }

  /// False once a style found no pair left.
  var hasRoom: Bool { !overflowed }

  mutating func reset() {
    reset_color_pairs()
    pairs.removeAll(keepingCapacity: true)
    overflowed = false
    last = (.plain, Pen(attributes: 0, pair: 0))
  }

  mutating func pen(for style: Style) -> Pen {
    if style == last.style { return last.pen }
    var attributes: attr_t = 0
    if style.attributes.contains(.bold) { attributes |= NC_BOLD }
    if style.attributes.contains(.reverse) { attributes |= NC_REVERSE }
    if style.attributes.contains(.underline) { attributes |= NC_UNDERLINE }
    if style.attributes.contains(.dim) { attributes |= NC_DIM }
    let pen = Pen(
      attributes: attributes, pair: pair(number(style.foreground), number(style.background)))
    last = (style, pen)
    return pen
  }

  private mutating func pair(_ foreground: Int32, _ background: Int32) -> Int32 {
    if foreground < 0 && background < 0 { return 0 }
    let key = UInt64(UInt32(bitPattern: foreground)) << 32 | UInt64(UInt32(bitPattern: background))
    if let known = pairs[key] { return known }
    let next = pairs.count + 1
    guard next < limit, init_extended_pair(Int32(next), foreground, background) != ERR else {
      overflowed = true
      return 0
    }
    pairs[key] = Int32(next)
    return Int32(next)
  }

  /// How terminfo counts colours. Where it counts in RGB, 0-7 are still the eight of the user's theme.
  private func number(_ colour: Colour) -> Int32 {
    let reduced = colour.reduced(to: depth)
    switch reduced {
    case .default: return -1
    case .ansi(let index) where depth < .trueColour || index < 8: return Int32(index)
    case .palette(let index) where depth < .trueColour: return Int32(index)
    default:
      guard let rgb = reduced.components else { return -1 }
      let value = Int32(rgb.red) << 16 | Int32(rgb.green) << 8 | Int32(rgb.blue)
      return value < 8 ? 0x010101 : value
    }
  }
}
