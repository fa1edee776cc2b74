/// How many colours a terminal can show.
package enum ColourDepth: Int, Sendable, CaseIterable, Comparable {
  case none, ansi8, ansi16, palette256, trueColour

  package static func < (left: ColourDepth, right: ColourDepth) -> Bool { left.rawValue < right.rawValue }
}
