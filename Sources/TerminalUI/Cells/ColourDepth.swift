/// How many colours a terminal can show.
public enum ColourDepth: Int, Sendable, CaseIterable, Comparable {
  case none, ansi8, ansi16, palette256, trueColour

  public static func < (left: ColourDepth, right: ColourDepth) -> Bool { left.rawValue < right.rawValue }
}
