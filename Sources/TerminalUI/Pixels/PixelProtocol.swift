/// How a terminal is told pixels.
package enum PixelProtocol: String, Sendable, CaseIterable {
  case kitty, sixel, iterm
}

/// What an operator wants of pictures: `--pixels`.
package enum PixelChoice: String, Sendable, CaseIterable {
  /// What the terminal says it can.
  case auto
  case kitty, sixel, iterm
  /// Characters, as the terminal's colours allow.
  case blocks, ascii

  /// The protocol that is used whatever the terminal says.
  var forced: PixelProtocol? { PixelProtocol(rawValue: rawValue) }
}
