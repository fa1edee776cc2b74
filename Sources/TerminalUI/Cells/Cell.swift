/// One character position of the screen.
///
/// A grapheme is held as one scalar: combining marks are left out, so a cell has a fixed size and no text can
/// pile marks onto its neighbours.
public struct Cell: Hashable, Sendable {
  public var scalar: Unicode.Scalar
  public var style: Style

  public init(_ scalar: Unicode.Scalar = " ", _ style: Style = .plain) {
    self.scalar = scalar
    self.style = style
  }

  public static let blank = Cell()

  /// Stands for whatever a terminal would obey or hide: controls, escapes, bidi overrides, invisible
  /// characters. File names and metadata come from outside and must not be able to do anything.
  public static let replacement: Unicode.Scalar = "\u{FFFD}"

  /// The right half of a wide character, which draws nothing itself.
  public var isContinuation: Bool { scalar == Cell.continuation }

  static let continuation: Unicode.Scalar = "\0"
}
